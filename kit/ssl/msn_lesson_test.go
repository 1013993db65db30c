package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestMSNLearns(t *testing.T) {
	lesson{method: ssl.MSN{Hidden: 64, Out: 32, Prototypes: 64, Tau: .9}, augment: views(lit),
		encoder: classTokenWide, rate: 1e-2, blind: always(math.Log(64)), below: .07, agree: .035}.learn(t)
}
