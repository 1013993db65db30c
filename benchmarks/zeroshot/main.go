package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const zeroshotProtocol = "CLIP on images and captions of data.Shapes, from which all training images of 20 of the 80 " +
	"combinations of a colour and a shape are left out: each word is seen, those pairs never. Then test images are " +
	"recognised by texts, without a label: a class is the mean of the captions that say it, all else in them varied. Texts " +
	"and settings were chosen on validation images. The value is the mean over the seeds, the interval Student's t over " +
	"them; in the control the training captions are shuffled over the images."

// zeroshotCase is a training, with its captions or with those of other images.
type zeroshotCase struct {
	name     string
	shuffled bool
}

// zeroshot measures whether CLIP recognises combinations that it never saw, by texts.
func zeroshot(o options) error {
	out := newResult("zeroshot", zeroshotProtocol)
	cases := []zeroshotCase{{"clip", false}, {"clip-shuffled-captions", true}}
	runs := make([][]zeroshotRun, len(cases))
	seeds := 3
	if o.quick {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		for i, c := range cases {
			recipe := zeroshotRecipe(o, c, seed+1)
			run, err := pretrainZeroshot(filepath.Join(o.runs, "zeroshot", fmt.Sprintf("%s-%d", c.name, seed+1)), recipe)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", c.name, seed+1, err)
			}
			runs[i] = append(runs[i], run)
		}
		out.Rows, out.Notes = nil, nil
		for i, c := range cases {
			rows, err := zeroshotRows(c.name+"/shapes/resnet10-w16-half", runs[i])
			if err != nil {
				return err
			}
			out.Rows = append(out.Rows, rows...)
		}
		out.Notes = zeroshotNotes(runs[0], out.Rows)
		if err := out.Write(o.results()); err != nil {
			return err
		}
	}
	return nil
}

// zeroshotRecipe is the training of one seed.
func zeroshotRecipe(o options, c zeroshotCase, seed uint64) kit.Recipe {
	shapes, images := data.Shapes{Train: zeroshotTrain}, zeroshotImages
	if o.quick {
		shapes, images = data.Shapes{Train: 4000, Validation: 256, Test: 1000}, 2560
	}
	if c.shuffled {
		images = min(images, zeroshotShuffled)
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
		Optimizer: optim.AdamW{LR: zeroshotRate, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1},
		Batch:     zeroshotBatch, Steps: images / zeroshotBatch, Seed: seed,
	}
}

// The images for training, those that a run sees, with their own captions and with others', those of a step, and the learning
// rate.
const (
	zeroshotTrain    = 40_000
	zeroshotImages   = 240_000
	zeroshotShuffled = 60_000
	zeroshotBatch    = 64
	zeroshotRate     = 2e-3
)

// zeroshotRows are a row for each figure, the mean over the runs.
func zeroshotRows(name string, runs []zeroshotRun) ([]row, error) {
	var rows []row
	for i, first := range runs[0].Answers {
		var values []float64
		var each []string
		for _, run := range runs {
			a := run.Answers[i]
			values = append(values, a.Value)
			each = append(each, fmt.Sprintf("%.1f (%.1f to %.1f)", a.Value, a.Low, a.High))
		}
		mean, err := metric.MeanInterval(values)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			Case: name, Metric: fmt.Sprintf("%s (chance %.3g %%)", first.Metric, first.Chance),
			Value: mean.Value, Low: mean.Low, High: mean.High, Unit: "%", N: mean.N, Seed: 1,
			Detail: fmt.Sprintf("%d images or queries; each seed, with the 95 %% interval over these: %s",
				first.N, strings.Join(each, ", ")),
		})
	}
	rows[0].Recipe = runs[0].recipe
	costs := make([]methodRun, len(runs))
	for i, run := range runs {
		costs[i].Cost = run.Cost
	}
	rows[0].Cost = meanCost(costs)
	return rows, nil
}

// zeroshotNotes say what the runs saw, and how the first figure stands to chance.
func zeroshotNotes(runs []zeroshotRun, rows []row) []string {
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
			"of one run. Seeds: %d.", runs[0].Cost.ImagesSeen, min(runs[0].Cost.ImagesSeen, zeroshotShuffled), len(runs)),
		fmt.Sprintf("Held-out combinations, told from each other: both intervals, over the seeds and over the %d test images of "+
			"any seed, are %s, which is %.3g %%. Who knew the colour alone would be right in some 40 %%, the "+
			"shape alone in 50 %%.",
			first.N, clear, 3*first.Chance),
	}
}
