package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// RunInfo is what is known of a run without evaluating it: a row of a RunTable.
type RunInfo struct {
	Name string // Path of its directory in the folder that was looked through, with slashes.
	Dir  string // Path of its directory.
	// Err says what is wrong with the directory, or which type or field of its recipe is not known;
	// what could be read all the same is there.
	Err error

	Run                   *Run // Nil where its recipe can't be read.
	Method, Encoder, Data string
	Seed                  uint64

	State RunState
	Why   string       // The error that it stopped with, where that is known.
	Alarm *train.Alarm // The collapse alarm as far as the run came; nil where there is none.

	Steps, Planned int              // Done, and of how many.
	Metrics        []rundir.Metrics // A line a step.
	Loss           float64          // Mean of the last twentieth of the steps; NaN before the first.
	Monitor        *rundir.Monitor  // The last look at the collapse monitors; nil where there is none.
	Probe          *rundir.Probe    // The last look of the OnlineProbe; nil where there is none.

	// Measured are the headline figures of the run's report.json; nil where there is none. Best is
	// the highest of them.
	Measured []Measured
	Best     *Measured

	Seconds         float64   // Of training, over all processes, compilation included.
	ImagesPerSecond float64   // Of the whole training, compilation included; each in all its views.
	FLOP            float64   // Of all its steps, as its report.json has it; 0 where there is none.
	Began           time.Time // Zero where it is not known.

	settings map[string]leaf // By path in the recipe.
}

// Measured is a figure of a run's report.
type Measured struct {
	Name string `json:"name"` // Of what, such as "k-NN".
	eval.Result
}

// RunState is how far a run has come.
type RunState int

// The states of a run.
const (
	Finished    RunState = iota // It trained to its end.
	Running                     // A process trains it now.
	Interrupted                 // It was interrupted or killed, and Pretrain goes on with it.
	Failed                      // It ended with another error, which RunInfo.Why has.
	Collapsed                   // The alarm ended it, as Recipe.StopOnCollapse has it.
	Diverged                    // Its loss, gradient or weights were no longer numbers.
	Damaged                     // RunInfo.Err says what is wrong.
)

// String is the state in a word.
func (s RunState) String() string {
	names := []string{"finished", "running", "interrupted", "failed", "collapsed", "diverged", "damaged"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("RunState(%d)", int(s))
	}
	return names[s]
}

// Runs looks for the runs in a folder, itself and all folders in it, and gives a row for each, by
// name. A damaged one is a row whose Err says what is wrong. Recipes, conditions and metrics are
// verified; weights are when they are used. It may be asked while runs are training.
//
//	table, err := kit.Runs("runs")
//	err = table.Sort(func(a, b kit.RunInfo) int { return cmp.Compare(a.Loss, b.Loss) }).Show()
//
// Hand over a value of each type of your own that recipes hold, as for Open.
//
// It is an error where the folder can't be read. Folders in it that can't be are rows.
func Runs(folder string, own ...any) (RunTable, error) {
	table := RunTable{Folder: folder}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(folder, path)
		switch {
		case err != nil && path == folder:
			return err
		case err != nil:
			table.Rows = append(table.Rows, RunInfo{Name: filepath.ToSlash(name), Dir: path, Err: err, State: Damaged, Loss: math.NaN()})
			return fs.SkipDir
		case !entry.IsDir() || !holdsRun(path):
			return nil
		}
		table.Rows = append(table.Rows, infoOf(filepath.ToSlash(name), path, own))
		return fs.SkipDir
	})
	if err != nil {
		return RunTable{}, fmt.Errorf("looking for runs in %s: %w", folder, err)
	}
	return table, nil
}

// holdsRun tells whether a directory is that of a run, whatever is left of it.
func holdsRun(dir string) bool {
	d := rundir.Dir(dir)
	return rundir.Exists(d.Path(rundir.RecipeFile)) || rundir.Exists(d.Path(rundir.MetricsFile))
}

