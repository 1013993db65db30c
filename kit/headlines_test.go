package kit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHeadlinesKeepOneLineAKey(t *testing.T) {
	headlines := Headlines{Path: filepath.Join(t.TempDir(), "runs", "headlines.json")}
	for _, headline := range []struct{ key, line string }{{"knn", "k-NN 10 %"}, {"linear", "linear 20 %"}, {"knn", "k-NN 30 %"}} {
		if err := headlines.Headline(headline.key, "%s", headline.line); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := headlines.Lines()
	if err != nil || !slices.Equal(lines, []string{"k-NN 30 %", "linear 20 %"}) {
		t.Errorf("%q, %v", lines, err)
	}
	if err := os.WriteFile(headlines.Path, []byte(`{"headline": ["x"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := headlines.Headline("knn", "y"); err == nil || !strings.Contains(err.Error(), headlines.Path) {
		t.Errorf("a damaged file: %v", err)
	}
	if err := headlines.Reset(); err != nil {
		t.Fatal(err)
	}
	if lines, err := headlines.Lines(); err != nil || len(lines) != 0 {
		t.Errorf("after Reset: %q, %v", lines, err)
	}
}

func TestHeadlinesKeepClaims(t *testing.T) {
	t.Parallel()
	headlines := Headlines{Path: filepath.Join(t.TempDir(), "headlines.json")}
	first, second := Claim{"first", "1", "2", "held"}, Claim{"second", "3", "4", "did not hold"}
	again := Claim{"first", "1", "5", "did not hold"}
	for _, claim := range []Claim{first, second, again} {
		if err := headlines.Claim(claim); err != nil {
			t.Fatal(err)
		}
	}
	if err := headlines.Headline("knn", "k-NN 10 %%"); err != nil { // Which keeps them.
		t.Fatal(err)
	}
	content, err := headlines.read()
	if err != nil || !slices.Equal(content.Claims, []Claim{again, second}) {
		t.Errorf("claims %+v, error %v", content.Claims, err)
	}
	if err := headlines.Claim(Claim{Claim: "third", Paper: "1", Ours: "2"}); err == nil || !strings.Contains(err.Error(), "third") {
		t.Errorf("a claim without a verdict: %v", err)
	}
}
