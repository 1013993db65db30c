package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestReSSLLearns(t *testing.T) {
	lesson{method: ssl.ReSSL{Hidden: 64, Out: 32, Queue: 256, Tau: .9}, augment: views(lit),
		encoder: outlinedWide, rate: 1e-2, agree: .065}.learn(t)
}
