// Command compress asks what making an encoder smaller costs, and what it buys:
//
//	go run ./benchmarks/compress
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/kit/stages"
	"sslkit/kit/wholefile"
)

const asks = "What does making an encoder smaller cost in accuracy, and what does it buy in size and speed?"

const protocol = "A ResNet-18 of width 16, pretrained by SimCLR on Shapes (1,800 steps of 64 images), is made smaller in three ways, for " +
	"several seeds, of each teacher its own: distilled into a ResNet-10 of width 12, with the same student by SimCLR alone on as " +
	"many images beside it; half of the channels inside its blocks removed; 50, 80 and 90 % of its weights set to " +
	"zero, in three rounds. What was pruned is then trained by distillation from the whole. Each training gets the best of as many " +
	"learning rates, by k-NN on a held-out fifth of the training images, after a fifth of the steps with seed 1. No labels are used " +
	"but by k-NN (k = 20, cosine, temperature 0.1), on features of whole test images with all training labels. Values are means " +
	"over the seeds, intervals Student's t over them; shares of the teacher and differences are paired by seed. Size and latency are of " +
	"the first seed's weights. Latency is the median of an image from host to host, in float32, and its share of the " +
	"teacher's that of measurements taken in turns, with intervals by order statistics over these."

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
	question.Main("compress", asks, func() error { return measure(o) })
}

// settings are the sizes of everything.
type settings struct {
	dir                               string
	data                              data.Source
	teacher, student                  encoder.ResNet
	teacherSteps, studentSteps, tuned int // Steps of each training; tuned is that of what was pruned.
	batch                             int
	rounds                            int // Of the latency.
}

// way is one way to make an encoder smaller, or to train one.
type way struct {
	name  string    // Of its runs.
	of    string    // Of its case.
	tried string    // Name of its trials, which ways may share; "" is name.
	rates []float64 // That it tries.
	// train trains in a folder with a seed and at a rate; trial tells that it is to see four fifths
	// of the images for a fifth of the steps.
	train func(s settings, dir string, seed uint64, rate float64, trial bool) (*kit.Run, error)
	// alone tells that it has no teacher.
	alone bool
	// pruned tells whether the runs start from pruned weights, so that the accuracy before training
	// says something.
	pruned bool
}

// sparsities are those of the rounds of magnitude pruning.
var sparsities = []float64{.5, .8, .9}

// ways are the teacher, and all that is made of it. Each round of magnitude pruning goes on from
// the one before, at the same rate, which is tried on a round of its own.
func (s settings) ways() []way {
	fromScratch, fromPruned := []float64{2, 1, .5}, []float64{3, 1, .3}
	all := []way{
		{name: "teacher", of: "simclr/shapes/" + s.teacher.Name(), rates: fromScratch, alone: true, train: settings.trainTeacher},
		{name: "features", of: "features/shapes/" + s.student.Name(), rates: []float64{6, 3, 1}, train: settings.trainFeatures},
		{name: "simclr", of: "simclr/shapes/" + s.student.Name(), rates: fromScratch, alone: true, train: settings.trainAlone},
		{name: "channels", of: "channels-50/shapes/" + s.teacher.Name(), rates: fromPruned, train: settings.trainChannels, pruned: true},
	}
	for i, sparsity := range sparsities {
		all = append(all, way{
			name: fmt.Sprintf("magnitude/round-%d", i+1), of: fmt.Sprintf("magnitude-%.0f/shapes/%s", 100*sparsity, s.teacher.Name()), rates: fromPruned, tried: "magnitude",
			train: func(s settings, dir string, seed uint64, rate float64, trial bool) (*kit.Run, error) {
				return s.trainMagnitude(dir, i+1, seed, rate, trial)
			}, pruned: true,
		})
	}
	return all
}

// sized are the recipe's images and steps, or those of a trial.
func sized(recipe kit.Recipe, trial bool) kit.Recipe {
	if trial {
		return question.AsTrial(recipe)
	}
	return recipe
}

// simCLR is a recipe for Shapes that takes some minutes.
func (s settings) simCLR(e encoder.Encoder, rate float64, steps int, seed uint64) kit.Recipe {
	return kit.Recipe{
		Data: s.data, Encoder: e, Method: ssl.SimCLR{Temperature: .2, Hidden: 512}, Augment: []augment.Pipeline{question.ShapesView},
		Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4}, Batch: s.batch, Steps: steps, Seed: seed,
	}
}

// distil is a recipe that learns from the features of the seed's teacher.
func (s settings) distil(e encoder.Encoder, rate float64, steps int, seed uint64) kit.Recipe {
	frozen := ssl.Frozen{Encoder: s.teacher, Weights: s.teacherWeights(seed)}
	return kit.Recipe{
		Data: s.data, Encoder: e, Method: compress.Features{Teacher: frozen, Hidden: 512}, Augment: []augment.Pipeline{question.ShapesView},
		Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 1e-4}, Batch: s.batch, Steps: steps, Seed: seed,
	}
}

func (s settings) teacherWeights(seed uint64) string {
	return filepath.Join(s.runDir("teacher", seed), "encoder.safetensors")
}

func (s settings) trainTeacher(dir string, seed uint64, rate float64, trial bool) (*kit.Run, error) {
	return result.Pretrain(dir, sized(s.simCLR(s.teacher, rate, s.teacherSteps, seed), trial))
}

