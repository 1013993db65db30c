package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestRotationLearns(t *testing.T) {
	lesson{method: ssl.Rotation{}, augment: views(whole),
		encoder: placed, steps: 250, rate: 2e-2, tells: upright, blind: always(math.Log(4)), below: .06}.learn(t)
}
