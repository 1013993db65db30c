package cellimports

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFix(t *testing.T) {
	known := map[string]string{"data": "sslkit/data", "kit": "sslkit/kit", "plots": "sslkit/plots", "twice": ""}
	for _, c := range []struct {
		name, body   string
		want, absent []string
	}{
		{"listed and standard", "func main() { fmt.Println(data.Train, kit.Version) }",
			[]string{`"fmt"`, `"sslkit/data"`, `"sslkit/kit"`}, []string{"plots"}},
		{"declared here", "type point struct{ X int }\nvar data point\nfunc main() { println(data.X) }",
			nil, []string{"sslkit"}},
		{"a local variable", "func main() { kit := struct{ A int }{1}; println(kit.A) }",
			nil, []string{"sslkit"}},
		{"imported from elsewhere", "import \"text/template/parse\"\nimport data \"strings\"\nfunc main() { data.ToUpper(\"\") }",
			[]string{`data "strings"`}, []string{"sslkit", "parse"}},
		{"unused", "import (\n\t\"os\"\n\t\"sslkit/data\"\n)\nfunc main() { println() }",
			nil, []string{"os", "sslkit"}},
	} {
		fixed, err := Fix("main.go", []byte("package main\n\n"+c.body+"\n"), known)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(string(fixed), want) {
				t.Errorf("%s: no %s in\n%s", c.name, want, fixed)
			}
		}
		for _, absent := range c.absent {
			if strings.Contains(string(fixed), absent) {
				t.Errorf("%s: %s is in\n%s", c.name, absent, fixed)
			}
		}
	}
}

func TestFixNamesTheLineOfAnError(t *testing.T) {
	_, err := Fix("main.go", []byte("package main\n\nfunc main() { x := }\n"), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "main.go:3:") {
		t.Errorf("got error %v, want one that starts with main.go:3:", err)
	}
}

func TestReadList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "packages")
	list := "data sslkit/data\nshapes a/shapes\nshapes b/shapes\nshapes c/shapes\n"
	if err := os.WriteFile(path, []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	known, err := ReadList(path)
	if err != nil {
		t.Fatal(err)
	}
	if known["data"] != "sslkit/data" || known["shapes"] != "" {
		t.Errorf("got %v", known)
	}
	if _, err := ReadList(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a list: got error %v", err)
	}
	if err := os.WriteFile(path, []byte("nonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadList(path); err == nil {
		t.Error("a broken list was read without an error")
	}
}
