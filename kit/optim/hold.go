package optim

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Hold leaves a variable alone in the steps in which while is true: no update, no weight decay, and
// what the optimiser keeps of it stays too, so that its first update behind them is as the first of
// a training. It is what PyTorch does with a parameter whose gradient is None. A gradient of zero
// is not enough: weight decay still shrinks the variable, and to AdamW its moments are those of a
// gradient that was zero for long, after which the first updates are several times too long.
//
// It is called while the loss is built. A second call for a variable replaces the first. Where a
// trainer accumulates gradients, its updates are a graph of their own, in which nothing is held.
//
//	while: bool scalar
func Hold(v *model.Variable, while *Node) {
	held := heldVariables(while.Graph())
	if held == nil {
		held = map[*model.Variable]*Node{}
		model.SetGraphParam(while.Graph(), heldPath, held)
	}
	held[v] = while
}

// heldPath is where a graph has the variables that are held in it.
var heldPath = model.JoinPath("/", optimizer.Scope, "held")

// heldVariables are those of a graph, with the condition of each; nil where there are none.
func heldVariables(g *Graph) map[*model.Variable]*Node {
	held, _ := model.GetGraphParam(g, heldPath)
	variables, _ := held.(map[*model.Variable]*Node)
	return variables
}

// kept is a variable of the optimiser, with its value before an update.
type kept struct {
	variable *model.Variable
	before   *Node
}

// set gives the parameter its new value, and leaves it and the optimiser's variables of it as they
// were where it is held.
func (p parameter) set(updated *Node) {
	if p.held == nil {
		p.variable.SetNodeValue(updated)
		return
	}
	g := updated.Graph()
	p.variable.SetNodeValue(Where(p.held, p.variable.NodeValue(g), updated))
	for _, k := range *p.kept {
		k.variable.SetNodeValue(Where(p.held, k.before, k.variable.NodeValue(g)))
	}
}
