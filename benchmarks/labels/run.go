package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// way is one of the ways to a classifier.
type way string

const (
	fromScratch     way = "supervised"
	linearProbe     way = "simclr+linear"
	fineTuned       way = "simclr+fine-tuning"
	fixMatchScratch way = "fixmatch"
	fixMatchTuned   way = "simclr+fixmatch"
)

// ways are all of them, in the order of the table.
var ways = []way{fromScratch, linearProbe, fineTuned, fixMatchScratch, fixMatchTuned}

// pretrained tells whether a way starts from the network of SimCLR.
func (w way) pretrained() bool { return w != fromScratch && w != fixMatchScratch }

// classifier is one classifier with what it cost.
type classifier struct {
	Way      way         `json:"way"`
	PerClass int         `json:"per_class"`
	Seed     uint64      `json:"seed"` // Of the pretraining, and of the draws that go with it.
	Draw     int         `json:"draw"`
	Result   eval.Result `json:"result"`
	Balanced float64     `json:"balanced"` // Mean accuracy of the classes.
	Pretrain int         `json:"pretrain"` // Images that SimCLR saw; 0 where there was none.
	Seen     int         `json:"seen"`     // Images of all trainings.
	FLOPs    float64     `json:"flops"`    // Of all trainings.
	// Seconds are of all trainings. SimCLR's are counted for each classifier that starts from it.
	Seconds float64 `json:"seconds"`
}

// classifiers are those of one set.
type classifiers []classifier

// cell is where a way is measured.
type cell struct {
	settings
	set        imageSet
	dir        string
	seed       uint64
	draw       int
	perClass   int
	pretrained *kit.Run
	train      eval.Features // Of SimCLR.
	test       eval.Features
}

// part is one pretraining with the classifiers on it.
type part struct {
	images int // That SimCLR sees.
	over   []wayCounts
}

// wayCounts is a way with the labels of each class that it is measured with.
type wayCounts struct {
	way    way
	counts []int
}

// parts are those of one seed.
func (s settings) parts(set imageSet) []part {
	var all []part
	for _, share := range s.shares {
		all = append(all, part{set.images / share, []wayCounts{{linearProbe, set.counts}}})
	}
	whole := part{set.images, []wayCounts{{linearProbe, s.probed}}}
	for _, w := range ways {
		whole.over = append(whole.over, wayCounts{w, set.counts})
	}
	return append(all, whole)
}

// measure adds all classifiers of one seed to those measured.
func (s settings) measure(dir string, set imageSet, seed uint64, measured *classifiers) error {
	for _, p := range s.parts(set) {
		if err := s.measurePart(dir, set, seed, p, measured); err != nil {
			return err
		}
	}
	return nil
}

// measurePart adds the classifiers of one pretraining.
func (s settings) measurePart(dir string, set imageSet, seed uint64, p part, measured *classifiers) error {
	c, err := s.pretrain(dir, set, p.images, seed)
	if err != nil {
		return err
	}
	for _, over := range p.over {
		if err := c.overDraws(measured, over.way, over.counts); err != nil {
			return err
		}
	}
	return nil
}

// runDir is the run directory of SimCLR on that many images.
func runDir(dir string, images int, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("simclr-%d-%d", images, seed))
}

// classifierDir is the run directory of a classifier on the pretraining in dir. The file beside it,
// with .json, keeps what was measured.
func classifierDir(dir string, w way, perClass, draw int) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%d-%d", w, perClass, draw+1))
}

// pretrain trains SimCLR on that many images.
func (s settings) pretrain(dir string, set imageSet, images int, seed uint64) (cell, error) {
	c := cell{settings: s, set: set, seed: seed, dir: runDir(dir, images, seed)}
	run, err := kit.Pretrain(c.dir, kit.Recipe{
		Data: set.source(seed), Encoder: s.encoder, Method: ssl.SimCLR{Temperature: .2, Hidden: 512},
		Augment:   []augment.Pipeline{set.view},
		Optimizer: optim.SGD{LR: set.lr, Momentum: .9, WeightDecay: 5e-4},
		Batch:     set.batch, Steps: images / set.batch, Seed: seed,
	})
	if err != nil {
		return c, err
	}
	c.pretrained = run
	c.train, c.test, err = question.TrainAndTest(run.Features)
	return c, err
}

// overDraws measures a way for each count and draw.
func (c cell) overDraws(measured *classifiers, w way, counts []int) error {
	for c.draw = range c.draws {
		for _, c.perClass = range counts {
			dir := classifierDir(c.dir, w, c.perClass, c.draw)
			one, err := result.Kept(dir+".json", func() (classifier, error) { return c.trainAndTest(w, dir) })
			if err != nil {
				return fmt.Errorf("%s, %d labels a class, draw %d: %w", w, c.perClass, c.draw+1, err)
			}
			*measured = append(*measured, one)
		}
	}
	return nil
}

