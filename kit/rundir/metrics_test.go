package rundir

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/kit/wholefile"
)

// logged is a directory with metrics of the steps 0 to last.
func logged(t *testing.T, last int) Dir {
	t.Helper()
	dir := Dir(t.TempDir())
	log, _, err := dir.OpenMetrics(-1)
	if err != nil {
		t.Fatal(err)
	}
	for step := range last + 1 {
		if err := log.Write(Metrics{Step: step, Loss: float64(step) + .5, Seconds: float64(step)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestUnfinishedLineOfMetricsIsLeftOut(t *testing.T) {
	dir := logged(t, 2)
	appendTo(t, dir.Path(MetricsFile), `{"step":3,"lo`)
	metrics, err := dir.Metrics()
	if err != nil || len(metrics) != 3 {
		t.Fatalf("%v, %v", metrics, err)
	}
	// Resuming behind step 1 cuts off the rest.
	log, earlier, err := dir.OpenMetrics(1)
	if err != nil || len(earlier) != 2 || earlier[1].Seconds != 1 {
		t.Fatalf("%v, %v", earlier, err)
	}
	if err := log.Write(Metrics{Step: 2, Loss: 5}); err != nil {
		t.Fatal(err)
	}
	log.Close()
	metrics, err = dir.Metrics()
	if err != nil || len(metrics) != 3 || metrics[2].Loss != 5 {
		t.Errorf("%v, %v", metrics, err)
	}
}

func TestDamagedMetricsSayWhichSteps(t *testing.T) {
	lines := func(content []byte) [][]byte { return bytes.SplitAfter(content, []byte("\n")) }
	for name, c := range map[string]struct {
		damage func(content []byte) []byte
		want   string
		whole  int // Lines before the damage.
	}{
		"a digit": {func(c []byte) []byte { return bytes.Replace(c, []byte(`"loss":3.5`), []byte(`"loss":2.5`), 1) },
			"line 4, that of step 3", 3},
		"a removed line": {func(c []byte) []byte { return bytes.Join(append(lines(c)[:2:2], lines(c)[4:]...), nil) },
			"steps 2 to 3 are missing", 2},
		"zeros": {func(c []byte) []byte { return append(bytes.Clone(c[:len(lines(c)[0])]), make([]byte, 50)...) },
			"", 1}, // No end of a line: its writer may be in the middle of it.
		"a line without its sum": {func(c []byte) []byte { return append([]byte(`{"step":0}`+"\n"), c...) }, "no sum", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := logged(t, 6)
			if err := (sums{"other": strings.Repeat("0", 64)}).write(string(dir)); err != nil { // Runs without sums may lack them here too.
				t.Fatal(err)
			}
			content, err := os.ReadFile(dir.Path(MetricsFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir.Path(MetricsFile), c.damage(content), 0o644); err != nil {
				t.Fatal(err)
			}
			metrics, err := dir.Metrics()
			if len(metrics) != c.whole || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d lines, %v; want %d and %q", len(metrics), err, c.whole, c.want)
			}
			if _, _, err := dir.OpenMetrics(5); err == nil {
				t.Error("it can be gone on with behind step 5")
			}
		})
	}
}

func TestMetricsCutAtTheEndOfAFinishedRun(t *testing.T) {
	dir := logged(t, 6)
	if err := (sums{}).write(string(dir)); err != nil {
		t.Fatal(err)
	}
	sum, err := wholefile.SHA256(dir.Path(MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := (sums{MetricsFile: sum}).write(string(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Metrics(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(string(dir), MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.LastIndexByte(content[:len(content)-1], '\n') + 1
	if err := os.WriteFile(dir.Path(MetricsFile), content[:cut], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Metrics(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "from 6 on") {
		t.Errorf("error %v", err)
	}
}
