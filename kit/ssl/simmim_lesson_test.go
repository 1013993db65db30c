package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestSimMIMLearns(t *testing.T) {
	lesson{method: ssl.SimMIM{}, augment: views(whole),
		encoder: patched, blind: medianColour, below: .24}.learn(t)
}
