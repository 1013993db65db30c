package main

import (
	"fmt"
	"path/filepath"
	"reflect"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// way is one of the ways to a classifier.
type way struct {
	name string
	// probe is the linear probe that is fitted on features; nil where the way trains a network.
	probe *result.Measure
	// method learns from labels; nil of a probe.
	method func(set imageSet) ssl.Method
	// start tells whether the network starts from SimCLR's weights.
	start bool
}

// supervised are trainings on the labels alone.
func supervised(set imageSet) ssl.Method { return ssl.Supervised{Classes: set.classes} }

// semiSupervised are the methods that learn from labels and all images, each at its paper's
// settings but for the share of labels, which is that of the set, and what is chosen for short
// trainings. The first is compared by default.
func semiSupervised(set imageSet) []ssl.Method {
	c, share := set.classes, set.share
	return []ssl.Method{
		semi.FixMatch{Classes: c, Threshold: set.threshold, Share: share},
		semi.FreeMatch{Classes: c, Momentum: .99, Share: share},
		semi.FlexMatch{Classes: c, Threshold: set.threshold, Share: share},
		semi.SoftMatch{Classes: c, Momentum: .99, Share: share},
		semi.UDA{Classes: c, Share: share},
		semi.SimMatch{Classes: c, Threshold: set.threshold, Share: share},
		semi.MixMatch{Classes: c, Share: share},
	}
}

// ways are all of them, in the order of the table, with the semi-supervised methods of these names.
func ways(set imageSet, methods []string) ([]way, error) {
	probe := func(m result.Measure) *result.Measure {
		m.Linear = &eval.Linear{}
		return &m
	}
	all := []way{
		{name: fromScratch, method: supervised},
		{name: "pixels+linear", probe: probe(result.Measure{Pixels: true})},
		{name: "random+linear", probe: probe(result.Measure{Begun: true})},
		{name: linearProbe, probe: probe(result.Measure{}), start: true},
		{name: "simclr+fine-tuning", method: supervised, start: true},
	}
	for _, name := range methods {
		of := -1
		for i, m := range semiSupervised(set) {
			if m.Name() == name {
				of = i
			}
		}
		if of < 0 {
			return nil, fmt.Errorf("-semi names %q; it must be fixmatch, freematch, flexmatch, softmatch, uda, simmatch or mixmatch", name)
		}
		method := func(set imageSet) ssl.Method { return semiSupervised(set)[of] }
		all = append(all, way{name: name, method: method}, way{name: "simclr+" + name, method: method, start: true})
	}
	return all, nil
}

const (
	fromScratch = "supervised"
	linearProbe = "simclr+linear"
)

// rates are those that each way which trains a network tries, for each number of labels; a probe's
// L2 is chosen by cross-validation on its labels.
var rates = []float64{.15, .05, .015}

// emaDecay is that of the running mean of the weights that semi-supervised methods evaluate, as USB
// does, which has 0.999 for longer trainings.
const emaDecay = .99

// recipe is the training of a way on the labels of a source, by a rate. Its length is such that all
// ways cost as many operations, the pretraining of those that start from it counted: see steps.
func (s settings) recipe(w way, set imageSet, source data.Source, labels data.Subset, seed uint64, rate float64, start string) (kit.Recipe, error) {
	method := w.method(set)
	recipe := kit.Recipe{
		Encoder: s.encoder, Method: method, Start: start, Augment: []augment.Pipeline{set.view},
		Optimizer: optim.SGD{LR: rate, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Scaling: optim.Unscaled},
		Data:      data.Labelled{From: source, Subset: labels}, Batch: min(50, labels.PerClass*set.classes), Steps: 1, Seed: seed,
	}
	if _, ok := method.(ssl.SemiSupervised); ok {
		recipe.Data, recipe.Batch = data.PartlyLabelled{From: source, Subset: labels}, set.semiBatch
		recipe.Augment = []augment.Pipeline{set.weak, set.strong}
		if views := method.WithDefaults().Views(32, 32); reflect.DeepEqual(views[0], views[1]) { // It has weak ones alone, such as MixMatch.
			recipe.Augment = []augment.Pipeline{set.weak}
		}
		recipe.EMA = emaDecay
	}
	// Kept, since operations are counted in graphs that take their time to build.
	path := filepath.Join(s.dir, set.name, fmt.Sprintf("steps-%s-%d-%d-%d.json", w.name, labels.PerClass, set.images, set.steps))
	steps, err := result.Kept(path, func() (int, error) { return s.steps(w, set, recipe, source) })
	recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = steps, steps, max(steps/4, 1)
	return recipe, err
}

// steps are those that spend what a way has, by the graph of its step: as many operations as
// fine-tuning has, and where nothing was pretrained also those of the pretraining.
func (s settings) steps(w way, set imageSet, recipe kit.Recipe, source data.Source) (int, error) {
	recipe.Start = "" // Which changes no operation, and may not be there yet.
	own, err := kit.StepCostOf(recipe)
	if err != nil {
		return 0, err
	}
	budget, err := s.budget(w, set, recipe, source)
	return max(int(budget/own.FLOPs+.5), 1), err
}

// budget is what a way may spend on labels, in operations.
func (s settings) budget(w way, set imageSet, recipe kit.Recipe, source data.Source) (float64, error) {
	recipe.Method, recipe.Augment, recipe.EMA, recipe.Data, recipe.Batch = supervised(set), []augment.Pipeline{set.view}, 0, source, 50
	tuning, err := kit.StepCostOf(recipe)
	if err != nil || w.start {
		return tuning.FLOPs * float64(set.steps), err
	}
	pretraining, err := kit.StepCostOf(s.simCLR(set, set.images, recipe.Seed))
	return tuning.FLOPs*float64(set.steps) + pretraining.FLOPs*float64(set.images/set.batch), err
}

// simCLR is the pretraining on that many images.
func (s settings) simCLR(set imageSet, images int, seed uint64) kit.Recipe {
	return kit.Recipe{
		Data: set.source(seed), Encoder: s.encoder, Method: ssl.SimCLR{Temperature: .2, Hidden: 512},
		Augment:   []augment.Pipeline{set.view},
		Optimizer: optim.SGD{LR: set.lr, Momentum: .9, WeightDecay: 5e-4},
		Batch:     set.batch, Steps: max(images/set.batch, 1), Seed: seed,
	}
}

// weights is the file that a way starts from, or "".
func (w way) weights(pretrained string) string {
	if !w.start {
		return ""
	}
	return filepath.Join(pretrained, "encoder.safetensors")
}
