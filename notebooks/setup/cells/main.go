// Command cells type-checks the code cells of notebooks, each as GoNB would compile it, and runs
// none:
//
//	go run ./notebooks/setup/cells notebooks/*.ipynb
//
// An error names the notebook, the code cell and the line in the cell. Cells are counted from 1 as
// when they are executed: empty ones are left out.
//
// With -reach, it checks nothing, and prints which packages of the module the cells can reach:
//
//	{"notebooks/quickstart.ipynb": {"sslkit/data": "8d24f1ab34c1a0de", …}}
//
// The values are hashes of the packages' files.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/notebooks/setup/cellimports"
)

func main() {
	environment := cmp.Or(os.Getenv("VIRTUAL_ENV"), ".venv")
	list := flag.String("packages", filepath.Join(environment, "var", "packages"),
		"`file` of the packages that cells may use without an import; make setup writes it")
	reach := flag.Bool("reach", false, "print the module's packages that the cells can reach, as JSON")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: cells [-packages file] [-reach] notebook...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if *reach {
		packages, err := reached(*list, flag.Args())
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(packages)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	problems, cells, err := run(*list, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d cells would compile\n", cells)
}

// run checks the notebooks and returns what is wrong, and how many cells it looked at.
func run(list string, paths []string) (problems []problem, cells int, err error) {
	known, err := readKnown(list)
	if err != nil {
		return nil, 0, err
	}
	var builds []build
	for _, path := range paths {
		code, err := readNotebook(path)
		if err != nil {
			return nil, 0, err
		}
		cells += len(code)
		of, wrong, err := compose(path, code, known)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", path, err)
		}
		builds, problems = append(builds, of...), append(problems, wrong...)
	}
	wrong, err := typeCheck(builds)
	return append(problems, wrong...), cells, err
}

// readKnown reads the list of packages that cells may use without an import.
func readKnown(list string) (map[string]string, error) {
	known, err := cellimports.ReadList(list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no list of packages, which make setup writes: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of packages: %w", err)
	}
	return known, nil
}
