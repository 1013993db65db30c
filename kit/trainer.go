package kit

import (
	"fmt"
	"iter"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Where the variables of a training live in its store.
const (
	encoderScope = "encoder"
	methodScope  = "method"
	teacherScope = "teacher" // Holds twins of both under the same names.
)

// newTrainer builds GoMLX's trainer for a recipe: views, loss, gradient and update are one compiled step, which takes the
// images as they come from the data and the state of the random generator, and gives the metrics.
func newTrainer(backend compute.Backend, store *model.Store, recipe Recipe) (*train.Trainer, error) {
	update, err := recipe.Optimizer.Build(recipe.plan())
	if err != nil {
		return nil, err
	}
	metrics := []metric.Interface{
		reported("Learning rate", "lr", optim.LearningRate),
		reported("Gradient norm", "grad_norm", optim.GradientNorm),
	}
	return train.NewTrainer(backend, store, recipe.lossGraph, nil, update, metrics, nil), nil
}

// plan is what the optimiser must know of the training.
func (r Recipe) plan() optim.Plan {
	return optim.Plan{Schedule: r.Schedule, Steps: r.Steps, Batch: r.Batch}
}

// lossGraph builds views and loss of one step. Its inputs are those of stepInputs.
func (r Recipe) lossGraph(scope *model.Scope, _ any, inputs []*Node) []*Node {
	items, randomState, labels := inputs[0], inputs[1], inputs[2]
	g, dims := items.Graph(), itemImage(items, 0).Shape().Dimensions
	random := augment.NewRandom(randomState)
	done := optimizer.GetGlobalStepVar(scope).NodeValue(g)
	step := &ssl.Step{
		Network:  r.network(scope),
		Height:   dims[1],
		Width:    dims[2],
		Labels:   labels,
		Progress: DivScalar(ConvertDType(done, dtypes.Float32), float64(r.Steps)),
		Random:   random,
	}
	if len(inputs) > 3 {
		step.Captions = inputs[3]
	}
	sources := ssl.ReadsOf(r.Method, dims[1], dims[2]).Sources
	for v, view := range r.Method.Views(dims[1], dims[2]) {
		step.Views = append(step.Views, view.Apply(random, itemImage(items, sources[v])))
	}
	if frozen, ok := ssl.FrozenOf(r.Method); ok {
		step.Frozen = r.network(scope.At(frozenScope))
		step.Frozen.Encoder = frozen.Encoder
	}
	if method, ok := r.Method.(ssl.HasTeacher); ok {
		step.Teacher = r.network(scope.At(teacherScope))
		if e, ok := r.Encoder.(encoder.Stochastic); ok { // A teacher sees the whole network.
			step.Teacher.Encoder = e.Deterministic()
		}
		train.AddMainLoss(method.Loss(step))
		freezeTeacher(scope)
		train.AddPerStepUpdateGraphFn(scope, g, func(scope *model.Scope, _ *Graph) { // Behind the optimiser's update.
			moveTeacher(scope, method.Momentum(step.Progress))
		})
		return nil
	}
	train.AddMainLoss(r.Method.Loss(step))
	return nil
}

// network is the recipe's encoder, with its variables and the method's own under scope.
func (r Recipe) network(scope *model.Scope) ssl.Network {
	return ssl.Network{
		Encoder: r.Encoder, EncoderScope: scope.At(encoderScope), Scope: scope.At(methodScope), Precision: r.Precision.dtype(),
	}
}

// reported is a training metric that the optimiser leaves in the graph.
func reported(name, short string, read func(g *Graph) *Node) metric.Interface {
	return metric.NewBaseMetric(name, short, short, func(_ *model.Scope, _, predictions []*Node) *Node {
		return read(predictions[0].Graph())
	}, nil)
}

// stepInputs are the inputs of a compiled step.
//
//	images uint8 [batch, height, width, 3], or [batch, images, height, width, 3] where a method reads several of each item;
//	random state uint64 [3]; labels int32 [batch]; captions int32 [batch, length] for a method that reads them
func (r Recipe) stepInputs(batch data.Batch, height, width int) ([]*tensors.Tensor, error) {
	state := augment.State(r.Seed, batch.Step)
	inputs := []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(batch.Pix, itemDims(len(batch.Indices), batch.Images, height, width)...),
		tensors.FromFlatDataAndDimensions(state[:], len(state)),
		tensors.FromFlatDataAndDimensions(batch.Labels, len(batch.Labels)),
	}
	if batch.Captions == nil {
		return inputs, nil
	}
	captions, err := r.tokens(batch.Captions)
	return append(inputs, captions), err
}

// batches feeds a data.Loader to GoMLX's training loop.
type batches struct {
	recipe Recipe
	set    data.Set
	loader *data.Loader
	last   data.Batch // The batch handed out last, for the diagnosis of a step that fails.
}

// Name is the set's.
func (b *batches) Name() string { return b.set.Name() }

// Iter hands out the loader's batches, once.
func (b *batches) Iter() iter.Seq2[train.Batch, error] {
	height, width := b.set.Size()
	return func(yield func(train.Batch, error) bool) {
		for {
			batch, err := b.loader.Next()
			if err != nil {
				yield(train.Batch{}, fmt.Errorf("reading the batch of step %d: %w", b.last.Step+1, err))
				return
			}
			b.last = batch
			inputs, err := b.recipe.stepInputs(batch, height, width)
			if err != nil {
				yield(train.Batch{}, fmt.Errorf("the captions of step %d: %w", batch.Step, err))
				return
			}
			if !yield(train.Batch{Inputs: inputs}, nil) {
				return
			}
		}
	}
}
