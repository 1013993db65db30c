package train

import (
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
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

// newTrainer builds GoMLX's trainer for a plan: views, loss, gradient and update are one compiled
// step, which takes the images as they come from the data and the state of the random generator,
// and gives the metrics. devices is nil for one.
func newTrainer(backend compute.Backend, store *model.Store, plan Plan, devices *sharding) (*train.Trainer, error) {
	update, err := plan.update()
	if err != nil {
		return nil, err
	}
	metrics := []metric.Interface{
		reported("Learning rate", "lr", optim.LearningRate),
		reported("Gradient norm", "grad_norm", optim.GradientNorm),
	}
	if devices == nil {
		inputs, err := plan.stepShapes()
		if err != nil {
			return nil, err
		}
		trainer := train.NewTrainer(backend, store, plan.lossGraph, nil, update, metrics, nil)
		trainer.OnExecCreation(func(step *model.Exec, _ train.GraphType) {
			if _, err := step.Compile(inputs...); err != nil {
				panic(err)
			}
			if err := Initialise(store); err != nil { // Those that compiling brought into being.
				panic(err)
			}
		})
		return trainer, nil
	}
	trainer := train.NewTrainer(backend, store, plan.lossGraph, nil, update, append(metrics, devices.lastMetric()), nil)
	trainer.OnExecCreation(func(step *model.Exec, _ train.GraphType) { devices.step = step })
	return trainer, devices.layOut(store, plan)
}

// update is the optimiser of this training. It is an error where its schedule does not fit.
func (p Plan) update() (optimizer.Interface, error) {
	return p.Optimizer.Build(optim.Plan{Schedule: p.Schedule, Steps: p.Steps, Batch: p.Order.Batch})
}

// reported is a training metric that the optimiser leaves in the graph.
func reported(name, short string, read func(g *Graph) *Node) metric.Interface {
	return metric.NewBaseMetric(name, short, short, func(_ *model.Scope, _, predictions []*Node) *Node {
		return read(predictions[0].Graph())
	}, nil)
}

// lossGraph builds views and loss of one step. Its inputs are those of stepInputs.
func (p Plan) lossGraph(scope *model.Scope, _ any, inputs []*Node) []*Node {
	items, randomState, labels := inputs[0], inputs[randomInput], inputs[2]
	g := items.Graph()
	random := augment.NewRandom(randomState)
	done := optimizer.GetGlobalStepVar(scope).NodeValue(g)
	if p.Rematerialize {
		encoder.Rematerialize(scope, g)
	}
	network := func(scope *model.Scope) ssl.Network {
		network := p.network(scope)
		network.MicroBatches = p.microBatches()
		return network
	}
	step := &ssl.Step{
		Network:  network(scope),
		Height:   p.Height,
		Width:    p.Width,
		Augment:  p.Views,
		Labels:   labels,
		Images:   p.Images,
		Labelled: p.Order.Labelled,
		Progress: DivScalar(ConvertDType(done, dtypes.Float32), float64(p.Steps)),
		Random:   random,
	}
	rest := inputs[3:]
	if p.readsIndices() {
		step.Indices, rest = rest[0], rest[1:]
	}
	var boxes, classes *Node
	if p.Item.Objects > 0 {
		boxes, classes, rest = rest[0], rest[1], rest[2:]
	}
	if len(rest) > 0 {
		step.Captions = rest[0]
	}
	step.Views, step.Boxes, step.BoxClasses = p.views(random, items, boxes, classes)
	if method, ok := ssl.Find[ssl.LearnsFromFrozen](p.Method); ok {
		step.Frozen = network(scope.At(frozenScope))
		step.Frozen.Encoder = method.Frozen().Encoder
	}
	teaching, taught := ssl.Find[ssl.HasTeacher](p.Method)
	if taught {
		step.Teacher = network(scope.At(teacherScope))
		if e, ok := p.Encoder.(encoder.Stochastic); ok { // A teacher sees the whole network.
			step.Teacher.Encoder = e.Deterministic()
		}
	}
	train.AddMainLoss(p.Method.Loss(step))
	freezeTeacher(scope)
	train.AddPerStepUpdateGraphFn(scope, g, func(scope *model.Scope, _ *Graph) { // Behind the optimiser's update.
		if taught {
			moveTeacher(scope, teaching.Momentum(step.Progress))
		}
		p.moveAverage(scope, g)
	})
	return nil
}

// views are those of a batch of items, each [batch, height, width, 3] of the view's own size, and
// where boxes and classes are not nil, both as they are in each view. Equal pipelines in a row are
// one, over as many copies of the images: a step of ten crops is then compiled as soon as one of
// two.
func (p Plan) views(random *augment.Random, items, boxes, classes *Node) (views, moved, kept []*Node) {
	for len(views) < len(p.Views) {
		v, equal := len(views), 1
		for v+equal < len(p.Views) && p.Sources[v+equal] == p.Sources[v] && reflect.DeepEqual(p.Views[v+equal], p.Views[v]) {
			equal++
		}
		copies := func(x *Node) *Node { return ssl.MergeViews(slices.Repeat([]*Node{x}, equal)...) }
		images := copies(itemImage(items, p.Sources[v]))
		dims := images.Shape().Dimensions
		params := p.Views[v].Draw(random, dims[0], dims[1], dims[2])
		views = append(views, ssl.SplitViews(p.Views[v].ApplyParams(images, params), equal)...)
		if boxes != nil {
			b, c := p.Views[v].ApplyBoxes(params, copies(boxes), copies(classes), dims[1], dims[2])
			moved, kept = append(moved, ssl.SplitViews(b, equal)...), append(kept, ssl.SplitViews(c, equal)...)
		}
	}
	return views, moved, kept
}

// randomInput is the place of the random state in stepInputs.
const randomInput = 1

// randomShape is that of the random state.
var randomShape = shapes.Make(dtypes.Uint64, 3)

// stepInputs are the inputs of a compiled step.
//
//	images uint8 [batch, height, width, 3], or [batch, images, height, width, 3] where a method reads several of each item;
//	random state uint64 [3]; labels int32 [batch]; indices int32 [batch] for a method that reads them;
//	boxes float32 [batch, most, 4] and their classes int32 [batch, most] for a method that reads objects;
//	captions int32 [batch, length] for a method that reads them
func (p Plan) stepInputs(batch data.Batch) ([]*tensors.Tensor, error) {
	state := augment.State(p.Seed, batch.Step)
	inputs := []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(batch.Pix, itemDims(len(batch.Indices), batch.Images, p.Height, p.Width)...),
		tensors.FromFlatDataAndDimensions(state[:], len(state)),
		tensors.FromFlatDataAndDimensions(batch.Labels, len(batch.Labels)),
	}
	if p.readsIndices() {
		indices := make([]int32, len(batch.Indices))
		for k, i := range batch.Indices {
			indices[k] = int32(i)
		}
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(indices, len(indices)))
	}
	if most := p.Item.Objects; most > 0 {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(batch.Boxes, len(batch.Indices), most, 4),
			tensors.FromFlatDataAndDimensions(batch.BoxClasses, len(batch.Indices), most))
	}
	if batch.Captions == nil {
		return inputs, nil
	}
	captions, err := p.Tokens(batch.Captions)
	return append(inputs, captions), err
}

// readsIndices tells whether the method is to know which images a batch holds.
func (p Plan) readsIndices() bool {
	_, ok := ssl.Find[ssl.ReadsIndices](p.Method)
	return ok
}

// batches feeds a data.Loader to GoMLX's training loop.
type batches struct {
	plan   Plan
	name   string // Of the set.
	loader *data.Loader
	last   data.Batch // The batch handed out last, for the diagnosis of a step that fails.
}

// Name is the set's.
func (b *batches) Name() string { return b.name }

// Iter hands out the loader's batches, once.
func (b *batches) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		for {
			batch, err := b.loader.Next()
			if err != nil {
				yield(train.Batch{}, fmt.Errorf("reading the batch of step %d: %w", b.last.Step+1, err))
				return
			}
			b.last = batch
			inputs, err := b.plan.stepInputs(batch)
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
