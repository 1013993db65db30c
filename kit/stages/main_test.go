package stages

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sslkit/kit/device/devicetest"
)

// shared is the run whose weights several tests read.
var shared = filepath.Join(os.TempDir(), fmt.Sprintf("sslkit-stages-%d", os.Getpid()))

func TestMain(m *testing.M) { devicetest.Main(m, func() { os.RemoveAll(shared) }) }
