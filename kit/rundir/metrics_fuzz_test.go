package rundir

import (
	"os"
	"path/filepath"
	"testing"

	"sslkit/data/datatest"
)

// FuzzMetrics: whatever the bytes of metrics.jsonl, an error or lines, which are those that resuming
// behind the last step keeps. To look for more such bytes:
// go test ./kit/rundir -fuzz FuzzMetrics -fuzztime 10m
func FuzzMetrics(f *testing.F) {
	var whole []byte
	for _, line := range []string{`{"step":0,"loss":1,"seconds":0.5}`, `{"step":1,"loss":2,"monitor":{"rank_me":3}}`, `{"step":2,"loss":1e400}`} {
		whole = append(whole, withSum([]byte(line))...)
	}
	f.Add(whole, 1)
	f.Add(append(whole, `{"step":3,"lo`...), 2)
	f.Add([]byte(`{"step":0}`+"\n"), 0)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, step int) {
		path := filepath.Join(dir, MetricsFile)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			_, _ = Dir(dir).Metrics()
			log, earlier, err := Dir(dir).OpenMetrics(step)
			if err != nil {
				return
			}
			log.Close()
			kept, err := Dir(dir).Metrics()
			if err != nil || len(kept) != len(earlier) || len(kept) != max(step+1, 0) {
				t.Fatalf("resuming behind step %d keeps %d lines and reads %d: %v", step, len(earlier), len(kept), err)
			}
		})
	})
}
