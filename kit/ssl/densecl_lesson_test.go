package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestDenseCLLearns(t *testing.T) {
	lesson{method: ssl.DenseCL{MoCo: ssl.MoCoV2{Hidden: 64, Out: 32, Queue: 256, Tau: .9}}, augment: views(lit),
		encoder: mapped, steps: 60, blind: always(math.Log(257)), below: .08}.learn(t)
}
