package stages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/kit"
	"sslkit/kit/compress"
	"sslkit/kit/setting"
	"sslkit/kit/wholefile"
)

// Pruning sets more and more of a trained encoder's weights to zero, in rounds, and trains the
// others to make up for it after each.
//
//	stages.Pruning{
//		From:       "runs/simclr/encoder.safetensors",
//		Sparsities: []float64{.5, .8, .9},
//		Recipe: kit.Recipe{
//			Data: images, Encoder: large, Method: compress.Features{Teacher: teacher}, Steps: 500, Batch: 128,
//		},
//	}
//
// Zhu & Gupta 2017, "To prune, or not to prune: exploring the efficacy of pruning for model
// compression", arXiv:1710.01878, prune every few hundred steps of one training; here each round is
// a training with a schedule of its own, as in Han et al. 2015, arXiv:1506.02626.
type Pruning struct {
	// From is the path of the weights to prune, such as a run's encoder.safetensors. Required.
	From string
	// Sparsities are the fractions of zero weights of the rounds, rising, each in (0, 1).
	// compress.Cubic makes a schedule of them. Required.
	Sparsities []float64
	// LayerWise prunes the same fraction of every layer. Default: of all layers together. See
	// compress.Magnitude.
	LayerWise bool
	// Recipe is the training of each round. Its Encoder must be that of the weights; its Start is
	// left out, and its optimiser keeps the zeros (compress.KeepZeros).
	Recipe kit.Recipe
}

// PruneGradually runs the rounds, each in a run directory of its own, dir/round-1 and on, and gives
// their runs in this order: the last is the result. What a round starts from is in
// dir/round-1.safetensors and on. Like Pretrain it is idempotent on dir: what is finished is
// loaded, what was interrupted goes on.
//
// Errors are those of Pretrain; bad settings are told before the first round.
func PruneGradually(dir string, p Pruning) ([]*kit.Run, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	recipe := p.Recipe
	if recipe.Optimizer == nil {
		recipe.Optimizer = recipe.Method.Optimizer()
	}
	if _, keeps := recipe.Optimizer.(compress.KeepZeros); !keeps {
		recipe.Optimizer = compress.KeepZeros{Optimizer: recipe.Optimizer}
	}
	if err := os.MkdirAll(dir, wholefile.FolderPerms); err != nil {
		return nil, fmt.Errorf("creating the directory of the rounds: %w", err)
	}
	var runs []*kit.Run
	from := p.From
	for i, sparsity := range p.Sparsities {
		name := filepath.Join(dir, fmt.Sprintf("round-%d", i+1))
		recipe.Start = name + ".safetensors"
		magnitude := compress.Magnitude{Sparsity: sparsity, LayerWise: p.LayerWise}
		if err := magnitude.PruneFile(from, recipe.Start); err != nil {
			return runs, fmt.Errorf("round %d of stages.Pruning: %w", i+1, err)
		}
		run, err := kit.Pretrain(name, recipe)
		if err != nil {
			return runs, err
		}
		runs, from = append(runs, run), run.WeightsFile()
	}
	return runs, nil
}

// check returns an error where a setting is out of range, without training.
func (p Pruning) check() error {
	switch {
	case p.Recipe.Start != "":
		return fmt.Errorf("stages.Pruning: Start of Recipe is %s; leave it out, it is what each round prunes", p.Recipe.Start)
	case len(p.Sparsities) == 0:
		return errors.New("stages.Pruning: Sparsities is empty; it must hold a fraction in (0, 1) for each round")
	}
	for i, s := range p.Sparsities {
		if err := setting.Must(s > 0 && s < 1 && (i == 0 || s > p.Sparsities[i-1]), fmt.Sprintf("stages.Pruning: Sparsities[%d]", i), s,
			"in (0, 1) and above the one before"); err != nil {
			return err
		}
	}
	unpruned := p.Recipe
	unpruned.Start = p.From // Fits if what is made of it will.
	if unpruned.Start == "" {
		return setting.Missing("stages.Pruning: From", "the path of a file of weights, such as a run's encoder.safetensors")
	}
	if err := unpruned.Check(); err != nil {
		return fmt.Errorf("stages.Pruning: Recipe: %w", err)
	}
	return nil
}
