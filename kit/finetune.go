package kit

import (
	"cmp"
	"errors"
	"fmt"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// FineTuning trains a whole encoder, with a linear classifier on it, on the labels of a subset: an
// encoder that was pretrained, or one with random weights, which is the supervised baseline. Both
// want the same care with settings, or their comparison says nothing.
//
//	tuned, err := kit.FineTune("runs/tuned", kit.FineTuning{
//		Data: data.CIFAR10{}, Labels: data.Subset{PerClass: 10, Seed: 1},
//		Encoder: run.Recipe.Encoder, Start: filepath.Join(run.Dir, "encoder.safetensors"), LayerDecay: .75,
//	})
//	fmt.Println(tuned.Result)
type FineTuning struct {
	// Data are the images, with their labels. Required.
	Data data.Source
	// Labels are the training images whose labels may be used, those of HeldOut among them. The
	// zero value is all.
	Labels data.Subset
	// Encoder is the network to train. Required.
	Encoder encoder.Encoder
	// Start is the path of a file of weights, such as another run's encoder.safetensors; see
	// Recipe.Start. Default "": random weights.
	Start string
	// View is the augmentation. Default: that of ssl.Supervised, normalised as the weights of Start
	// want, where they say so.
	View augment.Pipeline
	// Smoothing moves this fraction of each target to all classes alike, in [0, 1). Default 0; see
	// ssl.Supervised.
	Smoothing float64
	// Mix blends the images of a batch and their labels alike, by Mixup and CutMix. The zero value
	// blends nothing; see ssl.Supervised.
	Mix augment.BatchMix
	// Optimizer updates the weights. Default: SGD with Nesterov momentum .9, a rate of 0.05
	// whatever the batch, decay 5e-4.
	Optimizer optim.Optimizer
	// LayerDecay is the factor in (0, 1] from one layer's learning rate to that of the layer before
	// it; see optim.LayerDecay. Default 1: all are the same.
	LayerDecay float64
	// Steps is the number of batches at most, at least 1. Default 1000.
	Steps int
	// Batch is the number of images a step. Default: all images that are trained on, but at most
	// 50.
	Batch int
	// HeldOut is the fraction of the labels in [0, 1) that are not trained on, but tell when to
	// stop; see data.SetAside. Default 0: the training goes to its last step, since a few labels
	// tell little.
	HeldOut float64
	// StopEarly is when to stop, where HeldOut is above 0. Default: 20 looks over the training, the
	// best of them kept.
	StopEarly StopEarly
	// Seed decides the initial weights of the classifier (and of the encoder without Start), the
	// order and the augmentation.
	Seed uint64
}

// FineTuned is what FineTune gives.
type FineTuned struct {
	Run    *Run        // The training; its Embeddings are the classes' logits.
	Result eval.Result // The accuracy on the test split, the interval, and the labels it cost.
}

// WithDefaults fills in the settings that were left at zero, but for Batch, which depends on the
// number of labels.
func (f FineTuning) WithDefaults() FineTuning {
	f.LayerDecay = cmp.Or(f.LayerDecay, 1)
	f.Steps = cmp.Or(f.Steps, 1000)
	if f.Optimizer == nil {
		f.Optimizer = optim.SGD{LR: .05, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Scaling: optim.Unscaled}
	}
	if f.HeldOut > 0 && f.StopEarly.Every == 0 {
		f.StopEarly.Every = max(f.Steps/20, 1)
	}
	return f
}

// FineTune trains in the run directory dir, and measures on the test split. Like Pretrain it is
// idempotent on dir. Its errors are those of Pretrain, and a setting out of range, which is named.
func FineTune(dir string, f FineTuning) (FineTuned, error) {
	recipe, labelled, err := f.recipe()
	if err != nil {
		return FineTuned{}, err
	}
	return classifier(dir, recipe, labelled, f.protocol())
}

// classifier trains one by a recipe, on labels that are told by features without values, and
// measures it on the test split.
func classifier(dir string, recipe Recipe, labelled eval.Features, protocol string) (FineTuned, error) {
	run, err := Pretrain(dir, recipe)
	if err != nil {
		return FineTuned{}, err
	}
	logits, err := run.Embeddings(data.Test)
	if err != nil {
		return FineTuned{}, err
	}
	result, err := eval.Classified(protocol, labelled, logits)
	if err != nil {
		return FineTuned{}, fmt.Errorf("the accuracy of the classifier in %s: %w", dir, err)
	}
	result.Seed = recipe.Seed
	return FineTuned{run, result}, nil
}

// recipe is the training, and what its labels are.
func (f FineTuning) recipe() (Recipe, eval.Features, error) {
	fail := func(err error) (Recipe, eval.Features, error) { return Recipe{}, eval.Features{}, err }
	if err := f.check(); err != nil {
		return fail(err)
	}
	f = f.WithDefaults()
	labelled, err := f.labelled()
	if err != nil {
		return fail(err)
	}
	recipe := Recipe{
		Data:    data.Labelled{From: f.Data, Subset: f.Labels},
		Encoder: f.Encoder, Start: f.Start, Optimizer: f.Optimizer,
		Method: ssl.Supervised{Classes: len(labelled.Classes), Smoothing: f.Smoothing, Mix: f.Mix},
		Steps:  f.Steps, Batch: f.Batch, Seed: f.Seed, MonitorEvery: f.Steps,
	}
	if f.View != nil {
		recipe.Augment = []augment.Pipeline{f.View}
	}
	if f.HeldOut > 0 {
		recipe.Data = data.SetAside{From: recipe.Data, Fraction: f.HeldOut, Seed: f.Seed}
		recipe.StopEarly = f.StopEarly
	}
	if f.LayerDecay < 1 {
		recipe.Optimizer = optim.PerVariable{Optimizer: f.Optimizer, Rates: optim.LayerDecay{Factor: f.LayerDecay}}
	}
	if recipe.Batch == 0 {
		set, err := recipe.Data.Open(data.Train)
		if err != nil {
			return fail(err)
		}
		defer set.Close()
		recipe.Batch = min(set.Len(), 50)
	}
	return recipe, labelled, nil
}

// check returns an error where a setting is out of range that Recipe does not know of.
func (f FineTuning) check() error {
	switch {
	case f.Data == nil:
		return setting.Missing("kit.FineTuning: Data", "a data.Source, such as data.Shapes{}")
	case f.HeldOut == 0 && f.StopEarly != StopEarly{}:
		return errors.New("kit.FineTuning: StopEarly is given and HeldOut is 0; there are no labels to stop by")
	}
	d := FineTuning{}.WithDefaults()
	return cmp.Or(
		setting.Must(f.LayerDecay >= 0 && f.LayerDecay <= 1, "kit.FineTuning: LayerDecay", f.LayerDecay, "in (0, 1]", d.LayerDecay),
		setting.Must(f.Steps >= 0, "kit.FineTuning: Steps", f.Steps, "at least 1", d.Steps),
		setting.Below(1, "kit.FineTuning: HeldOut", f.HeldOut),
	)
}

// labelled are the chosen images, for a result to tell them: features without values.
func (f FineTuning) labelled() (eval.Features, error) {
	set, err := f.Data.Open(data.Train)
	if err != nil {
		return eval.Features{}, err
	}
	defer set.Close()
	labels := data.Labels(set)
	indices, err := f.Labels.Indices(labels, len(set.Classes()))
	if err != nil {
		return eval.Features{}, fmt.Errorf("kit.FineTuning: Labels: %w", err)
	}
	chosen := eval.Features{N: len(indices), Classes: set.Classes(), Name: set.Name(), Indices: indices,
		SubsetHash: data.Hash(indices), SubsetSeed: f.Labels.Seed}
	for _, i := range indices {
		chosen.Labels = append(chosen.Labels, labels[i])
	}
	return chosen, nil
}

// protocol says in words what was done.
func (f FineTuning) protocol() string {
	f = f.WithDefaults()
	name := "fine-tuning"
	if f.Start == "" {
		name = "supervised from scratch"
	}
	stop := "to the last step"
	if f.HeldOut > 0 {
		stop = fmt.Sprintf("stopped by %g of the labels", f.HeldOut)
	}
	var targets string
	if f.Smoothing > 0 {
		targets += fmt.Sprintf("smoothing %g, ", f.Smoothing)
	}
	if f.Mix.Blends() {
		targets += fmt.Sprintf("mixup %g, cutmix %g, ", f.Mix.Mixup, f.Mix.CutMix)
	}
	return fmt.Sprintf("%s (%d steps, layer decay %g, %s%s)", name, f.Steps, f.LayerDecay, targets, stop)
}
