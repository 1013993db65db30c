package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is the root of this repository, as tests see it.
var repository = filepath.Join("..", "..")

// Every mutant applies to these sources and is Go still. Whoever changes a line that a mutant names
// changes the mutant too.
func TestEveryMutantApplies(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(m.file)))
			if err != nil {
				t.Fatal(err)
			}
			faulty, err := m.mutated(string(source))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.ParseFile(token.NewFileSet(), m.file, faulty, parser.SkipObjectResolution); err != nil {
				t.Errorf("the mutated file is not Go: %v", err)
			}
		})
	}
}

func TestListIsWideAndNamed(t *testing.T) {
	all := mutants()
	if len(all) < 70 {
		t.Errorf("%d mutants, want at least 70", len(all))
	}
	kebab := regexp.MustCompile(`^(ssl|semi|compress|eval|metric|optim|augment|encoder|data|train|rundir|stages|kit)/[a-z0-9]+(-[a-z0-9]+)*$`)
	names, files, perFolder := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, m := range all {
		if !kebab.MatchString(m.name) {
			t.Errorf("%q is no name", m.name)
		}
		if names[m.name] {
			t.Errorf("two mutants are named %s", m.name)
		}
		if m.breaks == "" {
			t.Errorf("%s does not say what it breaks", m.name)
		}
		names[m.name] = true
		if group, _, _ := strings.Cut(m.name, "/"); group != filepath.Base(m.folder()) {
			t.Errorf("%s is a mutant of %s", m.name, m.file)
		}
		if m.folder() == "kit/ssl" {
			files[m.file] = true
		}
		perFolder[m.folder()]++
	}
	if len(files) < 18 {
		t.Errorf("mutants of %d files of kit/ssl, want at least 18", len(files))
	}
	for _, folder := range []string{"kit/ssl", "kit/semi", "kit/compress", "kit/eval", "kit/metric", "kit/optim", "kit/augment",
		"kit/encoder", "data", "kit"} {
		if perFolder[folder] < 5 {
			t.Errorf("%d mutants of %s, want at least 5", perFolder[folder], folder)
		}
	}
}

func TestMutatedWantsOneMatch(t *testing.T) {
	m := mutant{name: "ssl/a-fault", file: "kit/ssl/a.go", old: "b + c", new: "b - c"}
	if faulty, err := m.mutated("a = b + c\n"); err != nil || faulty != "a = b - c\n" {
		t.Errorf("got %q, %v", faulty, err)
	}
	for _, source := range []string{"a = b\n", "a = b + c\nd = b + c\n"} {
		if _, err := m.mutated(source); err == nil || !strings.Contains(err.Error(), m.name) {
			t.Errorf("%q: error is %v, want one that names the mutant", source, err)
		}
	}
	m.file = "kit/ssl/a_test.go"
	if _, err := m.mutated("a = b + c\n"); err == nil {
		t.Error("a test was mutated")
	}
	m.file, m.new = "kit/ssl/a.go", m.old
	if _, err := m.mutated("a = b + c\n"); err == nil {
		t.Error("a mutant that changes nothing was taken")
	}
}

func TestApplyAndRestore(t *testing.T) {
	root := t.TempDir()
	write(t, root, "kit/a.go", "package kit\n\nvar a = 1\n")
	m := mutant{name: "kit/other-number", file: "kit/a.go", old: "a = 1", new: "a = 2"}
	restore, err := m.apply(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, root, "kit/a.go"); !strings.Contains(got, "a = 2") {
		t.Errorf("the mutated file is %q", got)
	}
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, root, "kit/a.go"); got != "package kit\n\nvar a = 1\n" {
		t.Errorf("the restored file is %q", got)
	}
	m.file = "kit/missing.go"
	if _, err := m.apply(root); err == nil || !strings.Contains(err.Error(), m.name) {
		t.Errorf("error is %v, want one that names the mutant", err)
	}
}

func TestCopyTree(t *testing.T) {
	root, err := copyTree(t.Context(), repository, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, root, "go.mod"), read(t, repository, "go.mod"); got != want {
		t.Error("go.mod is another one in the copy")
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		t.Error("the copy holds .git")
	}
	folders, err := filepath.Glob(filepath.Join(root, "kit", "ssl", "simclr*.go"))
	if err != nil || len(folders) < 2 {
		t.Errorf("the copy holds %v, %v", folders, err)
	}
	if _, err := copyTree(t.Context(), t.TempDir(), t.TempDir()); err == nil {
		t.Error("a folder that is no repository was copied")
	}
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	name = filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// foldersOf are the folders of packages or steps.
func foldersOf[T any](list []T, folder func(T) string) []string {
	var names []string
	for _, v := range list {
		names = append(names, folder(v))
	}
	return slices.Clip(names)
}
