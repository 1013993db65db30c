package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestWMSELearns(t *testing.T) {
	lesson{method: ssl.WMSE{Hidden: 64, Out: 16}, augment: views(lit),
		agree: .1}.learn(t)
}
