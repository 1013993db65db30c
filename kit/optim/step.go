package optim

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomlx/gomlx/support/exceptions"
)

// algorithm is what tells one optimiser from another. It builds what all updates of a step share,
// such as AdamW's bias corrections, and returns the function from a parameter to its new value, a
// float32 node of the parameter's shape.
type algorithm func(s step) func(p parameter) *Node

// descent is what all optimisers have in common: it implements GoMLX's optimizer.Interface around
// an algorithm.
type descent struct {
	scope     string // scope is the absolute path of the optimiser's variables.
	plan      Plan
	peak      float64 // peak is the learning rate scaled for the batch.
	clipNorm  float64 // clipNorm is the largest norm of the whole gradient; 0 is no limit.
	exclude   Exclusion
	rates     Rates // rates are the learning rates of single variables; nil gives all the same.
	algorithm algorithm
}

var (
	_ optimizer.Interface         = (*descent)(nil)
	_ train.OptimizeWithGradients = (*descent)(nil)
)

// build checks the plan and returns GoMLX's optimiser around the algorithm; name is that of its
// scope.
func build(name string, plan Plan, peak, clipNorm float64, exclude Exclusion, update algorithm) (optimizer.Interface, error) {
	plan = plan.withDefaults()
	if err := plan.check(peak); err != nil {
		return nil, err
	}
	return &descent{
		scope: model.JoinPath("/", optimizer.Scope, name),
		plan:  plan, peak: peak, clipNorm: clipNorm, exclude: exclude, algorithm: update,
	}, nil
}

// step is one update of all parameters while its graph is built.
type step struct {
	graph  *Graph
	store  *model.Store
	scope  string
	number *Node // number is that of the update in the whole training, from 0: an int64 scalar.
	steps  int   // steps are the updates of the whole training.
}

// parameter is one variable in a step. Value and gradient are float32, of the variable's shape.
type parameter struct {
	variable        *model.Variable
	value, gradient *Node
	rate            *Node // rate is the learning rate, a float32 scalar.
	excluded        bool  // excluded parameters have no weight decay and no adaptation.

	held *Node   // held is a bool scalar that tells whether this update leaves the parameter alone; nil is never.
	kept *[]kept // kept are the optimiser's variables of a parameter that may be held.
}

// UpdateGraph builds one update of every trainable variable that the graph uses. The loss is a
// scalar. It panics on errors, as graph-building code does.
func (d *descent) UpdateGraph(scope *model.Scope, _ *Graph, loss *Node) {
	if !loss.Shape().IsScalar() {
		exceptions.Panicf("optim: the loss must be a scalar, it is %s", loss.Shape())
	}
	d.UpdateGraphWithGradients(scope, scope.BuildTrainableVariablesGradientsGraph(loss), loss.DType())
}

// UpdateGraphWithGradients is UpdateGraph from gradients, in the order of the scope's trainable
// variables in use. It implements train.OptimizeWithGradients. The loss's type has no influence:
// the arithmetic is float32.
func (d *descent) UpdateGraphWithGradients(scope *model.Scope, gradients []*Node, _ dtypes.DType) {
	if len(gradients) == 0 {
		exceptions.Panicf("optim: no trainable variable under %q is used by the graph", scope.Scope())
	}
	g := gradients[0].Graph()
	parameters := d.parameters(scope, g, gradients)

	norm := globalNorm(parameters)
	reported(g, gradientNorm).SetNodeValue(norm)
	clip(parameters, norm, d.clipNorm)

	// The first update finds the global step already at 1, and is number 0 of the schedule.
	number := SubScalar(optimizer.IncrementGlobalStep(g, dtypes.Int64), 1)
	rate := d.plan.Schedule.LRGraph(number, d.plan.Steps, d.peak)
	reported(g, optimizer.ParamLearningRate).SetNodeValue(rate)

	d.setRates(parameters, rate)
	update := d.algorithm(step{graph: g, store: scope.Store(), scope: d.scope, number: number, steps: d.plan.Steps})
	for _, p := range parameters {
		p.set(ConvertDType(update(p), p.variable.DType()))
	}
}

// Clear deletes the optimiser's variables, so that the next training starts without momentum. The
// global step is the trainer's and stays.
func (d *descent) Clear(scope *model.Scope) error {
	store := scope.Store()
	if err := errors.Join(
		store.DeleteVariablesInScope(d.scope),
		store.DeleteVariable(reportedPath(gradientNorm)),
		store.DeleteVariable(reportedPath(optimizer.ParamLearningRate)),
	); err != nil {
		return fmt.Errorf("clearing the optimiser's variables under %q: %w", d.scope, err)
	}
	return nil
}

// parameters pairs the gradients with the variables they belong to.
func (d *descent) parameters(scope *model.Scope, g *Graph, gradients []*Node) []parameter {
	var parameters []parameter
	held := heldVariables(g)
	for v := range scope.IterVariables() {
		if !v.Trainable || !v.InUseByGraph(g) {
			continue
		}
		if !v.DType().IsFloat() {
			exceptions.Panicf("optim: trainable variable %q is %s, must be a floating-point type", v.Path(), v.DType())
		}
		if len(parameters) == len(gradients) {
			exceptions.Panicf("optim: variable %q has no gradient: trainable variables changed after the gradients were built",
				v.Path())
		}
		gradient := gradients[len(parameters)]
		optimizer.TraceNaNInGradients(scope, v, gradient)
		parameters = append(parameters, parameter{
			variable: v,
			value:    ConvertDType(v.NodeValue(g), dtypes.Float32),
			gradient: ConvertDType(gradient, dtypes.Float32),
			excluded: d.exclude.Excludes(v),
			held:     held[v],
			kept:     &[]kept{},
		})
	}
	if len(parameters) != len(gradients) {
		exceptions.Panicf("optim: %d gradients for %d trainable variables: they changed after the gradients were built",
			len(gradients), len(parameters))
	}
	return parameters
}

// variable returns the optimiser's own variable at that path under its scope, zero at first and not
// trainable.
func (s step) variable(shape shapes.Shape, path ...string) *model.Variable {
	full := model.JoinPath(append([]string{s.scope}, path...)...)
	return s.store.VariableWithShape(full, shape, initializer.Zero).SetTrainable(false)
}

// state returns a float32 variable of the parameter's shape that the optimiser keeps for it.
func (s step) state(p parameter, name string) *model.Variable {
	variable := s.variable(p.value.Shape(), p.variable.Path(), name)
	*p.kept = append(*p.kept, kept{variable, variable.NodeValue(s.graph)})
	return variable
}
