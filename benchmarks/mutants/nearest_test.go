package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestTestsBeside(t *testing.T) {
	root := t.TempDir()
	write(t, root, "kit/a.go", "package kit\n")
	write(t, root, "kit/a_test.go", `package kit

func TestMain(m *testing.M) {}
func TestA(t *testing.T) {}
func testHelper(t *testing.T) {}
func (s suite) TestMethod() {}
func ExampleA() {}
func BenchmarkA(b *testing.B) {}
`)
	names, err := testsBeside(root, "kit/a.go")
	if want := []string{"TestA", "ExampleA"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, %v, want %v", names, err, want)
	}
	if names, err := testsBeside(root, "kit/b.go"); err != nil || names != nil {
		t.Errorf("without a test file: %v, %v", names, err)
	}
}

func TestStepsAreNearestFirst(t *testing.T) {
	root := t.TempDir()
	write(t, root, "kit/ssl/a_test.go", "package ssl\n\nfunc TestA(t *testing.T) {}\n")
	packages := []goPackage{
		{"benchmarks/methods", []string{"kit/ssl"}, 1},
		{"kit", []string{"kit/ssl", "kit/semi"}, 300},
		{"kit/eval", []string{"kit/metric"}, 1},
		{"kit/semi", []string{"kit/ssl"}, 20},
		{"kit/ssl", nil, 100},
	}
	m := mutant{name: "ssl/a", file: "kit/ssl/a.go"}
	all, err := steps(root, packages, m, []string{besideTests, packageTests, importerTests})
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{"kit/ssl", "those of a_test.go", "^(TestA)$"}, {"kit/ssl", "all", ""},
		{"kit/semi", "all", ""}, {"kit", "all", ""}, {"benchmarks/methods", "all", ""},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
	m = mutant{name: "ssl/b", file: "kit/ssl/b.go"} // Without tests beside it.
	if all, err = steps(root, packages, m, []string{besideTests, packageTests}); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v, want the package", all, err)
	}
}

// The packages of this repository are found with what they import, and this one is not among them.
func TestListPackages(t *testing.T) {
	packages, err := listPackages(t.Context(), repository)
	if err != nil {
		t.Fatal(err)
	}
	folder := func(p goPackage) string { return p.folder }
	names := strings.Join(foldersOf(packages, folder), " ")
	for _, want := range []string{"data", "kit", "kit/ssl", "kit/metric"} {
		if !strings.Contains(" "+names+" ", " "+want+" ") {
			t.Errorf("%s is not among %s", want, names)
		}
	}
	if strings.Contains(names, "mutants") {
		t.Errorf("%s holds the mutants", names)
	}
	if found := strings.Join(foldersOf(importers(packages, "kit/ssl"), folder), " "); !strings.Contains(found, "kit/semi") ||
		!strings.Contains(found, "kit") || strings.Contains(found, "kit/metric") {
		t.Errorf("kit/ssl is imported by %s", found)
	}
}
