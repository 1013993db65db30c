package peak

import (
	"testing"

	"github.com/gomlx/compute/dtypes"

	"sslkit/kit/device/devicetest"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// Both are measured, in the units that they say: no device of today is out of these bounds.
func TestPeaks(t *testing.T) {
	for name, measure := range map[string]func() (float64, error){
		"product":   func() (float64, error) { return product(dtypes.Float32, 128) }, // Of the full side, the Go backend takes 30 s.
		"bandwidth": Bandwidth,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := measure(); err != nil || got < 1e6 || got > 1e17 {
				t.Errorf("%g, error %v", got, err)
			}
		})
	}
}
