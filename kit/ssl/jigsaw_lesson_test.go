package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestJigsawLearns(t *testing.T) {
	lesson{method: ssl.Jigsaw{Grid: 2, Hidden: 64}, augment: views(whole),
		encoder: mapped, steps: 230, blind: always(math.Log(24)), below: .09}.learn(t)
}
