package main

import (
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// side is a method here and with lightly, with what its seeds gave.
type side struct {
	options
	method ssl.Method
	source data.Source

	here, there []outcome // A seed each.
	choices     [2]statistics.Choice
	versions    map[string]string // Of lightly's packages.
}

// outcome is one training.
type outcome struct {
	knn      float64  // In percent.
	begun    float64  // That of the encoder it began with, of a training here.
	run      *kit.Run // Of a training here.
	training result.Training
	losses   string
}

// recipe is the training with a rate.
func (s side) recipe(seed uint64, rate float64) kit.Recipe {
	recipe := kit.Recipe{
		Data: s.source, Encoder: s.encoder(), Method: s.method, Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4},
		Batch: batch, Steps: s.epochs * (s.train / batch), Seed: seed,
	}
	if s.real {
		recipe.Steps = 157_440 / batch // The budget of benchmarks/real.
	}
	if s.Quick {
		recipe.Steps = 5
	}
	return recipe
}

// folder is that of the runs here; with -real, that of benchmarks/real.
func (s side) folder() string {
	if s.real && !s.Quick {
		return s.Runs("simclr/cifar10/resnet18-w16")
	}
	return s.Runs(s.name(), s.method.Name())
}

func (s side) dir(seed uint64) string { return filepath.Join(s.folder(), fmt.Sprint(seed)) }

// trials are the rates that are tried here.
func (s side) trials() question.Trials {
	return question.Rates(s.method.Name(), s.folder()+"-trials", rates, func(rate float64) kit.Recipe { return s.recipe(question.TrialSeed, rate) })
}

// cells are the trainings here.
func (s side) cells() []launch.Cell {
	cells := s.trials().Cells()
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		cells = append(cells, launch.Cell{
			Name: fmt.Sprintf("%s-%d", s.method.Name(), seed), Done: (&kit.Run{Dir: s.dir(seed)}).Finished,
			Run: func() error {
				_, _, err := s.trainHere(seed)
				return err
			},
		})
	}
	return cells
}

// grid are the cells of all methods.
func (o options) grid(sides []side) launch.Grid {
	g := launch.Grid{Question: "peers/knn", Folder: o.Runs("launch", o.name())}
	for _, s := range sides {
		g.Cells = append(g.Cells, s.cells()...)
	}
	return g
}

// alone runs one cell in a process of its own.
func (s side) alone(cell launch.Cell) error {
	_, err := s.launch.Ready(launch.Grid{Question: "peers/knn", Folder: s.Runs("launch", s.name()), Cells: []launch.Cell{cell}})
	return err
}

// trainHere trains one seed at the rate that was chosen here, or loads it.
func (s side) trainHere(seed uint64) (*kit.Run, statistics.Choice, error) {
	best, choice, err := s.trials().Choose()
	if err != nil {
		return nil, choice, err
	}
	choice.Side += "/sslkit"
	run, err := result.Pretrain(s.dir(seed), s.recipe(seed, rates[best]))
	return run, choice, err
}

// measure adds what one seed gives on both sides.
func (s *side) measure(images, aside string, seed uint64) error {
	cells := s.cells()
	trialsHere := s.trials()
	var tried []statistics.Trial
	for i, setting := range trialsHere.Settings {
		if err := s.alone(cells[i]); err != nil {
			return err
		}
		there, err := s.lightly(trialsHere.RunDir(i), aside, filepath.Join(trialsHere.RunDir(i), rundir.RecipeFile), trialsHere.RunDir(i)+"-lightly.json")
		if err != nil {
			return fmt.Errorf("with lightly, trial of %s: %w", setting.Name, err)
		}
		tried = append(tried, statistics.Trial{Setting: setting.Name, HeldOut: there.KNN, Seed: setting.Recipe.Seed,
			Images: setting.Recipe.Steps * setting.Recipe.Batch})
	}
	trials, err := statistics.Choose(s.method.Name()+"/lightly", question.HeldOutImages, tried)
	if err != nil {
		return err
	}
	if err := s.alone(cells[len(rates)+int(seed)-1]); err != nil {
		return err
	}
	run, choice, err := s.trainHere(seed)
	if err != nil {
		return err
	}
	s.choices = [2]statistics.Choice{choice, trials}
	here, err := outcomeOf(run)
	if err != nil {
		return err
	}
	chosen := rates[0]
	for i, t := range tried {
		if t.Setting == trials.Chosen {
			chosen = rates[i]
		}
	}
	there, err := s.trainThere(run, here, images, chosen)
	if err != nil {
		return fmt.Errorf("with lightly: %w", err)
	}
	fmt.Printf("%s, seed %d: sslkit %.2f %%; lightly %.2f %%\n", s.method.Name(), seed, here.knn, there.knn)
	s.here, s.there = append(s.here, here), append(s.there, there)
	return nil
}

// outcomeOf measures a training here.
func outcomeOf(run *kit.Run) (o outcome, err error) {
	o.run = run
	if o.knn, err = (result.Measure{KNN: &question.KNN}).Of(run, 0); err != nil {
		return o, err
	}
	if o.begun, err = (result.Measure{KNN: &question.KNN, Begun: true}).Of(run, 0); err != nil {
		return o, err
	}
	metrics, err := run.Metrics()
	if err != nil {
		return o, err
	}
	var losses []float64
	for _, m := range metrics[1:] { // The first is of step 0, which has no loss.
		losses = append(losses, m.Loss)
	}
	o.losses = ends(losses)
	o.training, err = result.TrainingOf(run, nil)
	return o, err
}

// ends tells the first loss and the mean of those of the last tenth of the steps.
func ends(losses []float64) string {
	tail, last := losses[len(losses)-max(len(losses)/10, 1):], 0.
	for _, loss := range tail {
		last += loss / float64(len(tail))
	}
	return fmt.Sprintf("loss %.3f to %.3f", losses[0], last)
}
