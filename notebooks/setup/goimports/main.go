// Command goimports is golang.org/x/tools/cmd/goimports for notebook cells: GoNB calls it as
// `goimports -w main.go` before it compiles a cell. It looks for packages first in the list that
// `make` writes, as package cellimports tells.
package main

import (
	"bytes"
	"errors"
	"flag"
	"go/scanner"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/notebooks/setup/cellimports"
)

func main() {
	write := flag.Bool("w", false, "write the result to the file instead of standard output")
	flag.Parse()
	known, err := cellimports.ReadList(listPath())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // Without a list the original finds what it finds.
	}
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

func fixFile(path string, known map[string]string, write bool) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fixed, err := cellimports.Fix(path, source, known)
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
