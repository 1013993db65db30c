package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestBarlowTwinsLearns(t *testing.T) {
	lesson{method: ssl.BarlowTwins{Hidden: 64, Out: 64}, augment: views(lit),
		steps: 60, agree: .06}.learn(t)
}
