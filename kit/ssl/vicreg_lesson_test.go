package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestVICRegLearns(t *testing.T) {
	lesson{method: ssl.VICReg{Hidden: 64, Out: 64}, augment: views(lit),
		agree: .12}.learn(t)
}
