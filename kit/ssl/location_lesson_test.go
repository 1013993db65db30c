package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestRelativeLocationLearns(t *testing.T) {
	lesson{method: ssl.RelativeLocation{Hidden: 64, Gap: 1}, augment: views(enlarged),
		encoder: mappedWide, steps: 400, rate: 1e-2, blind: always(math.Log(8)), below: .018}.learn(t)
}
