// Package launch runs the cells of a grid, such as the trainings of a comparison, in processes of
// their own: some at a time on this machine, or as an array job of Slurm.
//
//	go run ./benchmarks/methods -launcher local -j 4
//	go run ./benchmarks/methods -launcher slurm -sbatch "--partition=gpu --gres=gpu:1"
//	go run ./benchmarks/methods -launcher gather
//
// A cell depends on no other, and may be begun again at any time: it goes on where it was. So a cell
// that failed, was preempted or lost its node is just begun again.
//
// What is written lies in the grid's folder, a numbered folder for each launch, with these files:
//
//	cells      the names of its cells, a line each
//	0.log      what the first of them wrote, and so on
//	script.sh  the job script, for Slurm
//	job        the number of the array job, for Slurm
package launch

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Cell is a part of a grid that depends on no other part.
type Cell struct {
	// Name tells it from all others of the grid, such as "shapes/resnet10-w16-half/simclr-1". It is
	// one line.
	Name string
	// Done tells whether it needs no process. It is asked often.
	Done func() bool
	// Run does it, or goes on with it.
	Run func() error
}

// Keeps is the Done of a cell that is done once these files are there.
func Keeps(paths ...string) func() bool {
	return func() bool {
		return !slices.ContainsFunc(paths, func(path string) bool {
			_, err := os.Stat(path)
			return err != nil
		})
	}
}

// Grid is all cells of a question.
type Grid struct {
	Question string // Its folder in benchmarks.
	Folder   string // For scripts and logs. For Slurm, all nodes must see it at the same path.
	Cells    []Cell
}

// missing are the cells that are not done.
func (g Grid) missing() []Cell {
	return slices.DeleteFunc(slices.Clone(g.Cells), func(c Cell) bool { return c.Done() })
}

// Flags say where the cells of a grid run.
type Flags struct {
	launcher string
	jobs     int
	sbatch   string
	cell     string
}

// Register adds the flags to the command line.
func (f *Flags) Register() {
	flag.StringVar(&f.launcher, "launcher", "local", "run each cell in a process of its own, whose memory is then that cell's: local, on this "+
		"machine; slurm, as an array job; gather runs none, and writes the result where all are done")
	flag.IntVar(&f.jobs, "j", 0, "with -launcher, at most this `number` of cells at a time; 0 is one, for Slurm no limit")
	flag.StringVar(&f.sbatch, "sbatch", "", "with -launcher slurm, more `options` of sbatch, such as \"--partition=gpu "+
		"--gres=gpu:1\"; with --wait among them the command waits, and gathers")
	flag.StringVar(&f.cell, "cell", "", "run this cell alone, and write no result: what a launcher calls")
}

// launchers are the values of -launcher. Each begins what is missing of a grid.
var launchers = map[string]func(Flags, Grid) error{"local": local, "slurm": slurm, "gather": gather}

// Ready does with the cells of grids what the flags say, and tells whether the command is to go on to
// measure and write its result: in this process where there is no launcher, or from what the cells
// keep where all are done. It is false after a single cell, and where Slurm has cells to run. The cells
// of a grid may want those of the grids before it done: they begin when these are.
//
// It is an error if a flag is not one of those, if a cell fails (each is named, with its log), if a
// cell is missing that is to be gathered, and if Slurm does not take the job (with sbatch's words).
func (f Flags) Ready(grids ...Grid) (bool, error) {
	all := Grid{Question: grids[0].Question}
	for _, g := range grids {
		all.Cells = append(all.Cells, g.Cells...)
	}
	if err := cmp.Or(f.check(), all.check()); err != nil {
		return false, err
	}
	if f.cell != "" {
		return false, all.run(f.cell)
	}
	if f.launcher == "" {
		return true, nil
	}
	for _, g := range grids {
		if done, err := f.ready(g); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// IsCell tells whether this process runs one cell alone.
func (f Flags) IsCell() bool { return f.cell != "" }

// ready begins what is missing of one grid.
func (f Flags) ready(g Grid) (bool, error) {
	if len(g.missing()) > 0 {
		if err := launchers[f.launcher](f, g); err != nil {
			return false, err
		}
	}
	missing := g.missing()
	if len(missing) == 0 {
		fmt.Printf("all %d cells are done\n", len(g.Cells))
	}
	return len(missing) == 0, nil
}

// check returns an error where a flag is out of range or has no effect.
func (f Flags) check() error {
	_, known := launchers[f.launcher]
	switch {
	case f.launcher != "" && !known:
		return fmt.Errorf("-launcher is %q; it must be %s", f.launcher, strings.Join(slices.Sorted(maps.Keys(launchers)), ", "))
	case f.cell != "" && f.launcher != "" && f.launcher != "local":
		return fmt.Errorf("-cell runs one cell in this process; it does not go with -launcher %s", f.launcher)
	case f.jobs < 0:
		return fmt.Errorf("-j is %d; it must not be negative", f.jobs)
	case f.jobs > 0 && f.launcher != "local" && f.launcher != "slurm":
		return fmt.Errorf("-j goes with -launcher local or slurm alone")
	case f.sbatch != "" && f.launcher != "slurm":
		return fmt.Errorf("-sbatch goes with -launcher slurm alone")
	}
	return nil
}

// check returns an error where cells can't be told from each other.
func (g Grid) check() error {
	seen := map[string]bool{}
	for _, c := range g.Cells {
		if c.Name == "" || strings.ContainsAny(c.Name, "\r\n") || seen[c.Name] {
			return fmt.Errorf("the cell %q: a name must be one line, and of one cell", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// run runs one cell in this process.
func (g Grid) run(name string) error {
	at := slices.IndexFunc(g.Cells, func(c Cell) bool { return c.Name == name })
	if at < 0 {
		return fmt.Errorf("-cell: there is no cell %q by these flags", name)
	}
	cell := g.Cells[at]
	if err := cell.Run(); err != nil {
		return fmt.Errorf("cell %s: %w", name, err)
	}
	if !cell.Done() {
		return fmt.Errorf("cell %s has ended, but is not done: something that it keeps is missing", name)
	}
	fmt.Printf("cell %s is done\n", name)
	return nil
}

// arguments are the flags of this process that are a cell's too.
func arguments() []string {
	var all []string
	flag.Visit(func(given *flag.Flag) {
		if !slices.Contains([]string{"launcher", "j", "sbatch", "cell"}, given.Name) {
			all = append(all, fmt.Sprintf("-%s=%s", given.Name, given.Value))
		}
	})
	return all
}
