package device

import (
	"os"
	"testing"

	"github.com/gomlx/compute"
)

// TestMain lets the tests choose among the plugins of the machine, whatever backend the others run
// on.
func TestMain(m *testing.M) {
	os.Unsetenv(compute.ConfigEnvVar)
	os.Exit(m.Run())
}
