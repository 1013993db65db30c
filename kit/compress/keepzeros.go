package compress

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// KeepZeros is another optimiser that leaves every weight of the encoder that is exactly zero
// there: the mask of a pruned network is the zeros that it starts with (Recipe.Start), so no other
// file has to travel with it, and a run that is resumed has it too. Their gradient counts for
// nothing: not in its norm, not in LARS's trust, not in momentum. It is for kernels and matrices,
// those that Magnitude prunes; norms and biases, which may start at zero, are trained as ever, and
// so are the method's own heads.
type KeepZeros struct {
	Optimizer optim.Optimizer // Optimizer does the updates. Required.
}

var _ optim.Optimizer = KeepZeros{}

// WithDefaults fills in the defaults of the optimiser.
func (o KeepZeros) WithDefaults() optim.Optimizer {
	if o.Optimizer != nil {
		o.Optimizer = o.Optimizer.WithDefaults()
	}
	return o
}

// Check returns an error where the optimiser is missing or has one.
func (o KeepZeros) Check() error {
	if o.Optimizer == nil {
		return setting.Missing("compress.KeepZeros: Optimizer", "an optim.Optimizer, such as optim.SGD{}")
	}
	return o.Optimizer.Check()
}

// Build returns the optimiser for GoMLX's trainer; see optim.Optimizer.
func (o KeepZeros) Build(plan optim.Plan) (optimizer.Interface, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	built, err := o.Optimizer.Build(plan)
	if err != nil {
		return nil, err
	}
	inner, ok := built.(updater)
	if !ok {
		return nil, fmt.Errorf("compress.KeepZeros: Optimizer is a %T, which takes no gradients; it must be SGD, LARS or AdamW",
			o.Optimizer)
	}
	return keeper{inner}, nil
}

// updater is an optimiser that can be handed gradients.
type updater interface {
	optimizer.Interface
	train.OptimizeWithGradients
}

// keeper is KeepZeros as GoMLX's trainer takes it.
type keeper struct{ updater }

// UpdateGraph builds one update of every trainable variable that the graph uses. The loss is a
// scalar.
func (k keeper) UpdateGraph(scope *model.Scope, _ *Graph, loss *Node) {
	k.UpdateGraphWithGradients(scope, scope.BuildTrainableVariablesGradientsGraph(loss), loss.DType())
}

// UpdateGraphWithGradients is UpdateGraph from gradients, in the order of the scope's trainable
// variables in use.
func (k keeper) UpdateGraphWithGradients(scope *model.Scope, gradients []*Node, lossDType dtypes.DType) {
	if len(gradients) == 0 {
		k.updater.UpdateGraphWithGradients(scope, gradients, lossDType) // Says what is wrong.
		return
	}
	g := gradients[0].Graph()
	type pruned struct {
		variable *model.Variable
		stays    *Node
	}
	var all []pruned
	masked, i := append([]*Node(nil), gradients...), 0
	for v := range scope.IterVariables() {
		if !v.Trainable || !v.InUseByGraph(g) {
			continue
		}
		if inEncoder(v) && Prunable(v.Shape().Rank()) {
			value := v.NodeValue(g)
			stays := NotEqual(value, ZerosLike(value))
			masked[i] = Where(stays, masked[i], ZerosLike(masked[i]))
			all = append(all, pruned{v, stays})
		}
		i++
	}
	k.updater.UpdateGraphWithGradients(scope, masked, lossDType)
	for _, p := range all { // Whatever the optimiser made of a gradient of zero.
		updated := p.variable.NodeValue(g)
		p.variable.SetNodeValue(Where(p.stays, updated, ZerosLike(updated)))
	}
}

// inEncoder tells whether a variable is of the encoder that is trained.
func inEncoder(v *model.Variable) bool { return strings.HasPrefix(v.Path(), "/encoder/") }
