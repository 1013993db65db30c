package datatest

import (
	"runtime/metrics"
	"testing"
	"time"
)

const (
	maxTime      = time.Second
	maxAllocated = 256 << 20 // bytes
)

// Bounded fails the test if do takes more than a second, or allocates more than 256 MiB in all,
// freed or not: a reader of files must bound both, whatever a file claims. Nothing else may run
// meanwhile. What takes too long is run again, since other programs may have slowed it down.
func Bounded(t testing.TB, do func()) {
	t.Helper()
	taken, allocated := measured(do)
	if taken > maxTime {
		again, _ := measured(do)
		taken = min(taken, again)
	}
	if taken > maxTime {
		t.Errorf("it took %v; it may take %v", taken, maxTime)
	}
	if allocated > maxAllocated {
		t.Errorf("it allocated %d MiB; it may allocate %d", allocated>>20, maxAllocated>>20)
	}
}

func measured(do func()) (taken time.Duration, allocated uint64) {
	before, start := allAllocated(), time.Now()
	do()
	return time.Since(start), allAllocated() - before
}

func allAllocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}} // Does not stop the world, as runtime.ReadMemStats does.
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
