package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// The recipe with shuffled captions holds a type of this benchmark's own, which is handed over to
// read it back.
func TestCommittedRecipesOpen(t *testing.T) {
	committed, err := result.Read(filepath.Join("..", "results", "zeroshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	shuffled, recipes := 0, 0
	for _, row := range committed.Rows {
		if row.Recipe == nil {
			continue
		}
		recipes++
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, rundir.RecipeFile), row.Recipe, 0o644); err != nil {
			t.Fatal(err)
		}
		run, err := kit.Open(dir, shuffledCaptions{})
		if err != nil {
			t.Errorf("%s: %v", row.Case, err)
			continue
		}
		source := run.Recipe.Data
		if own, ok := source.(shuffledCaptions); ok {
			shuffled++
			source = own.From
		}
		heldOut, ok := source.(data.HeldOut)
		if !ok || len(heldOut.Combinations) != 20 {
			t.Errorf("%s: images are from %+v", row.Case, source)
		}
		clip, ok := run.Recipe.Method.(ssl.CLIP)
		if !ok || len(clip.Text.Vocabulary) != 40 || run.Recipe.Batch != 64 {
			t.Errorf("%s: %+v", row.Case, run.Recipe)
		}
		if own := strings.Contains(row.Case, "shuffled"); own != (shuffled > 0) {
			t.Errorf("%s: images of %T", row.Case, run.Recipe.Data)
		}
	}
	if recipes != 2 || shuffled != 1 {
		t.Errorf("%d recipes, %d with shuffled captions; want 2 and 1", recipes, shuffled)
	}
}
