package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sslkit/kit/wholefile"
)

// folder is that of one launch.
type folder struct {
	dir   string
	cells []string // Names.
	job   string   // Number of the array job; "" where there is none.
}

const (
	cellsFile  = "cells"
	jobFile    = "job"
	scriptFile = "script.sh"
)

// log is the path of what the i-th cell wrote.
func (f folder) log(i int) string { return filepath.Join(f.dir, fmt.Sprintf("%d.log", i)) }

// newFolder makes the folder of the next launch. Its path is absolute.
func (g Grid) newFolder(cells []Cell) (folder, error) {
	made, err := g.makeFolder(cells)
	if err != nil {
		return folder{}, fmt.Errorf("making the folder of a launch: %w", err)
	}
	return made, nil
}

func (g Grid) makeFolder(cells []Cell) (folder, error) {
	all, err := filepath.Abs(g.Folder)
	if err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(all, wholefile.FolderPerms); err != nil {
		return folder{}, err
	}
	numbers, err := g.numbers()
	if err != nil {
		return folder{}, err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[0] + 1
	}
	made := folder{}
	for { // Another launcher may make one meanwhile.
		made.dir = filepath.Join(all, strconv.Itoa(next))
		if err = os.Mkdir(made.dir, wholefile.FolderPerms); !errors.Is(err, fs.ErrExist) {
			break
		}
		next++
	}
	if err != nil {
		return folder{}, err
	}
	for _, c := range cells {
		made.cells = append(made.cells, c.Name)
	}
	return made, wholefile.WriteBytes(filepath.Join(made.dir, cellsFile), []byte(strings.Join(made.cells, "\n")+"\n"))
}

// numbers are those of the launches so far, the last first.
func (g Grid) numbers() ([]int, error) {
	entries, err := os.ReadDir(g.Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		if number, err := strconv.Atoi(entry.Name()); err == nil && entry.IsDir() {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers, nil
}

// folders are the launches so far, the last first.
func (g Grid) folders() ([]folder, error) {
	numbers, err := g.numbers()
	if err != nil {
		return nil, fmt.Errorf("looking for earlier launches: %w", err)
	}
	var all []folder
	for _, number := range numbers {
		f := folder{dir: filepath.Join(g.Folder, strconv.Itoa(number))}
		names, err := os.ReadFile(filepath.Join(f.dir, cellsFile))
		if errors.Is(err, fs.ErrNotExist) { // Its launcher was killed before there was anything to launch.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("looking for earlier launches: %w", err)
		}
		f.cells = strings.Split(strings.TrimSuffix(string(names), "\n"), "\n")
		job, err := os.ReadFile(filepath.Join(f.dir, jobFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking for earlier launches: %w", err)
		}
		f.job = strings.TrimSpace(string(job))
		if _, err := os.Stat(filepath.Join(f.dir, scriptFile)); err == nil && f.job == "" { // Slurm did not take it.
			continue
		}
		all = append(all, f)
	}
	return all, nil
}

// lastLine is the last line of a log that says something, "" where there is none.
func lastLine(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
