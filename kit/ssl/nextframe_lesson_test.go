package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestNextFrameLearns(t *testing.T) {
	lesson{method: ssl.NextFrame{GradientDifference: new(0.)},
		encoder: mapped, steps: 150, rate: 2e-2, blind: lastFrame, below: .035}.learn(t)
}
