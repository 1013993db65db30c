package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestIBOTLearns(t *testing.T) {
	lesson{method: ssl.IBOT{DINO: ssl.DINO{Hidden: 64, Out: 32, Prototypes: 64, Tau: .9, TeacherTemperature: .04,
		TeacherStart: .04}}, augment: views(lit),
		encoder: classTokenWide, rate: 1e-2, blind: always(2 * math.Log(64)), below: .14}.learn(t)
}
