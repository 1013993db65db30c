package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestFlippingLearns(t *testing.T) {
	lesson{method: ssl.Flipping{Vertical: true}, augment: views(whole),
		encoder: placed, tells: upright, blind: always(math.Log(2)), below: .04}.learn(t)
}
