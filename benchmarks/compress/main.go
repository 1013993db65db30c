// Command compress asks what making an encoder smaller costs, and what it buys:
//
//	go run ./benchmarks/compress
package main

import (
	"flag"
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/kit/stages"
)

const asks = "What does making an encoder smaller cost in accuracy, and what does it buy in size and speed?"

const protocol = "A ResNet-18 of width 16, pretrained by SimCLR on Shapes (1,800 steps of 64 images), is made " +
	"smaller in three ways, each for several seeds: distilled into a ResNet-10 of width 12, with the same student by SimCLR alone on as " +
	"many images beside it; half of the channels inside its blocks removed; 50, 80 and 90 % of its weights set to " +
	"zero, in three rounds. What was pruned is then trained by distillation from the whole. No labels are used " +
	"but by k-NN (k = 20, cosine, temperature 0.1), on features of whole test images with all training labels. " +
	"Accuracy is the mean over the seeds, its interval Student's t; the teacher is one run, its interval Wilson's " +
	"over the images. Latency is the median of an image from host to host, in float32, and its share of the " +
	"teacher's that of measurements taken in turns, with intervals by order statistics."

// options are the flags.
type options struct {
	question.Options
	seeds int
}

func main() {
	var o options
	o.Register()
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
	question.Main("compress", asks, func() error { return measure(o) })
}

// settings are the sizes of everything.
type settings struct {
	data                              data.Source
	teacher, student                  encoder.ResNet
	teacherSteps, studentSteps, tuned int // Steps of each training; tuned is that of what was pruned.
	rounds                            int // Of the latency.
}

const batch = 64

// compressed is one way to make an encoder smaller, with its runs, a seed each.
type compressed struct {
	name string
	runs []*kit.Run
	// pruned tells whether the runs start from pruned weights, so that the accuracy before training
	// says something.
	pruned bool
}

// measure trains a teacher, makes it smaller in all ways, and reports after each seed.
func measure(o options) error {
	s := settings{
		data: data.Shapes{}, teacher: encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
		student:      encoder.ResNet{Depth: 10, Width: 12, Stem: encoder.HalfStem},
		teacherSteps: 1800, studentSteps: 1800, tuned: 600, rounds: 200,
	}
	seeds := o.seeds
	if o.Quick {
		s.data, seeds = data.Shapes{Train: 640, Validation: 256, Test: 200}, 1
		s.teacherSteps, s.studentSteps, s.tuned, s.rounds = 20, 20, 5, 5
	}
	dir := o.Runs("compress")
	teacher, err := kit.Pretrain(filepath.Join(dir, "teacher-1"), s.simCLR(s.teacher, s.teacherSteps, 1))
	if err != nil {
		return err
	}
	ways := []*compressed{
		{name: "features/shapes/" + s.student.Name()}, {name: "simclr/shapes/" + s.student.Name()},
		{name: "channels-50/shapes/" + s.teacher.Name(), pruned: true},
	}
	for _, sparsity := range sparsities {
		name := fmt.Sprintf("magnitude-%.0f/shapes/%s", 100*sparsity, s.teacher.Name())
		ways = append(ways, &compressed{name: name, pruned: true})
	}
	// All with one seed before any with the next: what is stopped compares what it has.
	for seed := range uint64(seeds) {
		runs, err := s.train(dir, teacher, seed+1)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed+1, err)
		}
		for i, run := range runs {
			ways[i].runs = append(ways[i].runs, run)
		}
		if err := s.report(o, teacher, ways); err != nil {
			return err
		}
	}
	return nil
}

// sparsities are those of the rounds of magnitude pruning.
var sparsities = []float64{.5, .8, .9}

// simCLR is a recipe for Shapes that takes some minutes.
func (s settings) simCLR(e encoder.Encoder, steps int, seed uint64) kit.Recipe {
	return kit.Recipe{
		Data: s.data, Encoder: e, Method: ssl.SimCLR{Temperature: .2, Hidden: 512}, Augment: []augment.Pipeline{question.ShapesView},
		Optimizer: optim.SGD{LR: 1, Momentum: .9, WeightDecay: 5e-4}, Batch: batch, Steps: steps, Seed: seed,
	}
}

// distil is a recipe that learns from the teacher's features.
func (s settings) distil(teacher *kit.Run, e encoder.Encoder, lr float64, steps int, seed uint64) kit.Recipe {
	frozen := ssl.Frozen{Encoder: teacher.Recipe.Encoder, Weights: filepath.Join(teacher.Dir, "encoder.safetensors")}
	return kit.Recipe{
		Data: s.data, Encoder: e, Method: compress.Features{Teacher: frozen, Hidden: 512}, Augment: []augment.Pipeline{question.ShapesView},
		Optimizer: optim.SGD{LR: lr, Momentum: .9, WeightDecay: 1e-4}, Batch: batch, Steps: steps, Seed: seed,
	}
}

// train makes the teacher smaller in all ways, in the order of measure's, with one seed.
func (s settings) train(dir string, teacher *kit.Run, seed uint64) ([]*kit.Run, error) {
	at := func(name string) string { return filepath.Join(dir, fmt.Sprintf("%s-%d", name, seed)) }
	student, err := kit.Pretrain(at("features"), s.distil(teacher, s.student, 3, s.studentSteps, seed))
	if err != nil {
		return nil, err
	}
	alone, err := kit.Pretrain(at("simclr"), s.simCLR(s.student, s.studentSteps, seed))
	if err != nil {
		return nil, err
	}
	weights := filepath.Join(teacher.Dir, "encoder.safetensors")
	pruned := filepath.Join(dir, "channels.safetensors")
	fewer, err := compress.Channels{Remove: .5}.PruneFile(s.teacher, weights, pruned)
	if err != nil {
		return nil, err
	}
	recipe := s.distil(teacher, fewer, 1, s.tuned, seed)
	recipe.Start = pruned
	channels, err := kit.Pretrain(at("channels"), recipe)
	if err != nil {
		return nil, err
	}
	rounds, err := stages.PruneGradually(at("magnitude"), stages.Pruning{
		From: weights, Sparsities: sparsities, Recipe: s.distil(teacher, s.teacher, 1, s.tuned, seed),
	})
	if err != nil {
		return nil, err
	}
	return append([]*kit.Run{student, alone, channels}, rounds...), nil
}

// candidate is a run as compress.Compare takes it.
func candidate(name string, run *kit.Run) (compress.Candidate, error) {
	c := compress.Candidate{Name: name, Encoder: run.Recipe.Encoder, Weights: filepath.Join(run.Dir, "encoder.safetensors")}
	var err error
	c.Train, c.Test, err = question.TrainAndTest(run.Features)
	return c, err
}
