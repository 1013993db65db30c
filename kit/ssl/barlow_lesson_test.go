package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestBarlowTwinsLearns(t *testing.T) {
	lesson{method: ssl.BarlowTwins{Hidden: 64, Out: 64, Pair: twice(lit)},
		finds: .13}.learn(t)
}
