package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestNextFrameLearns(t *testing.T) {
	lesson{method: ssl.NextFrame{Hidden: 32, GradientDifference: new(0.)},
		encoder: patchedWide, steps: 150, rate: 3e-3, blind: lastFrame, below: .065}.learn(t)
}
