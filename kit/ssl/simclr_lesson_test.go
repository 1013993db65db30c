package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSimCLRLearns(t *testing.T) {
	lesson{method: ssl.SimCLR{Temperature: .2, Hidden: 64, Out: 32}, augment: views(lit),
		agree: .15}.learn(t)
}
