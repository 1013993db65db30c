package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestLeJEPALearns(t *testing.T) {
	lesson{method: ssl.LeJEPA{Hidden: 64, Out: 32, Slices: 32}, augment: views(lit),
		steps: 60, agree: .06}.learn(t)
}