// labels are those of this draw, other ones for every seed.
func (c cell) labels() data.Subset {
	return data.Subset{PerClass: c.perClass, Seed: 100*c.seed + uint64(c.draw)}
}

// steps is the length of a training with this number of labels.
func (c cell) steps() int { return c.set.steps[slices.Index(c.set.counts, c.perClass)] }

// trainAndTest trains a classifier in dir, and tests it.
func (c cell) trainAndTest(w way, dir string) (classifier, error) {
	out := classifier{Way: w, PerClass: c.perClass, Seed: c.seed, Draw: c.draw + 1}
	few, err := c.train.Subset(c.labels())
	if err != nil {
		return out, err
	}
	var runs []*kit.Run
	if w.pretrained() {
		runs = append(runs, c.pretrained)
		out.Pretrain = result.ImagesSeen(c.pretrained)
	}
	switch w {
	case linearProbe:
		out.Result, err = eval.Linear{}.Evaluate(few, c.test)
	case fromScratch, fineTuned:
		var tuned kit.FineTuned
		tuned, err = kit.FineTune(dir, c.fineTuning(w))
		out.Result, runs = tuned.Result, append(runs, tuned.Run)
	default:
		var run *kit.Run
		if run, err = kit.Pretrain(dir, c.fixMatch(w)); err != nil {
			return out, err
		}
		var logits eval.Features
		if logits, err = run.Embeddings(data.Test); err != nil {
			return out, err
		}
		out.Result, err = eval.Classified(fmt.Sprintf("FixMatch (%d steps)", c.steps()), few, logits)
		runs = append(runs, run)
	}
	if err != nil {
		return out, err
	}
	if out.Balanced, err = metric.BalancedAccuracy(c.test.Labels, out.Result.Predictions, c.set.classes); err != nil {
		return out, err
	}
	return out, out.addCost(runs)
}

// rate is the learning rate, whatever the batch.
func (c cell) rate(w way) optim.Optimizer {
	lr := c.set.scratch
	if w.pretrained() {
		lr = c.set.last
	}
	return optim.SGD{LR: lr, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Scaling: optim.Unscaled}
}

// weights is the file that a way starts from, or "".
func (c cell) weights(w way) string {
	if !w.pretrained() {
		return ""
	}
	return filepath.Join(c.pretrained.Dir, "encoder.safetensors")
}

// fineTuning is supervised training, from SimCLR's weights or from random ones.
func (c cell) fineTuning(w way) kit.FineTuning {
	return kit.FineTuning{
		Data: c.set.source(c.seed), Labels: c.labels(), Encoder: c.encoder, Start: c.weights(w), View: c.set.view,
		Optimizer: c.rate(w), Steps: c.steps(), Seed: c.seed,
	}
}

// fixMatch is semi-supervised training, from SimCLR's weights or from random ones.
func (c cell) fixMatch(w way) kit.Recipe {
	by := c.set.fixMatch
	return kit.Recipe{
		Data: data.PartlyLabelled{From: c.set.source(c.seed), Subset: c.labels()}, Encoder: c.encoder, Start: c.weights(w),
		Method:    semi.FixMatch{Classes: c.set.classes, Threshold: by.threshold, Share: by.share},
		Augment:   []augment.Pipeline{c.set.weak, c.set.view},
		Optimizer: c.rate(w), Batch: by.batch, Steps: c.steps(), Seed: c.seed,
		MonitorEvery: c.steps(), CheckpointEvery: max(c.steps()/4, 1),
	}
}

// addCost adds up what the trainings took.
func (r *classifier) addCost(runs []*kit.Run) error {
	for _, run := range runs {
		seconds, err := run.Seconds()
		if err != nil {
			return err
		}
		r.Seen, r.Seconds = r.Seen+result.ImagesSeen(run), r.Seconds+seconds
		r.FLOPs += trainingFLOPs(run)
	}
	return nil
}

// trainingFLOPs are those of all forward and backward passes of the encoder: a backward pass costs
// two forward ones.
func trainingFLOPs(run *kit.Run) float64 {
	views := run.Recipe.Batch
	switch method := run.Recipe.Method.(type) {
	case ssl.SimCLR:
		views *= 2
	case semi.FixMatch: // An image with a label is seen in its weak view, another one in both.
		views += run.Recipe.Batch - method.LabelledOf(run.Recipe.Batch)
	}
	return 3 * float64(run.Recipe.Encoder.Cost(32, 32).FLOPs()) * float64(views) * float64(run.Recipe.Steps)
}
