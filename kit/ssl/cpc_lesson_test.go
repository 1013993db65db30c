package ssl_test

import (
	"math"
	"testing"

	"sslkit/kit/ssl"
)

func TestCPCLearns(t *testing.T) {
	lesson{method: ssl.CPC{Grid: 3, Hidden: 16}, augment: views(whole),
		encoder: mapped, steps: 110, rate: 2e-2, blind: always(math.Log(9 * lessonBatch)), below: .2}.learn(t)
}
