package question

import (
	"errors"
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/metric"
)

// Of all comparisons, trials are of one seed and a fifth of the steps, on training images of which a
// fifth is held out.
const (
	TrialSeed  = 1
	TrialShare = 5
	heldOut    = .2
	// HeldOutImages are what such trials are chosen on.
	HeldOutImages = "k-NN on a held-out fifth of the training images"
)

// Setting is one of those that a side tries.
type Setting struct {
	Name   string // Such as "rate 0.3".
	Recipe kit.Recipe
	// Train trains by the recipe in a folder, in several stages; nil: result.Pretrain.
	Train func(dir string, recipe kit.Recipe) (*kit.Run, error)
}

// Trials are the settings that one side of a comparison tries; every side has as many.
type Trials struct {
	Side     string
	On       string // The images that choose, and by what.
	Dir      string // Where the runs of the trials are kept.
	Settings []Setting
	// HeldOut measures a trial on images that it did not train on: the greater the better.
	HeldOut func(run *kit.Run) (float64, error)
}

// Rates are the trials of a side that differ in their learning rate alone: at is its recipe with a
// rate. They train on four fifths of the recipe's images, for a fifth of its steps.
func Rates(side, dir string, rates []float64, at func(rate float64) kit.Recipe) Trials {
	t := Trials{Side: side, On: HeldOutImages, Dir: dir, HeldOut: HeldOutKNN}
	for _, rate := range rates {
		t.Settings = append(t.Settings, Setting{Name: fmt.Sprintf("rate %.3g", rate), Recipe: AsTrial(at(rate))})
	}
	return t
}

// AsTrial is a recipe on four fifths of its images, for a fifth of its steps.
func AsTrial(recipe kit.Recipe) kit.Recipe {
	recipe.Data = data.SetAside{From: recipe.Data, Fraction: heldOut, Seed: TrialSeed}
	recipe.Steps, recipe.Seed = max(recipe.Steps/TrialShare, 1), TrialSeed
	return recipe
}

// HeldOutKNN is the accuracy of KNN on the run's validation images, in percent. Where an encoder
// gives the same features for all images, the accuracy says so.
func HeldOutKNN(run *kit.Run) (float64, error) {
	train, err := run.Features(data.Train)
	if err != nil {
		return 0, err
	}
	held, err := run.Features(data.Validation)
	if err != nil {
		return 0, err
	}
	predicted, err := KNN.Predict(train, held)
	if err != nil {
		return 0, err
	}
	accuracy, err := metric.Accuracy(held.Labels, predicted)
	return 100 * accuracy.Value, err
}

// RunDir is the run directory of a setting, by its number; the file beside it, with .json, keeps the
// trial.
func (t Trials) RunDir(i int) string {
	return filepath.Join(t.Dir, fmt.Sprintf("trial-%d", i+1))
}

// try measures one setting. A loss that is no number any more is a setting that teaches nothing.
func (t Trials) try(i int) (statistics.Trial, error) {
	return result.Kept(t.RunDir(i)+".json", func() (statistics.Trial, error) {
		s := t.Settings[i]
		trial := statistics.Trial{Setting: s.Name, Seed: s.Recipe.Seed, Images: s.Recipe.Steps * s.Recipe.Batch}
		train := result.Pretrain
		if s.Train != nil {
			train = s.Train
		}
		run, err := train(t.RunDir(i), s.Recipe)
		if errors.Is(err, kit.ErrDiverged) {
			return trial, nil
		}
		if err != nil {
			return trial, fmt.Errorf("%s, trial of %s: %w", t.Side, s.Name, err)
		}
		if trial.HeldOut, err = t.HeldOut(run); err != nil {
			err = fmt.Errorf("%s, trial of %s: %w", t.Side, s.Name, err)
		}
		return trial, err
	})
}

// Choose tries all settings, or reads what an earlier call tried, and gives the number of the best.
func (t Trials) Choose() (best int, choice statistics.Choice, err error) {
	var trials []statistics.Trial
	for i := range t.Settings {
		trial, err := t.try(i)
		if err != nil {
			return 0, choice, err
		}
		trials = append(trials, trial)
	}
	if choice, err = statistics.Choose(t.Side, t.On, trials); err != nil {
		return 0, choice, err
	}
	for i, s := range t.Settings {
		if s.Name == choice.Chosen {
			best = i
		}
	}
	return best, choice, nil
}

// Cells are a cell for each trial.
func (t Trials) Cells() []launch.Cell {
	return TrialCells(t.Side, t.Dir, len(t.Settings), func() (Trials, error) { return t, nil })
}

// TrialCells are those of n trials that can be made only once other cells are done, such as those
// whose weights they start from.
func TrialCells(side, dir string, n int, trials func() (Trials, error)) []launch.Cell {
	var cells []launch.Cell
	for i := range n {
		cells = append(cells, launch.Cell{
			Name: fmt.Sprintf("%s/trial-%d", side, i+1), Done: launch.Keeps(Trials{Dir: dir}.RunDir(i) + ".json"),
			Run: func() error {
				t, err := trials()
				if err != nil {
					return err
				}
				_, err = t.try(i)
				return err
			},
		})
	}
	return cells
}
