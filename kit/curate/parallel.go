package curate

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls do(0) to do(n-1) on all cores, in blocks that are taken as
// cores come free: rows of pairs differ in length.
func parallel(n int, do func(i int)) {
	const block = 16
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+block-1)/block) {
		wait.Go(func() {
			for {
				start := int(next.Add(block)) - block
				if start >= n {
					return
				}
				for i := start; i < min(start+block, n); i++ {
					do(i)
				}
			}
		})
	}
	wait.Wait()
}
