package kit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sslkit/kit/device/devicetest"
)

// shared is where runs lie that several tests read.
var shared = filepath.Join(os.TempDir(), fmt.Sprintf("sslkit-kit-%d", os.Getpid()))

func TestMain(m *testing.M) { devicetest.Main(m, func() { os.RemoveAll(shared) }) }
