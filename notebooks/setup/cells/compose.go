package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/notebooks/setup/cellimports"
)

// build is the program that GoNB compiles for a cell.
type build struct {
	notebook string
	cell     int
	source   string // With positions, as declarations.render writes them.
}

// problem is one thing that is wrong in a cell.
type problem struct {
	notebook   string
	cell, line int
	message    string
	build      int // The cell whose program has it: a later one where that changed what this one uses.
}

func (p problem) String() string {
	in := ""
	if p.build != p.cell {
		in = fmt.Sprintf(" (when cell %d is executed)", p.build)
	}
	return fmt.Sprintf("%s: cell %d, line %d: %s%s", p.notebook, p.cell, p.line, p.message, in)
}

// compose makes the programs of a notebook's cells. A cell that is not Go ends that: what it
// declares is not known.
func compose(notebook string, cells []cell, known map[string]string) (builds []build, problems []problem, err error) {
	live := newDeclarations()
	for _, c := range cells {
		source, commands := split(c.lines)
		for _, command := range commands {
			switch {
			case command[0] == "reset" && len(command) == 1:
				live = newDeclarations()
			case command[0] == "rm", command[0] == "remove":
				for _, key := range command[1:] {
					live.remove(key)
				}
			}
		}
		if source == "" {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, "", source, parser.SkipObjectResolution)
		if err != nil {
			return builds, append(problems, syntaxProblems(notebook, c, err)...), nil
		}
		now := declared(c.number, source, positions, file)
		main, ok := now.functions["main"]
		delete(now.functions, "main") // It does not live on.
		if !ok {
			main = snippet{"func main() { flag.Parse() }", c.number, 1, 1}
		}
		live.merge(now)
		text, err := withImports(notebook, live, main, known)
		if err != nil {
			return nil, nil, fmt.Errorf("finding the imports of cell %d: %w", c.number, err)
		}
		builds = append(builds, build{notebook, c.number, text})
	}
	return builds, problems, nil
}

// syntaxProblems tells the first error alone, as those after it often only follow from it.
func syntaxProblems(notebook string, c cell, err error) []problem {
	line, message := 1, err.Error()
	var list scanner.ErrorList
	if errors.As(err, &list) {
		// What is missing at the end is noticed behind it.
		line, message = min(max(list[0].Pos.Line-1, 1), len(c.lines)), list[0].Msg
	}
	return []problem{{notebook, c.number, line, "syntax error: " + message + "; the cells after it were not checked", c.number}}
}

// withImports renders a program with the imports it needs. GoNB too takes only these from what
// goimports writes.
func withImports(notebook string, live declarations, main snippet, known map[string]string) (string, error) {
	// goimports also looks at the Go files that are beside the one it fixes: there are none beside
	// a notebook.
	path := filepath.Join(filepath.Dir(notebook), "main.go")
	fixed, err := cellimports.Fix(path, []byte(live.render(main, false)), known)
	if err != nil {
		return "", err
	}
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, path, fixed, parser.ImportsOnly)
	if err != nil {
		return "", err
	}
	needed := declared(main.cell, string(fixed), positions, file).imports
	for key, found := range needed {
		if own, ok := live.imports[key]; ok {
			needed[key] = own
		} else {
			needed[key] = snippet{found.text, main.cell, 1, 1}
		}
	}
	program := live
	program.imports = needed
	return program.render(main, true), nil
}

// importPaths are the packages that the files import.
func importPaths(files []*ast.File) []string {
	paths := map[string]bool{}
	for _, file := range files {
		for _, spec := range file.Imports {
			paths[strings.Trim(spec.Path.Value, "\"`")] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}
