package kit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReportKeepsOneLineAKey(t *testing.T) {
	report := Report{Path: filepath.Join(t.TempDir(), "runs", "report.json")}
	for _, headline := range []struct{ key, line string }{{"knn", "k-NN 10 %"}, {"linear", "linear 20 %"}, {"knn", "k-NN 30 %"}} {
		if err := report.Headline(headline.key, "%s", headline.line); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := report.Lines()
	if err != nil || !slices.Equal(lines, []string{"k-NN 30 %", "linear 20 %"}) {
		t.Errorf("%q, %v", lines, err)
	}
	if err := os.WriteFile(report.Path, []byte(`{"headline": ["x"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := report.Headline("knn", "y"); err == nil || !strings.Contains(err.Error(), report.Path) {
		t.Errorf("a damaged report: %v", err)
	}
	if err := report.Reset(); err != nil {
		t.Fatal(err)
	}
	if lines, err := report.Lines(); err != nil || len(lines) != 0 {
		t.Errorf("after Reset: %q, %v", lines, err)
	}
}
