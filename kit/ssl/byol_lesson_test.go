package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestBYOLLearns(t *testing.T) {
	lesson{method: ssl.BYOL{Hidden: 64, Out: 32, Tau: .9}, augment: views(lit),
		encoder: outlinedWide, steps: 200, rate: 1e-2, agree: .06}.learn(t)
}
