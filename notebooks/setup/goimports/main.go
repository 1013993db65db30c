// Command goimports is golang.org/x/tools/cmd/goimports for notebook cells: GoNB calls it as `goimports -w main.go` before
// it compiles a cell.
//
// The original looks for a package such as kit by going through every module that the machine has ever downloaded, half a
// second or more for each cell, and takes the best guess of all it finds there. This one first takes what
// the repository itself uses, from a list that `make` writes: data is sslkit's, graph is GoMLX's. What the list does
// not have is left to the original.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/imports"
)

func main() {
	write := flag.Bool("w", false, "write the result to the file instead of standard output")
	flag.Parse()
	known, err := readList(listPath())
	for _, path := range flag.Args() {
		if err == nil {
			err = fixFile(path, known, *write)
		}
	}
	if err != nil {
		scanner.PrintError(os.Stderr, err) // A line for each error: GoNB finds the cell's line by it.
		os.Exit(2)
	}
}

// listPath is where `make` writes the list: in the environment that this program is installed in.
func listPath() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(filepath.Dir(program)), "var", "packages")
}

// readList reads lines of a package's name and its import path. Names that several packages have are left out, to be
// decided by what the cell uses of them; those of the standard library are not to be taken by others. No list is
// an empty list.
func readList(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
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

func fixFile(path string, known map[string]string, write bool) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fixed, err := fix(path, source, known)
	if err != nil {
		return err
	}
	if !write {
		_, err = os.Stdout.Write(fixed)
		return err
	}
	if bytes.Equal(source, fixed) {
		return nil
	}
	return os.WriteFile(path, fixed, 0o644)
}

// fix returns the source with the imports it needs and without those it does not, formatted.
func fix(path string, source []byte, known map[string]string) ([]byte, error) {
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

// missing returns the names before a dot that nothing in the file declares or imports: packages to import.
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
