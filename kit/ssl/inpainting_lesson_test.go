package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestInpaintingLearns(t *testing.T) {
	lesson{method: ssl.Inpainting{}, augment: views(whole),
		encoder: mappedWide, rate: 1e-2, blind: meanColour, below: .165}.learn(t)
}
