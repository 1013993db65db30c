package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSimSiamLearns(t *testing.T) {
	lesson{method: ssl.SimSiam{Hidden: 64, Out: 64, Bottleneck: 16}, augment: views(lit),
		agree: .055}.learn(t)
}

func TestSimSiamLearnsWithSmallCrops(t *testing.T) {
	lesson{method: ssl.SimSiam{Hidden: 64, Out: 64, Bottleneck: 16, Locals: 2}, augment: views(lit, lit, litPart, litPart),
		encoder: outlinedWide, steps: 60, rate: 1e-2, agree: .06}.learn(t)
}
