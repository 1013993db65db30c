package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// step is one run of tests.
type step struct {
	folder string // Of the package, from the root of the tree, with slashes.
	tests  string // What is run, in words.
	run    string // For -run; empty for all tests of the package.
}

// The kinds of steps, for -tests.
const (
	besideTests   = "beside"
	packageTests  = "package"
	importerTests = "importers"
)

// goPackage is a package of the tree that has tests.
type goPackage struct {
	folder  string
	imports []string // Folders of the module's packages that it or its tests import.
	size    int64    // Of its tests, in bytes.
}

// steps are the runs of tests for a mutant, nearest first: the tests in the file beside the mutated
// one, all of its package, those of the packages that import it, smallest first and the benchmarks
// last. kinds says which of these.
func steps(root string, packages []goPackage, m mutant, kinds []string) ([]step, error) {
	var all []step
	if slices.Contains(kinds, besideTests) {
		names, err := testsBeside(root, m.file)
		if err != nil {
			return nil, fmt.Errorf("mutant %s: %w", m.name, err)
		}
		if len(names) > 0 {
			beside := strings.TrimSuffix(path.Base(m.file), ".go") + "_test.go"
			all = append(all, step{m.folder(), "those of " + beside, "^(" + strings.Join(names, "|") + ")$"})
		}
	}
	hasTests := func(p goPackage) bool { return p.folder == m.folder() }
	if slices.Contains(kinds, packageTests) && slices.ContainsFunc(packages, hasTests) {
		all = append(all, step{m.folder(), "all", ""})
	}
	if slices.Contains(kinds, importerTests) {
		for _, p := range importers(packages, m.folder()) {
			all = append(all, step{p.folder, "all", ""})
		}
	}
	return all, nil
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)\w*)\(`)

// testsBeside are the names of the tests in the test file beside a file; none where there is no
// such file.
func testsBeside(root, file string) ([]string, error) {
	beside := filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(file, ".go")+"_test.go"))
	source, err := os.ReadFile(beside)
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking for tests: %w", err)
	}
	var names []string
	for _, match := range testFunction.FindAllSubmatch(source, -1) {
		if name := string(match[1]); name != "TestMain" {
			names = append(names, name)
		}
	}
	return names, nil
}

// importers are the packages that import a folder's, smallest tests first, the benchmarks last.
func importers(packages []goPackage, folder string) []goPackage {
	var found []goPackage
	for _, p := range packages {
		if p.folder != folder && slices.Contains(p.imports, folder) {
			found = append(found, p)
		}
	}
	isBenchmark := func(p goPackage) int {
		if strings.HasPrefix(p.folder, "benchmarks") {
			return 1
		}
		return 0
	}
	slices.SortFunc(found, func(a, b goPackage) int {
		return cmp.Or(cmp.Compare(isBenchmark(a), isBenchmark(b)), cmp.Compare(a.size, b.size), cmp.Compare(a.folder, b.folder))
	})
	return found
}

// listed is what go list is asked for of each package.
const listed = `{{.ImportPath}} {{.Module.Path}}|{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}|` +
	`{{join .TestGoFiles " "}} {{join .XTestGoFiles " "}}`

// listPackages are the packages of the tree that have tests, but for this one, whose tests fail on
// any changed source.
func listPackages(ctx context.Context, root string) ([]goPackage, error) {
	command := exec.CommandContext(ctx, "go", "list", "-f", listed, "./...")
	command.Dir = root
	var message bytes.Buffer
	command.Stderr = &message
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages of %s: %w\n%s", root, err, &message)
	}
	var packages []goPackage
	for line := range strings.Lines(string(output)) {
		parts := strings.Split(line, "|")
		name, module, _ := strings.Cut(parts[0], " ")
		p := goPackage{folder: strings.TrimPrefix(strings.TrimPrefix(name, module), "/")}
		for imported := range strings.FieldsSeq(parts[1]) {
			if folder, inside := strings.CutPrefix(imported, module+"/"); inside {
				p.imports = append(p.imports, folder)
			}
		}
		tests := strings.Fields(parts[2])
		for _, file := range tests {
			info, err := os.Stat(filepath.Join(root, filepath.FromSlash(p.folder), file))
			if err != nil {
				return nil, fmt.Errorf("listing the tests of %s: %w", name, err)
			}
			p.size += info.Size()
		}
		if len(tests) > 0 && p.folder != "benchmarks/mutants" {
			packages = append(packages, p)
		}
	}
	return packages, nil
}
