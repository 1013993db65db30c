package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// typeCheck returns what the compiler would refuse in the programs, each problem once, for the
// first cell that has it. All programs share what is read of the packages that they import.
func typeCheck(builds []build) ([]problem, error) {
	positions := token.NewFileSet()
	files := make([]*ast.File, len(builds))
	for i, b := range builds {
		file, err := parser.ParseFile(positions, "", b.source, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("%s: parsing the program of cell %d: %w", b.notebook, b.cell, err)
		}
		files[i] = file
	}
	exports, err := exportData(importPaths(files))
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(positions, "gc", exports.open)

	var problems []problem
	seen := map[problem]bool{}
	for i, b := range builds {
		for _, p := range check(b, positions, files[i], imports) {
			key := p
			key.build = 0
			if !seen[key] {
				seen[key] = true
				problems = append(problems, p)
			}
		}
	}
	return problems, nil
}

// check type-checks one program.
func check(b build, positions *token.FileSet, file *ast.File, imports types.Importer) (problems []problem) {
	config := types.Config{Importer: imports, Sizes: types.SizesFor("gc", runtime.GOARCH)}
	config.Error = func(err error) {
		var wrong types.Error
		if !errors.As(err, &wrong) {
			wrong.Msg = err.Error()
		}
		at := positions.Position(wrong.Pos)
		cell, err := strconv.Atoi(at.Filename)
		if err != nil { // In what is not from any cell.
			cell, at.Line = b.cell, 1
		}
		// A second part, as where something was declared before, belongs to the error before it.
		if more, ok := strings.CutPrefix(wrong.Msg, "\t"); ok && len(problems) > 0 {
			problems[len(problems)-1].message += fmt.Sprintf("; %s: cell %d, line %d", more, cell, at.Line)
			return
		}
		problems = append(problems, problem{b.notebook, cell, at.Line, wrong.Msg, b.cell})
	}
	config.Check("main", positions, []*ast.File{file}, nil) // Its error is the first of those above.
	slices.SortStableFunc(problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.line, b.line))
	})
	return problems
}

// exported says of each package where the compiler wrote what it exports, or why there is no such
// package.
type exported map[string]struct{ file, missing string }

func (e exported) open(path string) (io.ReadCloser, error) {
	if of := e[path]; of.file == "" {
		return nil, errors.New(cmp.Or(of.missing, "there is no such package"))
	}
	return os.Open(e[path].file)
}

// exportData compiles the packages where Go's cache does not have them. That one is missing is the
// fault of a cell; that one does not compile is not, and all that use it would fail in many ways.
func exportData(paths []string) (exported, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	list := exec.Command("go", append([]string{"list", "-e", "-export", "-json=ImportPath,Dir,Export,Error", "--"}, paths...)...)
	var stderr bytes.Buffer
	list.Stderr = &stderr
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages that cells import: %w\n%s", err, stderr.Bytes())
	}
	all := exported{}
	var broken, messages []string
	for packages := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			ImportPath, Dir, Export string
			Error                   struct{ Err string }
		}
		if err := packages.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list wrote: %w", err)
		}
		if p.Export == "" && p.Dir != "" && p.ImportPath != "unsafe" {
			broken = append(broken, p.ImportPath)
			messages = append(messages, p.Error.Err)
		}
		all[p.ImportPath] = struct{ file, missing string }{p.Export, p.Error.Err}
	}
	if len(broken) > 0 {
		return nil, fmt.Errorf("packages that cells import do not compile: %s\n%s",
			strings.Join(broken, ", "), strings.TrimSpace(strings.Join(messages, "\n")+"\n"+stderr.String()))
	}
	return all, nil
}
