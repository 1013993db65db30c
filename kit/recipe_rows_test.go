package kit

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sslkit/kit/ssl"
)

// TestEveryMethodIsComparedWithItsSource: ssl/RECIPES.md has a row for each method, but for Sum,
// which is of other methods, and Adopted, which trains nothing.
func TestEveryMethodIsComparedWithItsSource(t *testing.T) {
	text, err := os.ReadFile("ssl/RECIPES.md")
	if err != nil {
		t.Fatal(err)
	}
	var compared []string
	for row := range strings.Lines(string(text)) {
		if cells := strings.Split(row, "|"); len(cells) > 1 {
			for name := range strings.SplitSeq(cells[1], ",") {
				compared = append(compared, strings.TrimSpace(name))
			}
			if len(cells) != 8 {
				t.Errorf("a row has %d columns, want 6: %s", len(cells)-2, row)
			}
		}
	}
	for _, known := range recipeTypes {
		kind := reflect.TypeOf(known)
		if _, ok := known.(ssl.Method); !ok || kind == reflect.TypeFor[ssl.Sum]() || kind == reflect.TypeFor[Adopted]() {
			continue
		}
		name := kind.Name()
		if strings.HasSuffix(kind.PkgPath(), "/compress") {
			name = kind.String()
		}
		if !slices.Contains(compared, name) {
			t.Errorf("no row in ssl/RECIPES.md is of %s", name)
		}
	}
}
