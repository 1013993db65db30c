package optim

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// gradientNorm is the name of the variable that holds the norm of the last gradient.
const gradientNorm = "gradient_norm"

// GradientNorm returns the 2-norm of the whole gradient before clipping, a float32 scalar: that of
// the update in graph g if its optimiser has been built, else that of the last update (0 before the
// first). It serves as a training metric in every graph of the trainer, whether or not that graph
// makes an update.
func GradientNorm(g *Graph) *Node { return reported(g, gradientNorm).NodeValue(g) }

// LearningRate returns the learning rate in force, a float32 scalar: that of the update in graph g
// if its optimiser has been built, else that of the last update (0 before the first).
func LearningRate(g *Graph) *Node { return reported(g, optimizer.ParamLearningRate).NodeValue(g) }

// reported returns the scalar variable that carries a figure of the last update. A variable, and
// not a parameter of the graph, since with accumulated gradients the trainer's metrics are built
// before the update and in graphs without one.
func reported(g *Graph, name string) *model.Variable {
	return model.GetStore(g).
		VariableWithShape(reportedPath(name), shapes.Make(dtypes.Float32), initializer.Zero).
		SetTrainable(false)
}

// reportedPath is the absolute path of a reported variable, beside GoMLX's own.
func reportedPath(name string) string { return model.JoinPath("/", optimizer.Scope, name) }

// norm returns the 2-norm of all of x, a scalar.
func norm(x *Node) *Node { return Sqrt(ReduceAllSum(Square(x))) }

// globalNorm returns the 2-norm of all gradients taken as one vector, a float32 scalar.
func globalNorm(parameters []parameter) *Node {
	sum := ScalarZero(parameters[0].gradient.Graph(), dtypes.Float32)
	for _, p := range parameters {
		sum = Add(sum, ReduceAllSum(Square(p.gradient)))
	}
	return Sqrt(sum)
}

// clip scales the gradients so that their global norm is at most limit; 0 is no limit.
func clip(parameters []parameter, norm *Node, limit float64) {
	for i := range parameters {
		parameters[i].gradient = shortened(parameters[i].gradient, norm, limit)
	}
}

// shortened scales x by what brings the norm, a scalar, down to limit if it is above, as
// torch.nn.utils.clip_grad_norm_ does with its 1e-6 against division by 0. A limit of 0 is none.
func shortened(x, norm *Node, limit float64) *Node {
	if limit == 0 {
		return x
	}
	return Mul(x, MinScalar(MulScalar(Reciprocal(AddScalar(norm, 1e-6)), limit), 1))
}