// infoOf reads what there is of a run. Each part is read though another is damaged.
func infoOf(name, path string, own []any) RunInfo {
	dir, info := rundir.Dir(path), RunInfo{Name: name, Dir: path, Loss: math.NaN()}
	note := func(err error) {
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			info.Err = errors.Join(info.Err, err)
		}
	}
	unknown, err := info.readRecipe(dir, own)
	note(err)
	env, err := dir.Environment()
	note(err)
	info.Began = env.Began
	info.Metrics, err = dir.Metrics()
	note(err)
	info.summarise()
	note(info.readReport(dir))
	stopped, err := dir.Stopped()
	note(err)
	switch {
	case info.Err != nil:
		info.State = Damaged
	case dir.Finished():
		info.State = Finished
	case dir.Locked():
		info.State = Running
	case stopped == nil || stopped.Interrupted:
		info.State = Interrupted
	case stopped.Collapsed:
		info.State = Collapsed
	case stopped.Diverged:
		info.State = Diverged
	default:
		info.State = Failed
	}
	if stopped != nil && info.State != Finished && info.State != Running {
		info.Why = stopped.Error
	}
	info.Err = errors.Join(info.Err, unknown)
	return info
}

// readRecipe reads recipe.json. What of it is not known is no damage: its type may be the user's own,
// or of another version.
func (info *RunInfo) readRecipe(dir rundir.Dir, own []any) (unknown, err error) {
	content, err := dir.Read(rundir.RecipeFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s", dir.Path(rundir.RecipeFile)) // Else no error to note.
	}
	if err != nil {
		return nil, err
	}
	if info.settings, err = settingsOf(content); err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir.Path(rundir.RecipeFile), err)
	}
	run, err := Open(string(dir), own...)
	if err != nil {
		return err, nil
	}
	if err := run.check(); err != nil {
		return nil, err
	}
	info.Run = run
	recipe := info.Run.Recipe
	info.Method, info.Encoder, info.Data = recipe.Method.Name(), recipe.Encoder.Name(), recipe.Data.Name()
	info.Seed, info.Planned = recipe.Seed, recipe.Steps
	return nil, nil
}

// summarise fills in what the metrics tell.
func (info *RunInfo) summarise() {
	all := info.Metrics
	if len(all) == 0 {
		return
	}
	last := all[len(all)-1]
	info.Steps, info.Seconds = last.Step, last.Seconds
	if last.Step > 0 {
		info.Loss = 0
		part := all[len(all)-max(last.Step/20, 1):]
		for _, m := range part {
			info.Loss += m.Loss / float64(len(part))
		}
	}
	for _, m := range all {
		if m.Monitor != nil {
			info.Monitor = m.Monitor
		}
		if m.Probe != nil {
			info.Probe = m.Probe
		}
	}
	if info.Run == nil {
		return
	}
	info.Alarm = train.Diagnose(info.Run.Recipe.Method, rundir.Looks(all), info.Planned)
	if info.Seconds > 0 {
		info.ImagesPerSecond = float64(info.Steps) * float64(info.Run.Recipe.Batch) / info.Seconds
	}
}

// readReport reads the figures of report.json, which package report wrote.
func (info *RunInfo) readReport(dir rundir.Dir) error {
	var report struct {
		Sections []struct {
			Results []json.RawMessage `json:"results"`
		} `json:"sections"`
		Cost struct {
			FLOP float64 `json:"training_flops"`
		} `json:"cost"`
	}
	path := dir.Path("report.json")
	if err := rundir.ReadJSON(path, &report); err != nil {
		return err
	}
	info.FLOP = report.Cost.FLOP
	for _, section := range report.Sections {
		for _, encoded := range section.Results {
			var figure Measured
			if err := json.Unmarshal(encoded, &figure); err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
			info.Measured = append(info.Measured, figure)
		}
	}
	for i, figure := range info.Measured {
		if info.Best == nil || figure.Value > info.Best.Value {
			info.Best = &info.Measured[i]
		}
	}
	return nil
}
