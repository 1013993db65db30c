package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestFlippingLearns(t *testing.T) {
	lesson{method: ssl.Flipping{Vertical: true}, augment: views(whole),
		encoder: placedWide, rate: 1e-2, tells: upright, blind: always(math.Log(2)), below: .04}.learn(t)
}
