package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestMICLeLearns(t *testing.T) {
	lesson{method: ssl.MICLe{Temperature: .2, Hidden: 64, Out: 32, View: lit},
		steps: 200, agree: .06}.learn(t)
}