func (s settings) trainFeatures(dir string, seed uint64, rate float64, trial bool) (*kit.Run, error) {
	return result.Pretrain(dir, sized(s.distil(s.student, rate, s.studentSteps, seed), trial))
}

func (s settings) trainAlone(dir string, seed uint64, rate float64, trial bool) (*kit.Run, error) {
	return result.Pretrain(dir, sized(s.simCLR(s.student, rate, s.studentSteps, seed), trial))
}

func (s settings) trainChannels(dir string, seed uint64, rate float64, trial bool) (*kit.Run, error) {
	if err := os.MkdirAll(filepath.Dir(dir), wholefile.FolderPerms); err != nil {
		return nil, err
	}
	pruned := dir + ".safetensors"
	fewer, err := compress.Channels{Remove: .5}.PruneFile(s.teacher, s.teacherWeights(seed), pruned)
	if err != nil {
		return nil, err
	}
	recipe := s.distil(fewer, rate, s.tuned, seed)
	recipe.Start = pruned
	return result.Pretrain(dir, sized(recipe, trial))
}

// trainMagnitude trains the rounds up to one, of which those before are there already. A trial is of
// the middle one, from the whole network.
func (s settings) trainMagnitude(dir string, round int, seed uint64, rate float64, trial bool) (run *kit.Run, err error) {
	by := stages.Pruning{From: s.teacherWeights(seed), Sparsities: sparsities[:round], Recipe: sized(s.distil(s.teacher, rate, s.tuned, seed), trial)}
	folder := filepath.Dir(dir)
	if trial {
		by.Sparsities, folder, round = sparsities[1:2], dir, 1
	}
	err = result.Metered(filepath.Join(folder, fmt.Sprintf("round-%d", round)), func() error {
		runs, err := stages.PruneGradually(folder, by)
		if err == nil {
			run = runs[len(runs)-1]
		}
		return err
	})
	return run, err
}

// runDir is the run directory of a way with a seed.
func (s settings) runDir(name string, seed uint64) string {
	return filepath.Join(s.dir, fmt.Sprint(seed), name)
}

// trials are the rates that a way tries.
func (s settings) trials(w way) question.Trials {
	t := question.Trials{Side: w.of, On: question.HeldOutImages, Dir: filepath.Join(s.dir, "trials", cmp.Or(w.tried, w.name)),
		HeldOut: question.HeldOutKNN}
	steps := map[bool]int{true: s.tuned, false: s.teacherSteps}[w.pruned]
	for _, rate := range w.rates {
		t.Settings = append(t.Settings, question.Setting{
			Name:   fmt.Sprintf("rate %.3g", rate),
			Recipe: kit.Recipe{Steps: max(steps/question.TrialShare, 1), Batch: s.batch, Seed: question.TrialSeed},
			Train: func(dir string, _ kit.Recipe) (*kit.Run, error) {
				return w.train(s, dir, question.TrialSeed, rate, true)
			},
		})
	}
	return t
}

// train trains a way with a seed at the rate that it chose, or loads it.
func (s settings) train(w way, seed uint64) (*kit.Run, *statistics.Choice, error) {
	best, choice, err := s.trials(w).Choose()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", w.of, err)
	}
	run, err := w.train(s, s.runDir(w.name, seed), seed, w.rates[best], false)
	if err != nil {
		return nil, nil, fmt.Errorf("%s, seed %d: %w", w.of, seed, err)
	}
	return run, &choice, nil
}

// grids are the trials and the trainings of the teacher, then of all others, and of each round once
// the one before is there.
func (s settings) grids(o options) []launch.Grid {
	var all []launch.Grid
	stage := func(name string, ways ...way) {
		trials := launch.Grid{Question: "compress", Folder: o.Runs("launch", "compress-"+name+"-trials")}
		runs := launch.Grid{Question: "compress", Folder: o.Runs("launch", "compress-"+name)}
		for _, w := range ways {
			trials.Cells = append(trials.Cells, s.trials(w).Cells()...)
			for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
				runs.Cells = append(runs.Cells, launch.Cell{
					Name: fmt.Sprintf("%s-%d", w.name, seed), Done: (&kit.Run{Dir: s.runDir(w.name, seed)}).Finished,
					Run: func() error {
						_, _, err := s.train(w, seed)
						return err
					},
				})
			}
		}
		all = append(all, trials, runs)
	}
	ways := s.ways()
	stage("teacher", ways[0])
	stage("students", ways[1:4]...)
	for i, w := range ways[4:] {
		stage(fmt.Sprintf("round-%d", i+1), w)
	}
	return all
}

// measure trains teachers, makes them smaller in all ways, and reports.
func measure(o options) error {
	s := settings{
		dir: o.Runs("compress"), data: data.Shapes{}, teacher: encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
		student:      encoder.ResNet{Depth: 10, Width: 12, Stem: encoder.HalfStem},
		teacherSteps: 1800, studentSteps: 1800, tuned: 600, batch: 64, rounds: 200,
	}
	if o.Quick {
		s.data, o.seeds = data.Shapes{Train: 640, Validation: 256, Test: 200}, question.Given("seeds", o.seeds, 2)
		s.teacher.Width, s.student.Width = 4, 2
		s.teacherSteps, s.studentSteps, s.tuned, s.rounds = 10, 10, 5, 5
	}
	if ready, err := o.launch.Ready(s.grids(o)...); err != nil || !ready {
		return err
	}
	return s.report(o)
}
