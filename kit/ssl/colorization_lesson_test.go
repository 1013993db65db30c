package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestColorizationLearns(t *testing.T) {
	lesson{method: ssl.Colorization{Bin: 30}, augment: views(whole),
		encoder: mapped, blind: sameWithout, below: .025}.learn(t)
}
