package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSwAVLearns(t *testing.T) {
	lesson{method: ssl.SwAV{Hidden: 64, Out: 32, Prototypes: 30, Epsilon: .02}, augment: views(lit),
		encoder: outlinedWide, rate: 1e-2, agree: .1}.learn(t)
}
