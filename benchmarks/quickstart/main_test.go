package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/data"
)

// cells are the notebook's, as one text.
func cells(t *testing.T) string {
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
	var text strings.Builder
	for _, cell := range notebook.Cells {
		text.WriteString(strings.Join(cell.Source, ""))
	}
	return text.String()
}

// The notebook trains both sides at the rates that the trials chose.
func TestNotebookHasTheChosenRates(t *testing.T) {
	t.Parallel()
	measured, err := result.Read(filepath.Join("..", "results", "quickstart.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, sides := cells(t), map[string]string{simclr: "Momentum: 0.9, WeightDecay: 5e-4}", halfLength: "Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4"}
	for _, row := range measured.Rows {
		if row.Choice == nil || sides[row.Case] == "" {
			continue
		}
		want := "optim.SGD{LR: " + strings.TrimPrefix(row.Choice.Chosen, "rate ") + ", " + sides[row.Case]
		if !strings.Contains(text, want) {
			t.Errorf("the trials of %s chose %s, and the notebook has no %s", row.Case, row.Choice.Chosen, want)
		}
		delete(sides, row.Case)
	}
	if len(sides) > 0 {
		t.Errorf("no row tells what was chosen for %v", sides)
	}
}

// The recipe is the notebook's, but for the seed.
func TestRecipeIsTheNotebooks(t *testing.T) {
	t.Parallel()
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
	if here, there := literal(string(source)), literal(cells(t)); here != there || len(there) < 300 {
		t.Errorf("the recipe is\n%s\nand in the notebook\n%s", here, there)
	}
}

// The network trained from scratch is that of kit.FineTune with the notebook's settings, and the two
// sides see the same number of images.
func TestSidesAreAlike(t *testing.T) {
	t.Parallel()
	of := recipe(options{}, 3)
	labelled := fromScratch(of, 1, 1)
	if labelled.Steps*labelled.Batch != of.Steps*of.Batch || labelled.Seed != of.Seed || !reflect.DeepEqual(labelled.Augment, of.Augment) || !reflect.DeepEqual(labelled.Encoder, of.Encoder) {
		t.Errorf("SimCLR is %+v, supervised %+v", of, labelled)
	}
	set, err := labelled.Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 10*perClass || labelled.Batch != set.Len() {
		t.Errorf("supervised trains on %d images in batches of %d, want %d of each of 10 classes at once", set.Len(), labelled.Batch, perClass)
	}
	ofSimCLR, ofSupervised, ofHalf := trials(options{})
	for i, s := range ofSimCLR.Settings {
		held, ok := s.Recipe.Data.(data.SetAside)
		if !ok || !reflect.DeepEqual(held.From, of.Data) || s.Recipe.Steps != of.Steps {
			t.Errorf("trial %s of SimCLR is %+v", s.Name, s.Recipe)
		}
		if half, full := ofHalf.Settings[i].Recipe, ofSupervised.Settings[i].Recipe; 2*half.Steps != full.Steps || !reflect.DeepEqual(half.Data, full.Data) {
			t.Errorf("half of %+v is %+v", full, half)
		}
		labelled, ok := ofSupervised.Settings[i].Recipe.Data.(data.Labelled)
		if !ok || !reflect.DeepEqual(labelled.From, s.Recipe.Data) {
			t.Errorf("trial %s is of other images than %s: %+v", ofSupervised.Settings[i].Name, s.Name, ofSupervised.Settings[i].Recipe.Data)
		}
	}
}
