package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"github.com/gomlx/go-xla/pjrt"
)

// usage is what the process has.
type usage struct {
	residentMiB float64
	ownMiB      float64 // What of it is no page of a file: the program's and XLA's code come and go with what else is read.
	goMiB       float64 // What of that is Go's, garbage included; the rest is XLA's.
	inUseMiB    float64 // Of the C heap, with what threads keep of freed pieces unless exactHeap is set; 0 where the C library does not tell.
	buffers     int     // Of the device, that are not given back.
	goroutines  int
	threads     int // Of the system: Go's and XLA's.
	files       int // Open ones, sockets and pipes included.
}

func (u usage) String() string {
	return fmt.Sprintf("%.0f MiB resident, %.0f of them its own, %.0f Go's, %.1f in use of the C heap, %d buffers, %d goroutines, %d threads, %d open files",
		u.residentMiB, u.ownMiB, u.goMiB, u.inUseMiB, u.buffers, u.goroutines, u.threads, u.files)
}

// usageNow asks Linux, which alone has /proc.
func usageNow() (usage, error) {
	fail := func(err error) (usage, error) { return usage{}, fmt.Errorf("asking what the process has: %w", err) }
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fail(err)
	}
	u := usage{inUseMiB: heapInUse() / (1 << 20), buffers: int(pjrt.BuffersAlive()), goroutines: runtime.NumGoroutine()}
	var resident, own float64 // KiB
	for line := range bytes.Lines(status) {
		fmt.Sscanf(string(line), "VmRSS: %f kB", &resident)
		fmt.Sscanf(string(line), "RssAnon: %f kB", &own)
		fmt.Sscanf(string(line), "Threads: %d", &u.threads)
	}
	u.residentMiB, u.ownMiB = resident/(1<<10), own/(1<<10)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fail(err)
	}
	u.files = len(files) - 1 // Without that of the folder itself.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	u.goMiB = float64(stats.Sys-stats.HeapReleased) / (1 << 20)
	return u, nil
}
