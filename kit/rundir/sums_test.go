package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSumsOfAnotherProgram: those of `sha256sum --binary` are sums too.
func TestSumsOfAnotherProgram(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for line, whole := range map[string]bool{
		sum + "  a.safetensors": true, sum + " *a.safetensors": true,
		sum + " a.safetensors": false, sum + "  *a.safetensors": true, sum + "   a.safetensors": true,
		sum: false, sum[2:] + "  a.safetensors": false, sum + "  ../a.safetensors": false,
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, SumsFile), []byte(line+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if read, err := readSums(folder); (err == nil) != whole || err != nil && !errors.Is(err, ErrDamaged) || whole && len(read) != 1 {
			t.Errorf("%q: %v, %v", line, read, err)
		}
	}
}
