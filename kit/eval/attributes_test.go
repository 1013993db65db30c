package eval

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAttributesRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "animals.csv")
	content := "\"name, of class\", striped ,tail\r\nzebra,1,1\r\n\r\n\"killer whale\", 0 ,-0.8e0\r\n"
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := ReadAttributes(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Classes, []string{"zebra", "killer whale"}) || !slices.Equal(got.Names, []string{"striped", "tail"}) ||
		!slices.Equal(got.Values, []float64{1, 1, 0, -0.8}) {
		t.Errorf("%+v", got)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if row := got.Row("killer whale"); !slices.Equal(row, []float64{0, -0.8}) || got.Row("dog") != nil {
		t.Errorf("row %v", row)
	}
	_, err = ReadAttributes(path + ".none")
	wantError(t, "no file", err, "animals.csv.none")
	if err := os.WriteFile(path, []byte("class,a\nx,?\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = ReadAttributes(path)
	wantError(t, "bad file", err, path, "line 2", "column 2", `"a" of class "x" is "?"`)
}

func TestAttributesBadFiles(t *testing.T) {
	for name, c := range map[string]struct{ content, words string }{
		"empty":              {"", "line 1: there is no header"},
		"no attribute":       {"class\nx\n", "line 1: the header has 1 column"},
		"no class":           {"class,a\n", "line 2: there is no class"},
		"unnamed attribute":  {"class,a,\nx,1,2\n", "line 1, column 3: attribute name is empty"},
		"attribute twice":    {"class,a,b,a\nx,1,2,3\n", `line 1, column 4: attribute "a" is there twice`},
		"unnamed class":      {"class,a\n ,1\n", "line 2, column 1: class name is empty"},
		"class twice":        {"class,a\nx,1\ny,1\nx,0\n", `line 4, column 1: class "x" is there twice`},
		"short row":          {"class,a,b\nx,1,2\ny,1\n", "line 3, column 3: the row has 2 columns, the header 3"},
		"long row":           {"class,a\nx,1,2\n", "line 2, column 3: the row has 3 columns, the header 2"},
		"no number":          {"class,a,b\n\nx,1,two\n", `line 3, column 3: attribute "b" of class "x" is "two"`},
		"empty cell":         {"class,a,b\nx,,1\n", `line 2, column 2: attribute "a" of class "x" is ""`},
		"NaN":                {"class,a\nx,NaN\n", `line 2, column 2: attribute "a" of class "x" is "NaN"`},
		"infinite":           {"class,a\nx,-Inf\n", "line 2, column 2"},
		"over the range":     {"class,a\nx,1e999\n", "line 2, column 2"},
		"open quotes":        {"class,a\n\"x,1\n", "line "},
		"quotes in a header": {"class,a\"b\nx,1\n", "line 1, character"},
	} {
		_, err := parseAttributes(strings.NewReader(c.content))
		wantError(t, name, err, c.words)
	}
}

func TestAttributesCheck(t *testing.T) {
	good := Attributes{Classes: []string{"x", "y"}, Names: []string{"a"}, Values: []float64{1, 0.5}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for words, spoil := range map[string]func(a *Attributes){
		"0 Classes":                  func(a *Attributes) { a.Classes = nil },
		"0 Names":                    func(a *Attributes) { a.Names = nil },
		"Values holds 1":             func(a *Attributes) { a.Values = a.Values[:1] },
		`Classes[1] is "x" a second`: func(a *Attributes) { a.Classes = []string{"x", "x"} },
		`"a" of class "y" is NaN`:    func(a *Attributes) { a.Values = []float64{1, math.NaN()} },
	} {
		a := good
		spoil(&a)
		wantError(t, words, a.Check(), words)
	}
}

// A file that a pipeline wrote a word into.
func ExampleReadAttributes() {
	dir, err := os.MkdirTemp("", "attributes")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "animals.csv")
	for _, whale := range []string{"0,0.8", "0,long"} {
		if err := os.WriteFile(path, []byte("class,striped,tail\nzebra,1,1\nwhale,"+whale+"\n"), 0o644); err != nil {
			fmt.Println(err)
			return
		}
		a, err := ReadAttributes(path)
		if err != nil {
			_, where, _ := strings.Cut(err.Error(), "animals.csv: ")
			fmt.Println(where)
			continue
		}
		fmt.Println(a.Names, a.Row("whale"))
	}
	// Output:
	// [striped tail] [0 0.8]
	// line 3, column 3: attribute "tail" of class "whale" is "long"; it must be finite
}
