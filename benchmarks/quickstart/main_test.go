package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/statistics"
)

// The recipe is the notebook's, but for the seed.
func TestRecipeIsTheNotebooks(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "notebooks", "quickstart.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Cells []struct{ Source []string }
	}
	if err := json.Unmarshal(content, &notebook); err != nil {
		t.Fatal(err)
	}
	var cells strings.Builder
	for _, cell := range notebook.Cells {
		cells.WriteString(strings.Join(cell.Source, ""))
	}
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := func(text string) string {
		_, text, _ = strings.Cut(text, "r := kit.Recipe{")
		text, _, _ = strings.Cut(text, "Seed:")
		var lines []string
		for line := range strings.Lines(text) {
			code, _, _ := strings.Cut(line, "//")
			if code = strings.Join(strings.Fields(code), " "); !strings.HasPrefix(code, "Data:") {
				lines = append(lines, code)
			}
		}
		return strings.Join(lines, "\n")
	}
	if here, there := literal(string(source)), literal(cells.String()); here != there || len(there) < 300 {
		t.Errorf("the recipe is\n%s\nand in the notebook\n%s", here, there)
	}
}

func TestRows(t *testing.T) {
	of := func(knn ...float64) measured {
		var m measured
		for i, v := range knn {
			seed := uint64(i + 1)
			m.knn = append(m.knn, statistics.Run{Seed: seed, Value: v})
			m.few = append(m.few, statistics.Run{Seed: seed, Draw: 100 * seed, Value: v / 2}, statistics.Run{Seed: seed, Draw: 100*seed + 1, Value: v / 2})
		}
		return m
	}
	rows, err := rows(of(60, 62), of(20, 21))
	if err != nil || len(rows) != 6 || rows[0].Value != 61 || rows[2].Value != 40.5 || rows[5].Value != 20.25 || rows[5].N != 2 {
		t.Errorf("rows %+v, error %v", rows, err)
	}
}
