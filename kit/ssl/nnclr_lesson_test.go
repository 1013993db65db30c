package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestNNCLRLearns(t *testing.T) {
	lesson{method: ssl.NNCLR{Temperature: .2, Hidden: 64, Out: 32, Predictor: 64, Queue: 256}, augment: views(lit),
		encoder: outlinedWide, rate: 1e-2, agree: .055}.learn(t)
}
