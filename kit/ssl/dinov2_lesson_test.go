package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestDINOv2Learns(t *testing.T) {
	lesson{method: ssl.DINOv2{DINO: ssl.DINO{Hidden: 64, Out: 32, Prototypes: 64, Tau: .9, TeacherTemperature: .04}}, augment: views(lit),
		encoder: classToken, blind: always(2 * math.Log(64)), below: .15}.learn(t)
}
