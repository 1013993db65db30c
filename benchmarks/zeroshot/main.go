// Command zeroshot asks whether CLIP recognises, by texts, what it never saw put together:
//
//	go run ./benchmarks/zeroshot
package main

import (
	"flag"
	"fmt"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "Does CLIP recognise by texts combinations of colour and shape that it never saw?"

const protocol = "CLIP on images and captions of data.Shapes, from which all training images of 20 of the 80 " +
	"combinations of a colour and a shape are left out: each word is seen, those pairs never. Then test images are " +
	"recognised by texts, without a label: a class is the mean of the captions that say it, all else in them varied. Texts " +
	"were chosen on validation images. In the control the training captions are shuffled over the images; it sees as many images, " +
	"and both get the best of as many learning rates, by the seen combinations among all on validation images after a fifth of " +
	"the steps with seed 1. The value is the mean over the seeds, the interval Student's t over them, and the difference of " +
	"the two is paired by seed."

// training is one with its captions, or with those of other images.
type training struct {
	name     string
	shuffled bool
}

// cases are the trainings, with each seed.
var cases = []training{{"clip", false}, {"clip-shuffled-captions", true}}

// options are the flags.
type options struct {
	question.Options
	launch launch.Flags
	seeds  int
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	flag.IntVar(&o.seeds, "seeds", 5, "the number of seeds")
	question.Main("zeroshot", asks, func() error { return measure(o) })
}

// measure trains on captions and on shuffled ones, and reports after each seed.
func measure(o options) error {
	if o.Quick {
		o.seeds = question.Given("seeds", o.seeds, 2)
	}
	if ready, err := o.launch.Ready(trialGrid(o.Options), grid(o.Options, o.seeds)); err != nil || !ready {
		return err
	}
	out := result.New("zeroshot", protocol)
	images, err := o.Describe("shapes", data.Shapes{Train: trainImages})
	if err != nil {
		return err
	}
	out.Data = []result.Data{images}
	runs := make([][]measurement, len(cases))
	choices := make([]statistics.Choice, len(cases))
	var dirs []string
	for seed := range uint64(o.seeds) {
		for i, c := range cases {
			dirs = append(dirs, runDir(o.Options, c, seed+1))
			run, choice, err := pretrain(o.Options, c, seed+1)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", c.name, seed+1, err)
			}
			runs[i], choices[i] = append(runs[i], run), choice
		}
		if err := statistics.CheckFair(choices...); err != nil {
			return err
		}
		if out.Rows, err = allRows(runs, choices); err != nil {
			return err
		}
		out.Notes = notes(runs[0], out.Rows)
		if err := out.TellRuns(dirs); err != nil {
			return err
		}
		if err := out.Write(o.Results()); err != nil {
			return err
		}
	}
	return nil
}

// trials are the learning rates that a case tries, by the seen combinations among all on validation
// images.
func trials(o question.Options, c training) question.Trials {
	t := question.Trials{Side: c.name, On: "seen combinations among all, validation images", Dir: o.Runs("zeroshot", c.name+"-trials"),
		HeldOut: func(run *kit.Run) (float64, error) {
			answers, err := askAll(run, data.Validation)
			if err != nil {
				return 0, err
			}
			return answers[seenAmongAll].Value, nil
		}}
	for _, rate := range rates {
		recipe := recipeOf(o, c, question.TrialSeed, rate)
		recipe.Steps = max(recipe.Steps/question.TrialShare, 1)
		t.Settings = append(t.Settings, question.Setting{Name: fmt.Sprintf("rate %.3g", rate), Recipe: recipe})
	}
	return t
}

