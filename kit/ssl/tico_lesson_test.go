package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

// Without the covariance contrast views agree too, but k-NN learns nothing: at most 0.03 with any
// of the seeds.
func TestTiCoLearns(t *testing.T) {
	lesson{method: ssl.TiCo{Hidden: 64, Out: 32, Tau: .9}, augment: views(lit),
		encoder: outlinedWide, steps: 200, rate: 1e-2, above: .06, agree: .13}.learn(t)
}
