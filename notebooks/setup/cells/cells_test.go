package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a notebook of the cells, with a cell of text and an empty one that do not count.
func write(t *testing.T, cells ...string) string {
	t.Helper()
	all := []map[string]any{{"cell_type": "markdown", "source": "# Not Go"}, {"cell_type": "code", "source": ""}}
	for _, c := range cells {
		all = append(all, map[string]any{"cell_type": "code", "source": strings.SplitAfter(c, "\n")})
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "cells": all})
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "a.ipynb", string(text))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cells []string
		want  []string // Problems, without the notebook's name.
	}{
		{"a good notebook", []string{
			"import str \"strings\"\n\ntype point struct{ X, Y int }\n\nvar origin = point{}\n\nfunc (p *point) move() { p.X++ }",
			"%%\norigin.move()\nfmt.Println(origin, str.ToUpper(\"a\"))",
			"func main() { fmt.Println(origin) }",
			"var unused = rand.NewPCG(1, 0)\n%main\nfmt.Println(origin)",
		}, nil},
		{"an undefined name", []string{"var a = 1", "%%\n\nfmt.Println(a,\n\tb)"},
			[]string{"cell 2, line 4: undefined: b"}},
		{"an undefined name in a package", []string{"import \"fmt\"\n%%\nfmt.Printn()"},
			[]string{"cell 1, line 3: undefined: fmt.Printn"}},
		{"an unused variable", []string{"// Here it goes.\n%%\na := 1"},
			[]string{"cell 1, line 3: declared and not used: a"}},
		{"a wrong field of a literal", []string{"type point struct{ X, Y int }", "var (\n\tgood = point{X: 1}\n\tp = point{\n\t\tX: 1,\n\t\tZ: 2,\n\t}\n)"},
			[]string{"cell 2, line 5: unknown field Z in struct literal of type point"}},
		{"a wrong field of a literal, of a package", []string{"%%\nfmt.Println(image.Point{Z: 1})"},
			[]string{"cell 1, line 2: unknown field Z in struct literal of type image.Point"}},
		{"a missing return", []string{"func f() int {\n}"},
			[]string{"cell 1, line 2: missing return"}},
		{"one problem is told once", []string{"func f() { g() }", "%%\nf()", "%%\nf()"},
			[]string{"cell 1, line 1: undefined: g"}},
		{"two problems", []string{"%%\nx()\na := 1", "%%\ny()"},
			[]string{"cell 1, line 2: undefined: x", "cell 1, line 3: declared and not used: a", "cell 2, line 2: undefined: y"}},

		{"a redefinition", []string{"func f() int { return 1 }\nvar v = 1", "func f() string { return \"\" }\nvar v string", "%%\nv = f()"},
			nil},
		{"a redefinition that breaks an earlier cell", []string{"func f() int { return 1 }", "var n int\nfunc g() { n = f() }", "func f() string { return \"\" }", "%%\ng()"},
			[]string{"cell 2, line 2: cannot use f() (value of type string) as int value in assignment (when cell 3 is executed)"}},
		{"a redefined method", []string{"type t struct{}\nfunc (t) m() int { return 1 }", "func (x *t) m() string { return \"\" }\n%%\nvar s string = new(t).m()\nfmt.Println(s)"},
			nil},
		{"methods of two types", []string{"type t struct{}\nfunc (t) m() {}\ntype u struct{}\nfunc (u) m() {}\n%%\nt{}.m()\nu{}.m()"},
			nil},
		{"another kind of the same name", []string{"var f = 1", "func f() {}"},
			[]string{"cell 2, line 1: f redeclared in this block; other declaration of f: cell 1, line 1"}},
		{"several variables of one call", []string{"var a, b = os.Getwd()", "var b = 1", "%%\nfmt.Println(b)", "%%\nfmt.Println(a)"},
			[]string{"cell 4, line 2: undefined: a"}},
		{"several variables of one line", []string{"var a, b = 1, \"x\"\nvar c, d, _ int", "var b = 1\n%%\nfmt.Println(a+b+c+d)"},
			nil},
		{"constants in order", []string{"const (\n\tB = iota\n\tA\n\tC\n)\nvar _ [C]int = [2]int{}\nvar _ [A]int = [1]int{}"},
			nil},
		{"a constant of a block, redefined", []string{"const (\n\tA = iota\n\tB\n)", "const B = 7"},
			[]string{"cell 2, line 1: B redeclared in this block; other declaration of B: cell 1, line 3"}},
		{"several init", []string{"func init_a() {}", "func init_b() {}\n%%"},
			nil},
		{"main does not live on", []string{"%%\nfmt.Println()", "%%\nmain()", "func f() { main() }"},
			nil},

		{"an import that nothing uses", []string{"import \"os\"\n%%\nfmt.Println()"}, nil},
		{"an import of nothing", []string{"import \"no/such\"\n\n%%\nsuch.Do()"},
			[]string{"cell 1, line 1: could not import no/such (package no/such is not in std"}},
		{"a cell without a main", []string{"func f() int {\n\treturn \"\"\n}"},
			[]string{`cell 1, line 2: cannot use "" (untyped string constant) as int value in return statement`}},
		{"statements without a main", []string{"var a = 1", "\na := 1", "%%\nb()"},
			[]string{"cell 2, line 2: syntax error: expected declaration, found a; the cells after it were not checked"}},
		{"a syntax error at the end", []string{"%%\nfmt.Println(1"},
			[]string{"cell 1, line 2: syntax error: missing ',' before newline in argument list; the cells after it were not checked"}},

		{"commands", []string{
			"!ls \\\n  -l\n%env KEY=1\nvar a = 1\n%% -flag x\n!ls\nfmt.Println(a)",
			"%args 1",
			"%%bash\nls (",
			"//gonb:%%\nfmt.Println(a)",
			"%exec f\nfunc f() { fmt.Println(a) }",
			"%test\nfunc TestA(t *testing.T) { t.Log(a) }",
		}, nil},
		{"lines after commands", []string{"!ls \\\n  -l\n%% -flag x\n!ls\nb()"},
			[]string{"cell 1, line 5: undefined: b"}},
		{"%reset", []string{"var a = 1", "%reset\nvar b = 1", "%%\nfmt.Println(a, b)"},
			[]string{"cell 3, line 2: undefined: a"}},
		{"%rm", []string{"var a, b = 1, 2", "%rm a c", "%%\nfmt.Println(a, b)"},
			[]string{"cell 3, line 2: undefined: a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.cells...)
			problems, cells, err := run(writeFile(t, "packages", ""), []string{path})
			if err != nil {
				t.Fatal(err)
			}
			if cells != len(c.cells) {
				t.Errorf("%d cells, want %d", cells, len(c.cells))
			}
			same := func(p problem, want string) bool { return strings.HasPrefix(p.String(), path+": "+want) }
			if !slices.EqualFunc(problems, c.want, same) {
				t.Errorf("got  %v\nwant %q", problems, c.want)
			}
		})
	}
}

