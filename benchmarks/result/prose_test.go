package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// printed are figures that no result file holds, but the run that the page shows.
var printed = map[string]string{
	"94.8 % [93.8, 95.7]": "README.md, what its first cell prints",
	"76.4 % [74.5, 78.2]": "README.md, what its first cell prints",
}

// TestProseTellsWhatTheFilesTell: every figure with an interval in the pages and in the words of the
// notebooks is that of a row, rounded as there.
func TestProseTellsWhatTheFilesTell(t *testing.T) {
	t.Parallel()
	rows := map[[3]string]bool{}
	files, err := filepath.Glob(filepath.Join("..", "results", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		r, err := Read(file)
		if err != nil {
			continue // Of another format, such as the faults'.
		}
		for _, row := range r.Rows {
			for digits := range MostDigits + 1 {
				rows[row.Rounded(digits, false)], rows[row.Rounded(digits, true)] = true, true
			}
		}
	}
	found := 0
	for name, text := range prose(t) {
		for _, match := range Figure.FindAllStringSubmatch(text, -1) {
			found++
			said := strings.Join(strings.Fields(match[0]), " ")
			if !rows[Plain(match)] && printed[said] == "" {
				t.Errorf("%s says %s, which is in no row of benchmarks/results", name, said)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d figures are found in the pages", found)
	}
}

// prose is what a person has written, by file: pages, and the Markdown cells of notebooks.
func prose(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	texts := map[string]string{}
	for _, name := range []string{"README.md", filepath.Join("benchmarks", "README.md")} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(content)
	}
	notebooks, err := filepath.Glob(filepath.Join(root, "notebooks", "*.ipynb"))
	if err != nil || len(notebooks) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	for _, path := range notebooks {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var notebook struct {
			Cells []struct {
				Type   string   `json:"cell_type"`
				Source []string `json:"source"`
			} `json:"cells"`
		}
		if err := json.Unmarshal(content, &notebook); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, cell := range notebook.Cells {
			if cell.Type == "markdown" {
				texts[filepath.Base(path)] += strings.Join(cell.Source, "") + "\n"
			}
		}
	}
	return texts
}
