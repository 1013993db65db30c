package ssl_test

import (
	"testing"

	"sslkit/kit/ssl"
)

func TestMoCoV2Learns(t *testing.T) {
	lesson{method: ssl.MoCoV2{Temperature: .2, Hidden: 64, Out: 32, Queue: 256, Tau: .9}, augment: views(lit),
		steps: 60, agree: .06}.learn(t)
}
