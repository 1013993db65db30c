package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestRotationLearns(t *testing.T) {
	lesson{method: ssl.Rotation{}, augment: views(whole),
		encoder: placed, steps: 250, tells: upright, blind: always(math.Log(4)), below: .08}.learn(t)
}
