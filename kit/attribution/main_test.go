package attribution

import (
	"testing"

	"sslkit/kit/device/devicetest"
)

func TestMain(m *testing.M) { devicetest.Main(m) }
