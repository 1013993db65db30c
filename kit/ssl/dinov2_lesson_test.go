package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestDINOv2Learns(t *testing.T) {
	lesson{method: ssl.DINOv2{DINO: ssl.DINO{Hidden: 32, Out: 16, Prototypes: 32, Tau: .9, TeacherTemperature: .04}}, augment: views(lit),
		encoder: classToken, steps: 60, rate: 2.5e-2, blind: always(2 * math.Log(32)), below: .12}.learn(t)
}
