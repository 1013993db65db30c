package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestDCLLearns(t *testing.T) {
	lesson{method: ssl.DCL{Temperature: .2, Hidden: 64, Out: 32}, augment: views(lit),
		agree: .15}.learn(t)
}
