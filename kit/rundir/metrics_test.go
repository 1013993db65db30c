package rundir

import (
	"os"
	"path/filepath"
	"testing"
)

func TestUnfinishedLineOfMetricsIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	lines := `{"step":1,"loss":1}` + "\n" + `{"step":2,"loss":2}` + "\n" + `{"step":3,"lo`
	if err := os.WriteFile(filepath.Join(dir, MetricsFile), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	metrics, err := Dir(dir).Metrics()
	if err != nil || len(metrics) != 2 {
		t.Fatalf("%v, %v", metrics, err)
	}
	// Resuming behind step 1 cuts off the rest.
	log, _, err := Dir(dir).OpenMetrics(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Write(Metrics{Step: 2, Loss: 5}); err != nil {
		t.Fatal(err)
	}
	log.Close()
	metrics, err = Dir(dir).Metrics()
	if err != nil || len(metrics) != 2 || metrics[1].Loss != 5 {
		t.Errorf("%v, %v", metrics, err)
	}
}
