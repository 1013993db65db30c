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
	f.Add([]byte(`{"step":1,"loss":1,"seconds":0.5}`+"\n"+`{"step":2,"loss":2,"monitor":{"rank_me":3}}`+"\n"+`{"step":3,"lo`), 1)
	f.Add([]byte(`{"step":1,"loss":1e400}`+"\n"), 0)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, step int) {
		path := filepath.Join(dir, MetricsFile)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		datatest.Bounded(t, func() {
			_, _ = Dir(dir).Metrics()
			log, _, err := Dir(dir).OpenMetrics(step)
			if err != nil {
				t.Fatal(err)
			}
			log.Close()
			kept, err := Dir(dir).Metrics()
			if err != nil {
				t.Fatalf("what resuming keeps is not read: %v", err)
			}
			for _, m := range kept {
				if m.Step > step {
					t.Fatalf("resuming behind step %d keeps step %d", step, m.Step)
				}
			}
		})
	})
}
