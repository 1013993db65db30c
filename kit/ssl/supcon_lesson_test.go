package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestSupConLearns(t *testing.T) {
	lesson{method: ssl.SupCon{Temperature: .2, Hidden: 64, Out: 32}, augment: views(lit),
		encoder: outlinedWide, rate: 1e-2, tells: background, blind: always(math.Log(2*lessonBatch - 1)), below: .028}.learn(t)
}
