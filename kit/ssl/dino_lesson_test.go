package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestDINOLearns(t *testing.T) {
	lesson{method: ssl.DINO{Hidden: 64, Out: 32, Prototypes: 64, Tau: .9, TeacherTemperature: .04, TeacherStart: .04}, augment: views(lit),
		steps: 130, rate: 7.5e-3, agree: .06}.learn(t)
}
