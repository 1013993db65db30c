package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// reached says of each notebook which of the module's packages its cells can reach, directly and
// through others, with a hash (hex) of the files that each is compiled of. What cells execute
// depends on these, and on the modules that go.sum names.
func reached(list string, paths []string) (map[string]map[string]string, error) {
	known, err := readKnown(list)
	if err != nil {
		return nil, err
	}
	imports := map[string][]string{}
	var all []string
	for _, path := range paths {
		cells, err := readNotebook(path)
		if err != nil {
			return nil, err
		}
		// Where a cell can't be read, those after it are left out: executing it fails, so that what
		// they reach does not matter.
		builds, _, err := compose(path, cells, known)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		imports[path] = nil
		for _, b := range builds {
			file, err := parser.ParseFile(token.NewFileSet(), "", b.source, parser.ImportsOnly)
			if err != nil {
				return nil, fmt.Errorf("%s: parsing the program of cell %d: %w", path, b.cell, err)
			}
			for _, spec := range file.Imports {
				imports[path] = append(imports[path], strings.Trim(spec.Path.Value, "\"`"))
			}
		}
		all = append(all, imports[path]...)
	}
	slices.Sort(all)
	packages, err := ownPackages(slices.Compact(all))
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for path, from := range imports {
		out[path] = map[string]string{}
		packages.reach(from, out[path])
	}
	return out, nil
}

// ownPackage is a package of the module.
type ownPackage struct {
	imports []string
	hash    string
}

type ownPackagesByPath map[string]ownPackage

// reach adds the hashes of the packages and of what they import.
func (o ownPackagesByPath) reach(paths []string, to map[string]string) {
	for _, path := range paths {
		if own, ok := o[path]; ok && to[path] == "" {
			to[path] = own.hash
			o.reach(own.imports, to)
		}
	}
}

// ownPackages are the packages of the module among the given ones and all that these import.
func ownPackages(paths []string) (ownPackagesByPath, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	list := exec.Command("go", append([]string{"list", "-e", "-deps", "-json", "--"}, paths...)...)
	var stderr bytes.Buffer
	list.Stderr = &stderr
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing what the cells reach: %w\n%s", err, stderr.Bytes())
	}
	own := ownPackagesByPath{}
	for packages := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			ImportPath, Dir string
			Module          *struct{ Main bool }
			Imports         []string
			// What a package may be compiled of.
			GoFiles, CgoFiles, CFiles, CXXFiles, MFiles, HFiles, FFiles, SFiles, SwigFiles, SwigCXXFiles, SysoFiles, EmbedFiles []string
		}
		if err := packages.Decode(&p); err == io.EOF {
			return own, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list wrote: %w", err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		files := slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.CXXFiles, p.MFiles, p.HFiles, p.FFiles, p.SFiles, p.SwigFiles, p.SwigCXXFiles,
			p.SysoFiles, p.EmbedFiles)
		hash, err := hashFiles(p.Dir, files)
		if err != nil {
			return nil, fmt.Errorf("hashing the files of %s: %w", p.ImportPath, err)
		}
		own[p.ImportPath] = ownPackage{p.Imports, hash}
	}
}

// hashFiles is a hash of the names and contents of files in a folder.
func hashFiles(dir string, names []string) (string, error) {
	sums := map[string][sha256.Size]byte{}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		sums[name] = sha256.Sum256(content)
	}
	whole := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(whole, "%s %x\n", name, sums[name])
	}
	return fmt.Sprintf("%x", whole.Sum(nil))[:16], nil
}
