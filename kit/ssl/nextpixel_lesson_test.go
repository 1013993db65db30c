package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestNextPixelLearns(t *testing.T) {
	lesson{method: ssl.NextPixel{}, augment: views(whole),
		encoder: pixels, steps: 30, rate: 3e-2, blind: always(math.Log(8)), below: .3}.learn(t)
}
