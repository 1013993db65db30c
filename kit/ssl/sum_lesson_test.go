package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSumLearns(t *testing.T) {
	lesson{method: ssl.Sum{
		{Method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32}}, {Method: ssl.Rotation{}, Weight: .5},
	}, augment: views(lit, lit, whole),
		agree: .14}.learn(t)
}
