package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestMoCoV3Learns(t *testing.T) {
	lesson{method: ssl.MoCoV3{Temperature: .2, Hidden: 64, Out: 32, Tau: .9}, augment: views(lit),
		agree: .06}.learn(t)
}
