package main

import (
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
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
		recipe, err := kit.ReadRecipe(row.Recipe, shuffledCaptions{})
		if err != nil {
			t.Errorf("%s: %v", row.Case, err)
			continue
		}
		source := recipe.Data
		if own, ok := source.(shuffledCaptions); ok {
			shuffled++
			source = own.From
		}
		heldOut, ok := source.(data.HeldOut)
		if !ok || len(heldOut.Combinations) != 20 {
			t.Errorf("%s: images are from %+v", row.Case, source)
		}
		clip, ok := recipe.Method.(ssl.CLIP)
		if !ok || len(clip.Text.Vocabulary) != 40 || recipe.Batch != 64 {
			t.Errorf("%s: %+v", row.Case, recipe)
		}
		if own := strings.Contains(row.Case, "shuffled"); own != (shuffled > 0) {
			t.Errorf("%s: images of %T", row.Case, recipe.Data)
		}
	}
	if recipes != 2 || shuffled != 1 {
		t.Errorf("%d recipes, %d with shuffled captions; want 2 and 1", recipes, shuffled)
	}
}
