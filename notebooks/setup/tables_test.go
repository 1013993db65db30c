package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tables runs tables.py.
func tables(t *testing.T, arguments ...string) (said string, err error) {
	t.Helper()
	command := exec.Command(python(t), append([]string{"-B", "tables.py"}, arguments...)...)
	output, err := command.CombinedOutput()
	return string(output), err
}

func TestTablesOfTheNotebooks(t *testing.T) {
	t.Parallel()
	notebooks, err := filepath.Glob("../*.ipynb")
	if err != nil || len(notebooks) == 0 {
		t.Fatalf("%v, %v", notebooks, err)
	}
	if said, err := tables(t, append(append([]string{"--check"}, notebooks...), "../README.md")...); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	claim := cell{"claim": "a | b", "paper": "77 %", "ours": "70 %", "verdict": "it did not hold"}
	writeNotebook(t, at("late.ipynb"), cell{}, markdown("# Late\n\n![a picture](x.png)\n\n- a list\n\nSee *this* [page](x.md) of `data.Shapes`. And more."))
	writeNotebook(t, at("second.ipynb"), cell{"sslkit": cell{
		"index": cell{"order": 2.5, "shows": "What it shows.", "full": "9 h"}, "claims": []cell{claim}, "executed": "2030-01-02T00:00:00+00:00",
		"machine": cell{"cores": 8, "accelerator": "H200"}, "seconds": 4000,
		"runs": []cell{{"began": "2030-01-01T00:00:00Z", "seconds": 7200.0}, {"began": "2030-01-02T00:00:01Z", "seconds": 1000.0}},
	}}, markdown("# Second"))
	small := cell{"order": 1}
	writeNotebook(t, at("first.ipynb"), cell{"sslkit": cell{"index": small, "claims": []cell{claim}, "small": true, "seconds": 10}}, markdown("# First\n\nIt."))
	timed := code("x")
	timed["metadata"] = cell{"execution": cell{"iopub.status.busy": "2030-01-01T00:00:00.5Z", "shell.execute_reply": "2030-01-01T00:02:00Z"}}
	writeNotebook(t, at("third.ipynb"), cell{"sslkit": cell{"index": cell{"order": 3}}}, markdown("# Third\n\nIt."), timed)
	write(t, at("README.md"), "before\n<!-- notebooks -->\nold\n<!-- end -->\nbetween\n<!-- claims -->\n<!-- end -->\nafter\n")
	arguments := []string{at("late.ipynb"), at("second.ipynb"), at("third.ipynb"), at("first.ipynb"), at("README.md")}

	if said, err := tables(t, append([]string{"--check"}, arguments...)...); err == nil || !strings.Contains(said, "make index writes them") {
		t.Errorf("stale tables: error %v, %s", err, said)
	}
	if said, err := tables(t, arguments...); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if said, err := tables(t, append([]string{"--check"}, arguments...)...); err != nil {
		t.Errorf("new tables: error %v, %s", err, said)
	}
	const want = `before
<!-- notebooks -->
| notebook | what it shows | cost here | cost in full |
| --- | --- | --- | --- |
| [First](first.ipynb) | It. | not known | the same |
| [Second](second.ipynb) | What it shows. | 3.1 h on H200 | 9 h |
| [Third](third.ipynb) | It. | at least 2 min | the same |
| [Late](late.ipynb) | See this page of data.Shapes. | not executed yet | the same |
<!-- end -->
between
<!-- claims -->
| claim | the paper's figure | ours | verdict | notebook |
| --- | --- | --- | --- | --- |
| a \| b | 77 % | 70 % | it did not hold | [second](second.ipynb) |
<!-- end -->
after
`
	got, err := os.ReadFile(at("README.md"))
	if err != nil || string(got) != want {
		t.Errorf("error %v, got\n%s\nwant\n%s", err, got, want)
	}
	write(t, at("README.md"), "<!-- notebooks -->\n<!-- end -->\n")
	if said, err := tables(t, arguments...); err == nil || !strings.Contains(said, "there is no <!-- claims -->") {
		t.Errorf("a page without a table: error %v, %s", err, said)
	}
}
