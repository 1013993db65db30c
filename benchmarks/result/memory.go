package result

import (
	"fmt"
	"os"
	"strings"
)

// ResetPeakMemory makes the peak memory of a Cost speak of what comes from here on. Where the
// system can't (other than Linux), it speaks of the whole process.
func ResetPeakMemory() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// PeakMemoryGiB is the largest resident memory since ResetPeakMemory, or 0 where the system does
// not tell.
func PeakMemoryGiB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kib); n == 1 {
			return kib / (1 << 20)
		}
	}
	return 0
}
