package ssl_test

import (
	"testing"

	"sslkit/kit/augment"
	"sslkit/kit/ssl"
)

// The teacher hardly moves, so that the targets are not made easier.
func TestData2VecLearns(t *testing.T) {
	lesson{method: ssl.Data2Vec{Mask: augment.BlockMask{MinPatches: 1}, Tau: .999}, augment: views(whole),
		encoder: patched, steps: 40, rate: 2e-2, blind: sameWithoutPatches, below: .25}.learn(t)
}
