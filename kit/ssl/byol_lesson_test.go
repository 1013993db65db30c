package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestBYOLLearns(t *testing.T) {
	lesson{method: ssl.BYOL{Hidden: 256, Out: 32, Tau: .7, Pair: twice(lit)},
		steps: 200, rate: 2e-2, finds: .2}.learn(t)
}