func TestCellsOfTheRepositoryAndSeveralNotebooks(t *testing.T) {
	t.Parallel()
	list := writeFile(t, "packages", "result sslkit/benchmarks/result\n")
	good := write(t, "%%\nfmt.Println(result.Row{Case: \"a\"})")
	bad := write(t, "%%\nfmt.Println(result.Row{Cases: \"a\"})")
	problems, cells, err := run(list, []string{good, bad})
	if err != nil {
		t.Fatal(err)
	}
	if cells != 2 || len(problems) != 1 || problems[0].String() != bad+": cell 1, line 2: unknown field Cases in struct literal of type result.Row" {
		t.Errorf("%d cells, got %v", cells, problems)
	}
}

func TestAPackageThatDoesNotCompile(t *testing.T) {
	module := writeFile(t, "go.mod", "module broken\n\ngo 1.26\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(module), "broken.go"), []byte("package broken\n\nvar A int = \"\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := write(t, "import \"broken\"\n%%\nfmt.Println(broken.A)")
	list := writeFile(t, "packages", "")
	t.Chdir(filepath.Dir(module))
	_, _, err := run(list, []string{path})
	if err == nil || !strings.Contains(err.Error(), "do not compile: broken\n") || !strings.Contains(err.Error(), "cannot use \"\"") {
		t.Errorf("got error %v", err)
	}
}

func TestWhatIsNoNotebook(t *testing.T) {
	t.Parallel()
	list := writeFile(t, "packages", "")
	for _, c := range []struct{ name, list, path, want string }{
		{"no file", list, "none.ipynb", "reading the notebook: open none.ipynb"},
		{"not JSON", list, writeFile(t, "a.ipynb", "package main"), "a.ipynb is not a notebook: invalid character"},
		{"other JSON", list, writeFile(t, "a.ipynb", "{}"), "a.ipynb is not a notebook of format 4"},
		{"a source that is no text", list, writeFile(t, "a.ipynb", `{"nbformat": 4, "cells": [{"source": 1}]}`), "a.ipynb is not a notebook: json:"},
		{"no list", "none", write(t, "%%"), "there is no list of packages, which make setup writes: open none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := run(c.list, []string{c.path}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestReached(t *testing.T) {
	module := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module world\n\ngo 1.26\n",
		"top/top.go":       "package top\n\nimport \"world/below\"\n\nvar A = below.A\n",
		"below/below.go":   "package below\n\nimport _ \"embed\"\n\n//go:embed text\nvar A string\n",
		"below/text":       "1",
		"below/a_test.go":  "package below\n",
		"beside/beside.go": "package beside\n\nvar A int\n",
	} {
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list := writeFile(t, "packages", "top world/top\nbeside world/beside\n")
	through := write(t, "var a = 1", "%%\nfmt.Println(top.A)")
	other := write(t, "var a = beside.A")
	none := write(t, "var a = 1")
	t.Chdir(module)
	now := func() map[string]map[string]string {
		t.Helper()
		packages, err := reached(list, []string{through, other, none})
		if err != nil {
			t.Fatal(err)
		}
		return packages
	}
	before := now()
	if len(before[through]) != 2 || before[through]["world/top"] == "" || before[through]["world/below"] == "" ||
		len(before[other]) != 1 || before[other]["world/beside"] == "" || before[none] == nil || len(before[none]) != 0 {
		t.Fatalf("got %v", before)
	}
	for _, c := range []struct {
		file    string
		changes bool
	}{{"below/a_test.go", false}, {"below/text", true}} {
		if err := os.WriteFile(filepath.Join(module, c.file), []byte("package below // 2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		after := now()
		if changed := after[through]["world/below"] != before[through]["world/below"]; changed != c.changes {
			t.Errorf("with another %s: the hash changed: %v", c.file, changed)
		}
		if after[through]["world/top"] != before[through]["world/top"] || after[other]["world/beside"] != before[other]["world/beside"] {
			t.Errorf("with another %s: other packages have other hashes", c.file)
		}
	}
}
