package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// labelWay is a way to a classifier.
type labelWay string

const (
	fromScratch     labelWay = "supervised"
	linearProbe     labelWay = "simclr+linear"
	fineTuned       labelWay = "simclr+fine-tuning"
	fixMatchScratch labelWay = "fixmatch"
	fixMatchTuned   labelWay = "simclr+fixmatch"
)

// labelWays are all of them, in the order of the table.
var labelWays = []labelWay{fromScratch, linearProbe, fineTuned, fixMatchScratch, fixMatchTuned}

// pretrained tells whether a way starts from the network of SimCLR.
func (w labelWay) pretrained() bool { return w != fromScratch && w != fixMatchScratch }

// labelRun is one classifier with what it cost.
type labelRun struct {
	Way      labelWay    `json:"way"`
	PerClass int         `json:"per_class"`
	Seed     uint64      `json:"seed"` // Of the pretraining, and of the draws that go with it.
	Draw     int         `json:"draw"`
	Result   eval.Result `json:"result"`
	Balanced float64     `json:"balanced"` // Mean accuracy of the classes.
	Pretrain int         `json:"pretrain"` // Images that SimCLR saw; 0 where there was none.
	Seen     int         `json:"seen"`     // Images of all trainings.
	FLOPs    float64     `json:"flops"`    // Of all trainings.
	Seconds  float64     `json:"seconds"`  // Of all trainings; that of SimCLR is counted for each classifier that starts from it.
}

// labelRuns are those of one set.
type labelRuns []labelRun

// labelCell is where a way is measured.
type labelCell struct {
	labelSettings
	set        labelSet
	dir        string
	seed       uint64
	draw       int
	perClass   int
	pretrained *kit.Run
	train      eval.Features // Of SimCLR.
	test       eval.Features
}

// measure adds all classifiers of one seed to the runs.
func (s labelSettings) measure(dir string, set labelSet, seed uint64, runs *labelRuns) error {
	for _, share := range s.shares {
		cell, err := s.pretrain(dir, set, set.images/share, seed)
		if err != nil {
			return err
		}
		if err := cell.overDraws(runs, linearProbe, set.counts); err != nil {
			return err
		}
	}
	cell, err := s.pretrain(dir, set, set.images, seed)
	if err != nil {
		return err
	}
	if err := cell.overDraws(runs, linearProbe, s.probed); err != nil {
		return err
	}
	for _, way := range labelWays {
		if err := cell.overDraws(runs, way, set.counts); err != nil {
			return err
		}
	}
	return nil
}

// pretrain trains SimCLR on so many images.
func (s labelSettings) pretrain(dir string, set labelSet, images int, seed uint64) (labelCell, error) {
	cell := labelCell{labelSettings: s, set: set, seed: seed, dir: filepath.Join(dir, fmt.Sprintf("simclr-%d-%d", images, seed))}
	run, err := kit.Pretrain(cell.dir, kit.Recipe{
		Data: set.source(seed), Encoder: s.encoder, Method: ssl.SimCLR{Temperature: .2, Hidden: 512, View: set.view},
		Optimizer: optim.SGD{LR: set.lr, Momentum: .9, WeightDecay: 5e-4},
		Batch:     set.batch, Steps: images / set.batch, Seed: seed,
	})
	if err != nil {
		return cell, err
	}
	cell.pretrained = run
	if cell.train, err = run.Features(data.Train); err != nil {
		return cell, err
	}
	cell.test, err = run.Features(data.Test)
	return cell, err
}

// overDraws measures a way for each count and draw.
func (c labelCell) overDraws(runs *labelRuns, way labelWay, counts []int) error {
	for c.draw = range c.draws {
		for _, c.perClass = range counts {
			dir := filepath.Join(c.dir, fmt.Sprintf("%s-%d-%d", way, c.perClass, c.draw+1))
			run, err := remembered(dir+".json", func() (labelRun, error) { return c.classifier(way, dir) })
			if err != nil {
				return fmt.Errorf("%s, %d labels a class, draw %d: %w", way, c.perClass, c.draw+1, err)
			}
			*runs = append(*runs, run)
		}
	}
	return nil
}

// labels are those of this draw, other ones for every seed.
func (c labelCell) labels() data.Subset {
	return data.Subset{PerClass: c.perClass, Seed: 100*c.seed + uint64(c.draw)}
}

// steps is the length of a training with this number of labels.
func (c labelCell) steps() int { return c.set.steps[slices.Index(c.set.counts, c.perClass)] }

// classifier trains and tests one.
func (c labelCell) classifier(way labelWay, dir string) (labelRun, error) {
	out := labelRun{Way: way, PerClass: c.perClass, Seed: c.seed, Draw: c.draw + 1}
	few, err := c.train.Subset(c.labels())
	if err != nil {
		return out, err
	}
	var runs []*kit.Run
	if way.pretrained() {
		runs = append(runs, c.pretrained)
		out.Pretrain = imagesSeen(c.pretrained)
	}
	switch way {
	case linearProbe:
		out.Result, err = eval.Linear{}.Evaluate(few, c.test)
	case fromScratch, fineTuned:
		var tuned kit.FineTuned
		tuned, err = kit.FineTune(dir, c.fineTuning(way))
		out.Result, runs = tuned.Result, append(runs, tuned.Run)
	default:
		var run *kit.Run
		if run, err = kit.Pretrain(dir, c.fixMatch(way)); err != nil {
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
func (c labelCell) rate(way labelWay) optim.Optimizer {
	lr := c.set.scratch
	if way.pretrained() {
		lr = c.set.last
	}
	return optim.SGD{LR: lr, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Scaling: optim.Unscaled}
}

// weights is the file that a way starts from, or "".
func (c labelCell) weights(way labelWay) string {
	if !way.pretrained() {
		return ""
	}
	return filepath.Join(c.pretrained.Dir, "encoder.safetensors")
}

// fineTuning is supervised training, from SimCLR's weights or from random ones.
func (c labelCell) fineTuning(way labelWay) kit.FineTuning {
	return kit.FineTuning{
		Data: c.set.source(c.seed), Labels: c.labels(), Encoder: c.encoder, Start: c.weights(way), View: c.set.view,
		Optimizer: c.rate(way), Steps: c.steps(), Seed: c.seed,
	}
}

// fixMatch is semi-supervised training, from SimCLR's weights or from random ones.
func (c labelCell) fixMatch(way labelWay) kit.Recipe {
	settings := c.set.fixMatch
	return kit.Recipe{
		Data: data.PartlyLabelled{From: c.set.source(c.seed), Subset: c.labels()}, Encoder: c.encoder, Start: c.weights(way),
		Method: semi.FixMatch{
			Classes: c.set.classes, Threshold: settings.threshold, Share: settings.share, Weak: c.set.weak, Strong: c.set.view,
		},
		Optimizer: c.rate(way), Batch: settings.batch, Steps: c.steps(), Seed: c.seed,
		MonitorEvery: c.steps(), CheckpointEvery: max(c.steps()/4, 1),
	}
}

func imagesSeen(run *kit.Run) int { return run.Recipe.Steps * run.Recipe.Batch }

// addCost adds up what the trainings took.
func (r *labelRun) addCost(runs []*kit.Run) error {
	for _, run := range runs {
		seconds, err := run.Seconds()
		if err != nil {
			return err
		}
		r.Seen, r.Seconds = r.Seen+imagesSeen(run), r.Seconds+seconds
		r.FLOPs += trainingFLOPs(run)
	}
	return nil
}

// trainingFLOPs are those of all forward and backward passes of the encoder: a backward pass costs two forward ones.
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
