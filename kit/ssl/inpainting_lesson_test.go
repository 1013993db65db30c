package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestInpaintingLearns(t *testing.T) {
	lesson{method: ssl.Inpainting{}, augment: views(whole),
		encoder: mapped, blind: meanColour, below: .165}.learn(t)
}
