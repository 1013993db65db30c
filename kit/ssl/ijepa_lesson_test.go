package ssl_test

import (
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

func TestIJEPALearns(t *testing.T) {
	lesson{method: ssl.IJEPA{Predictor: encoder.Transformer{Width: 16, Depth: 1}, Tau: .9}, augment: views(whole),
		encoder: patchedWide, rate: 1e-2, tells: size, seeds: 2, above: .014}.learn(t)
}
