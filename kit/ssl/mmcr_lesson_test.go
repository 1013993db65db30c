package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestMMCRLearns(t *testing.T) {
	lesson{method: ssl.MMCR{PerImage: 3, Hidden: 64, Out: 32}, augment: views(lit),
		steps: 60, agree: .16}.learn(t)
}
