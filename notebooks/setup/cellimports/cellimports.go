// Package cellimports adds to a notebook cell the imports that it needs.
//
// golang.org/x/tools/imports looks for a package such as kit by going through every module that the
// machine has ever downloaded, half a second or more for each cell, and takes the best guess of all
// it finds there. This package first takes what the repository itself uses, from a list that `make`
// writes: data is sslkit's, graph is GoMLX's. What the list does not have is left to the original.
package cellimports

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/imports"
)

// ReadList reads lines of a package's name and its import path. Names that several packages have
// are left out, to be decided by what the cell uses of them; those of the standard library are not
// to be taken by others.
func ReadList(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, path, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			return nil, fmt.Errorf("%s: want a name and an import path, got %q", file.Name(), lines.Text())
		}
		if _, taken := known[name]; taken {
			path = "" // Kept, so that a third one does not take the name either.
		}
		known[name] = path
	}
	return known, lines.Err()
}

// Fix returns the source with the imports it needs and without those it does not, formatted.
func Fix(path string, source []byte, known map[string]string) ([]byte, error) {
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, path, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for name := range missing(file) {
		if path := known[name]; path != "" {
			astutil.AddImport(positions, file, path)
		}
	}
	var buffer bytes.Buffer
	if err := format.Node(&buffer, positions, file); err != nil {
		return nil, err
	}
	return imports.Process(path, buffer.Bytes(), &imports.Options{Comments: true, TabIndent: true, TabWidth: 8})
}

// missing returns the names before a dot that nothing in the file declares or imports: packages to
// import.
func missing(file *ast.File) map[string]bool {
	unresolved := map[*ast.Ident]bool{}
	for _, name := range file.Unresolved {
		unresolved[name] = true
	}
	imported := map[string]bool{}
	for _, spec := range file.Imports {
		if spec.Name != nil {
			imported[spec.Name.Name] = true
		} else if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			imported[path[strings.LastIndexByte(path, '/')+1:]] = true
		}
	}
	names := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && unresolved[name] && !imported[name.Name] {
				names[name.Name] = true
			}
		}
		return true
	})
	return names
}
