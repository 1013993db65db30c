package ssl_test

import (
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

func TestMAELearns(t *testing.T) {
	lesson{method: ssl.MAE{Decoder: encoder.Transformer{Width: 16, Depth: 1}}, augment: views(whole),
		encoder: patched, steps: 60, blind: always(1), below: .09}.learn(t)
}