// recipeOf is the training of one seed.
func recipeOf(o question.Options, c training, seed uint64, rate float64) kit.Recipe {
	shapes, images, width, text := data.Shapes{Train: trainImages}, seen, 16, encoder.Text{Width: 64, Depth: 2}
	if o.Quick {
		shapes, images = data.Shapes{Train: 4000, Validation: 256, Test: 1000}, 256
		width, text = 4, encoder.Text{Width: 16, Depth: 1}
	}
	all, heldOut := combinations()
	var source data.Source = data.HeldOut{From: shapes, Combinations: all[:heldOut]}
	if c.shuffled {
		source = shuffledCaptions{From: source, Seed: seed}
	}
	return kit.Recipe{
		Data:      source,
		Encoder:   encoder.ResNet{Depth: 10, Width: width, Stem: encoder.HalfStem},
		Method:    ssl.CLIP{Out: 128, Text: text},
		Optimizer: optim.AdamW{LR: rate, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1},
		Batch:     batch, Steps: images / batch, Seed: seed,
	}
}

// The images for training, those that a run sees, those of a step, and the learning rates.
const (
	trainImages = 40_000
	seen        = 240_000
	batch       = 64
)

var rates = []float64{4e-3, 2e-3, 1e-3}

// allRows are those of both cases, and of their difference, paired by seed.
func allRows(runs [][]measurement, choices []statistics.Choice) ([]result.Row, error) {
	var rows []result.Row
	of := make([][]result.Row, len(cases))
	for i, c := range cases {
		var err error
		if of[i], err = rowsOf(c.name+"/shapes/resnet10-w16-half", runs[i]); err != nil {
			return nil, err
		}
	}
	for i, row := range of[0][:differ] {
		paired, err := statistics.Difference(row.Runs, of[1][i].Runs)
		if err != nil {
			return nil, fmt.Errorf("%s less the control: %w", row.Metric, err)
		}
		less, err := result.OverRuns(row.Case, row.Metric+", less that of the control", "points", paired)
		if err != nil {
			return nil, err
		}
		of[0] = append(of[0], less)
	}
	for i := range cases {
		trainings := make([]result.Training, len(runs[i]))
		for k, run := range runs[i] {
			trainings[k] = run.Training
		}
		if err := result.Case(of[i], "shapes", trainings); err != nil {
			return nil, err
		}
		of[i][0].Choice = &choices[i]
		rows = append(rows, of[i]...)
	}
	return rows, nil
}

// differ is the number of the first tasks whose difference from the control is told.
const differ = 3

// rowsOf are a row for each figure, the mean over the runs.
func rowsOf(name string, runs []measurement) ([]result.Row, error) {
	var rows []result.Row
	for i, first := range runs[0].Answers {
		var values []statistics.Run
		var each []string
		for seed, run := range runs {
			a := run.Answers[i]
			values = append(values, statistics.Run{Seed: uint64(seed + 1), Value: a.Value})
			each = append(each, fmt.Sprintf("%.1f (%.1f to %.1f)", a.Value, a.Low, a.High))
		}
		row, err := result.OverRuns(name, fmt.Sprintf("%s (chance %.3g %%)", first.Metric, first.Chance), "%", values)
		if err != nil {
			return nil, err
		}
		row.Detail = fmt.Sprintf("%d images or queries; each seed, with the 95 %% interval over these: %s",
			first.N, strings.Join(each, ", "))
		rows = append(rows, row)
	}
	return rows, nil
}

// notes say what the runs saw, and how the first figures stand to chance.
func notes(runs []measurement, rows []result.Row) []string {
	first := runs[0].Answers[0]
	least := first.Low
	for _, run := range runs {
		least = min(least, run.Answers[0].Low)
	}
	clear := "above three times chance"
	if !(rows[0].Low > 3*first.Chance && least > 3*first.Chance) {
		clear = "not clear of three times chance"
	}
	return []string{
		fmt.Sprintf("A run sees %d images, in one view each, with one caption. Seconds and memory are the mean of one run. Seeds: %d.",
			runs[0].Training.Cost.ImagesSeen, len(runs)),
		fmt.Sprintf("Held-out combinations, told from each other: both intervals, over the seeds and over the %d test images of "+
			"any seed, are %s, which is %.3g %%. Who knew the colour alone would be right in some 40 %%, the "+
			"shape alone in 50 %%. Among all 80 combinations, the seen ones too, it is %.1f %% [%.1f, %.1f].",
			first.N, clear, 3*first.Chance, rows[1].Value, rows[1].Low, rows[1].High),
	}
}
