package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSumLearns(t *testing.T) {
	lesson{method: ssl.Sum{
		{Method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32, View: lit}}, {Method: ssl.Rotation{View: whole}, Weight: .5},
	},
		agree: .14}.learn(t)
}
