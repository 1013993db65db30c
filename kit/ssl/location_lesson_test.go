package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestRelativeLocationLearns(t *testing.T) {
	lesson{method: ssl.RelativeLocation{Hidden: 64, Gap: 1}, augment: views(enlarged),
		encoder: mapped, steps: 400, blind: always(math.Log(8)), below: .018}.learn(t)
}
