package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSwAVLearns(t *testing.T) {
	lesson{method: ssl.SwAV{Hidden: 64, Out: 32, Prototypes: 30, Epsilon: .02}, augment: views(lit),
		agree: .1}.learn(t)
}
