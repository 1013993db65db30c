// Command zeroshot asks whether CLIP recognises, by texts, what it never saw put together:
//
//	go run ./benchmarks/zeroshot
package main

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
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
	"and settings were chosen on validation images. The value is the mean over the seeds, the interval Student's t over " +
	"them; in the control the training captions are shuffled over the images."

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
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	question.Main("zeroshot", asks, func() error { return measure(o) })
}

// measure trains on captions and on shuffled ones, and reports after each seed.
func measure(o options) error {
	seeds := 3
	if o.Quick {
		seeds = 2
	}
	if ready, err := o.launch.Ready(grid(o.Options, seeds)); err != nil || !ready {
		return err
	}
	out := result.New("zeroshot", protocol)
	runs := make([][]measurement, len(cases))
	var dirs []string
	for seed := range uint64(seeds) {
		for i, c := range cases {
			dirs = append(dirs, runDir(o.Options, c, seed+1))
			run, err := pretrain(runDir(o.Options, c, seed+1), recipeOf(o.Options, c, seed+1))
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", c.name, seed+1, err)
			}
			runs[i] = append(runs[i], run)
		}
		out.Rows, out.Notes = nil, nil
		for i, c := range cases {
			rows, err := rowsOf(c.name+"/shapes/resnet10-w16-half", runs[i])
			if err != nil {
				return err
			}
			out.Rows = append(out.Rows, rows...)
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

// recipeOf is the training of one seed.
func recipeOf(o question.Options, c training, seed uint64) kit.Recipe {
	shapes, images := data.Shapes{Train: trainImages}, seen
	if o.Quick {
		shapes, images = data.Shapes{Train: 4000, Validation: 256, Test: 1000}, 2560
	}
	if c.shuffled {
		images = min(images, seenShuffled)
	}
	all, heldOut := combinations()
	var source data.Source = data.HeldOut{From: shapes, Combinations: all[:heldOut]}
	if c.shuffled {
		source = shuffledCaptions{From: source, Seed: seed}
	}
	return kit.Recipe{
		Data:      source,
		Encoder:   encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem},
		Method:    ssl.CLIP{Out: 128, Text: encoder.Text{Width: 64, Depth: 2}},
		Optimizer: optim.AdamW{LR: rate, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1},
		Batch:     batch, Steps: images / batch, Seed: seed,
	}
}

// The images for training, those that a run sees, with their own captions and with others', those
// of a step, and the learning rate.
const (
	trainImages  = 40_000
	seen         = 240_000
	seenShuffled = 60_000
	batch        = 64
	rate         = 2e-3
)

// rowsOf are a row for each figure, the mean over the runs.
func rowsOf(name string, runs []measurement) ([]result.Row, error) {
	var rows []result.Row
	for i, first := range runs[0].Answers {
		var values []float64
		var each []string
		for _, run := range runs {
			a := run.Answers[i]
			values = append(values, a.Value)
			each = append(each, fmt.Sprintf("%.1f (%.1f to %.1f)", a.Value, a.Low, a.High))
		}
		row, err := result.Mean(name, fmt.Sprintf("%s (chance %.3g %%)", first.Metric, first.Chance), "%", values)
		if err != nil {
			return nil, err
		}
		row.Detail = fmt.Sprintf("%d images or queries; each seed, with the 95 %% interval over these: %s",
			first.N, strings.Join(each, ", "))
		rows = append(rows, row)
	}
	rows[0].Recipe = runs[0].recipe
	costs := make([]*result.Cost, len(runs))
	for i, run := range runs {
		costs[i] = run.Cost
	}
	rows[0].Cost = result.MeanCost(costs)
	return rows, nil
}

// notes say what the runs saw, and how the first figure stands to chance.
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
		fmt.Sprintf("A run sees %d images (%d in the control), in one view each, with one caption. Seconds and memory are the mean "+
			"of one run. Seeds: %d.", runs[0].Cost.ImagesSeen, min(runs[0].Cost.ImagesSeen, seenShuffled), len(runs)),
		fmt.Sprintf("Held-out combinations, told from each other: both intervals, over the seeds and over the %d test images of "+
			"any seed, are %s, which is %.3g %%. Who knew the colour alone would be right in some 40 %%, the "+
			"shape alone in 50 %%.",
			first.N, clear, 3*first.Chance),
	}
}
