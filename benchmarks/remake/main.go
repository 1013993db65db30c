// Command remake makes a row of a result again, from the file of the result alone, and says whether
// the bits are the same:
//
//	go run ./benchmarks/remake -file benchmarks/results/methods.json -row 3
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/kit"
	"sslkit/kit/rundir"
)

const asks = "Does a row of a result come out again, to the bit, from what its file tells?"

// options are the flags.
type options struct {
	question.Options
	images question.Images
	file   string
	row    int
	runs   int
}

func main() {
	var o options
	o.Register()
	o.images.Register()
	flag.StringVar(&o.file, "file", "", "the result, such as benchmarks/results/methods.json")
	flag.IntVar(&o.row, "row", 0, "the `number` of the row, from 1; 0 lists the rows")
	flag.IntVar(&o.runs, "first", 0, "make only this `number` of the row's first runs; 0: all")
	question.Main("remake", asks, func() error { return answer(o) })
}

// answer makes the row that is asked for, or lists all.
func answer(o options) error {
	r, err := result.Read(o.file)
	if err != nil {
		return err
	}
	if o.row == 0 {
		for i, row := range r.Rows {
			fmt.Printf("%4d  %s, %s\n", i+1, row.Case, row.Metric)
		}
		return nil
	}
	if now := rundir.Commit(); r.Rows != nil && now != r.Commit {
		fmt.Printf("the result is of commit %s, and this is %s\n", r.Commit, now)
	}
	if now := rundir.ThisMachine(); now != r.Machine {
		fmt.Printf("the result is of %+v, and this is %+v\n", r.Machine, now)
	}
	made, err := remake(o, r)
	for _, m := range made {
		fmt.Println(m)
	}
	if err != nil {
		return err
	}
	other := 0
	for _, m := range made {
		if !m.same() {
			other++
		}
	}
	if other > 0 {
		return fmt.Errorf("%d of %d runs have other bits", other, len(made))
	}
	fmt.Printf("all %d runs have the same bits\n", len(made))
	return nil
}

// made is a run that was made again.
type made struct {
	statistics.Run         // As the file has it.
	now            float64 // What it gives now.
}

func (m made) same() bool { return math.Float64bits(m.Value) == math.Float64bits(m.now) }

func (m made) String() string {
	if m.same() {
		return fmt.Sprintf("seed %d, draw %d: %v again", m.Seed, m.Draw, m.Value)
	}
	return fmt.Sprintf("seed %d, draw %d: %v in the file, and now %v", m.Seed, m.Draw, m.Value, m.now)
}

// remake trains and measures the runs of a row again, one after the other. It is an error where the
// file does not tell how: such a row takes its benchmark's own program.
func remake(o options, r result.Result) (all []made, err error) {
	if o.row < 1 || o.row > len(r.Rows) {
		return nil, fmt.Errorf("-row is %d; it must be from 1 to %d", o.row, len(r.Rows))
	}
	row := r.Rows[o.row-1]
	trained, ok := r.Trained(o.row - 1)
	if !ok || row.Measure == nil || len(row.Runs) == 0 {
		return nil, fmt.Errorf("row %d (%s, %s) does not tell how it is made from a recipe; go run ./benchmarks/%s makes it", o.row,
			row.Case, row.Metric, r.Benchmark)
	}
	for i, run := range row.Runs {
		if o.runs > 0 && i >= o.runs {
			break
		}
		now, err := o.value(r, row, trained, run)
		if err != nil {
			return all, fmt.Errorf("row %d, seed %d, draw %d: %w", o.row, run.Seed, run.Draw, err)
		}
		all = append(all, made{run, now})
	}
	return all, nil
}

// value trains one run and measures it.
func (o options) value(r result.Result, row, trained result.Row, run statistics.Run) (float64, error) {
	at := -1
	for i, t := range trained.Runs {
		if t.Seed == run.Seed && t.Draw == run.Draw {
			at = i
		}
	}
	if at < 0 || at >= len(trained.Patches) {
		return 0, fmt.Errorf("the row %s, %s, which tells the recipes, has no such run", trained.Case, trained.Metric)
	}
	dir := o.Runs("remake", r.Benchmark, fmt.Sprintf("%d-%d-%d", o.row, run.Seed, run.Draw))
	start := ""
	if trained.Start != nil {
		patched, err := result.Patched(trained.Start, trained.StartPatches[at])
		if err != nil {
			return 0, err
		}
		before, err := o.train(dir+"-start", patched, "", 0)
		if err != nil {
			return 0, err
		}
		start = before.WeightsFile()
	}
	patched, err := result.Patched(trained.Recipe, trained.Patches[at])
	if err != nil {
		return 0, err
	}
	steps := 0
	if m := row.Measure; m.Less == nil && (m.Begun || m.Pixels) { // Which no training changes.
		steps = 1
	}
	again, err := o.train(dir, patched, start, steps)
	if err != nil {
		return 0, err
	}
	return row.Measure.Of(again, run.Draw)
}

// train trains by a recipe, with the weights of a run that was made before, and for as many steps
// as it says, or as are given.
func (o options) train(dir string, recipe []byte, start string, steps int) (*kit.Run, error) {
	located, err := result.Located(recipe, func(name, hash string) (string, error) {
		if hash == "" {
			path := filepath.Join(o.images.Folder, name)
			if _, err := os.Stat(path); err != nil {
				return "", fmt.Errorf("looking for the images in the folder of -data: %w", err)
			}
			return path, nil
		}
		now, err := rundir.HashWeights(start)
		if err == nil && now != hash {
			err = fmt.Errorf("the weights that it starts from have the hash %s, and those in the file %s: they have other bits, or are made in "+
				"a way that the file does not tell", now, hash)
		}
		return start, err
	})
	if err != nil {
		return nil, err
	}
	read, err := kit.ReadRecipe(located)
	if err != nil {
		return nil, err
	}
	if steps > 0 {
		read.Steps, read.MonitorEvery, read.CheckpointEvery = steps, steps, steps
	}
	return kit.Pretrain(dir, read)
}
