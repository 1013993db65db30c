package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestMICLeLearns(t *testing.T) {
	// Views of other pictures of an object take longer to learn: which pairs there are is tested
	// where they are read.
	lesson{method: ssl.MICLe{Temperature: .5, Hidden: 64, Out: 32}, augment: views(lit),
		single: true, agree: .15}.learn(t)
}
