package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSimCLRLearns(t *testing.T) {
	lesson{method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32}, augment: views(lit),
		agree: .15}.learn(t)
}

func TestSimCLRLearnsWithSmallCrops(t *testing.T) {
	lesson{method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32, Locals: 2}, augment: views(lit, lit, litPart, litPart),
		encoder: outlinedWide, steps: 60, rate: 1e-2, agree: .065}.learn(t)
}
