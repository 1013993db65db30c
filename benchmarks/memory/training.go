package main

import (
	"os"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/attack"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/corrupt"
	"sslkit/kit/curate"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// reported tells whether training number i, counted from 0, is one of a ResNet with a report: that
// takes as long as several others.
func reported(i int) bool { return (i+1)%30 == settled }

// side is the height and the width of images in pixels.
const side = 32

var (
	resNet = encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem}
	viT    = encoder.ViT{Patch: 16, Width: 16, Depth: 1, Heads: 1}
)

// view is a light one: what a view costs to compile says nothing here.
var view = []augment.Pipeline{{augment.RandomResizedCrop{Size: side}, augment.Flip{}, augment.Normalize{}}}

// recipe is that of training number i, counted from 0, and the directory of its run in the folder,
// which is that of earlier trainings of the kind.
func recipe(folder string, i int) (kit.Recipe, string) {
	teacher := filepath.Join(folder, "simclr")
	switch {
	case reported(i):
		return kit.Recipe{Encoder: resNet, Method: ssl.SimCLR{}}, filepath.Join(folder, "resnet")
	case i%3 == 0:
		return kit.Recipe{Encoder: viT, Method: ssl.SimCLR{}}, teacher
	case i%3 == 1:
		return kit.Recipe{Encoder: viT, Method: ssl.BYOL{}}, filepath.Join(folder, "byol")
	}
	frozen := ssl.Frozen{Encoder: viT, Weights: filepath.Join(teacher, rundir.EncoderFile)}
	return kit.Recipe{Encoder: viT, Method: compress.Features{Teacher: frozen}}, filepath.Join(folder, "distilled")
}

// train trains number i, counted from 0, and does with the run what a user does.
func train(folder string, i int) error {
	recipe, dir := recipe(folder, i)
	recipe.Augment = view
	recipe.Data, recipe.Seed = data.Shapes{Train: 320, Validation: 64, Test: 128}, uint64(i)+1
	recipe.Steps, recipe.Batch, recipe.MonitorEvery, recipe.CheckpointEvery = 12, 32, 4, 6
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return err
	}
	train, test, err := question.TrainAndTest(run.Features)
	if err != nil {
		return err
	}
	for _, probe := range []eval.Probe{question.KNN, question.Linear} {
		if _, err := probe.Evaluate(train, test); err != nil {
			return err
		}
	}
	if _, err := run.Embeddings(data.Test); err != nil {
		return err
	}
	if !reported(i) {
		return nil
	}
	if _, err := report.Of(run, parts); err != nil {
		return err
	}
	_, err = compress.Comparison{Height: side, Width: side, Rounds: 5, Passes: 1}.Compare(compress.Candidate{
		Name: recipe.Encoder.Name(), Encoder: recipe.Encoder, Weights: filepath.Join(run.Dir, rundir.EncoderFile), Train: train, Test: test,
	})
	return err
}

// parts are all that a report can have, in small.
var parts = report.Parts{
	Linear: question.Linear, LabelCurve: &eval.LabelCurve{PerClass: []int{1, 5}, Draws: 2}, FewShot: &eval.FewShot{Episodes: 20},
	Retrieval: &eval.Retrieval{}, Calibration: &eval.Calibration{}, Robustness: &eval.Robustness{},
	Corruptions: []corrupt.Corruption{corrupt.GaussianNoise, corrupt.Fog}, Attack: &attack.Sweep{Attack: attack.PGD{Steps: 2}, Images: 32},
	Fairness: &eval.Fairness{Attribute: "background"}, Overfit: &eval.Overfit{}, Curation: &curate.Perceptual{},
}
