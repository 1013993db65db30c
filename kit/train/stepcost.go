package train

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/kit/device"
)

// StepCost is what one training step takes, by its graph.
type StepCost struct {
	// FLOPs are as [Plan.StepFLOPs] says.
	FLOPs float64
	// Bytes are read and written in the device's memory: what matrix products, convolutions,
	// reductions and the like read and write, each value as often as one of them reads it. What is
	// done element by element in between is taken to be part of what reads it. The update of the
	// weights does not count.
	Bytes float64
	// Kept are the bytes of the forward pass that are kept until the backward pass has read them:
	// the activations. What can be made of them element by element is taken to be made again.
	Kept float64
	// Trained is the number of weights that are trained, and Other that of all others, such as a
	// teacher's and running statistics.
	Trained, Other int64
}

// StepCost counts in the graph of views, encoder, heads, teacher, loss and gradient. Nothing is
// compiled or run, so that batches may be counted that no machine at hand could hold.
func (p Plan) StepCost() (StepCost, error) {
	backend, err := device.Open()
	if err != nil {
		return StepCost{}, err
	}
	var cost StepCost
	err = Catch(func() error {
		store := model.NewStore()
		if err := p.freeze(store); err != nil {
			return err
		}
		g := NewGraph(backend, "step")
		defer g.Finalize()
		store.SetTraining(g, true)
		inputs, err := p.stepParameters(g)
		if err != nil {
			return err
		}
		p.lossGraph(store.RootScope(), nil, inputs)
		forward := len(g.Nodes())
		loss := train.TotalLoss(g)
		results := append(store.RootScope().BuildTrainableVariablesGradientsGraph(loss), loss)
		for v := range store.IterVariables() { // Such as a queue.
			if v.ChangedInGraph(g) {
				results = append(results, v.NodeValue(g))
			}
		}
		nodes := alive(g, results...)
		if cost.FLOPs, err = sumFLOPs(nodes); err != nil {
			return err
		}
		cost.Bytes, cost.Kept = newTraffic(nodes).count(forward)
		for v := range store.IterVariables() {
			if n := int64(v.Shape().Size()); v.Trainable {
				cost.Trained += n
			} else {
				cost.Other += n
			}
		}
		return nil
	})
	return cost, err
}

// alive are the nodes of a graph that something asked for is made of. GoMLX makes the gradient of each
// operand of a product, of which XLA leaves out those that nobody reads.
func alive(g *Graph, asked ...*Node) []*Node {
	found := map[*Node]bool{}
	var look func(*Node)
	look = func(node *Node) {
		if !found[node] {
			found[node] = true
			for _, operand := range node.Inputs() {
				look(operand)
			}
		}
	}
	for _, node := range asked {
		look(node)
	}
	return slices.DeleteFunc(slices.Clone(g.Nodes()), func(node *Node) bool { return !found[node] })
}

// traffic tells which values of a graph are written to memory.
type traffic struct {
	nodes   []*Node
	written map[*Node]bool
}

// newTraffic takes as written: results of programs of their own, what those read that can't make it
// while reading, and sums that are read more than once, such as those of residual connections, which
// would else be made anew from all blocks before them.
func newTraffic(nodes []*Node) traffic {
	t := traffic{nodes, map[*Node]bool{}}
	readers := map[*Node][]*Node{}
	for _, node := range nodes {
		for _, operand := range node.Inputs() {
			readers[operand] = append(readers[operand], node)
		}
		switch kindOf(node) {
		case product:
			for _, operand := range node.Inputs() {
				t.written[sameValues(operand)] = true
			}
			t.written[node] = true
		case reduction:
			t.written[node] = true
		}
	}
	for _, node := range nodes {
		if node.Type() == NodeTypeAdd && t.whole(node.Inputs()[0]) && t.whole(node.Inputs()[1]) && t.readAgain(node, readers) {
			t.written[node] = true
		}
	}
	return t
}

// whole tells whether a value is made of others than weights and inputs, and is not one number for
// many places, such as a mean.
func (t traffic) whole(node *Node) bool {
	return node.Type() != NodeTypeBroadcastInDim &&
		(t.written[node] || slices.ContainsFunc(t.sources(node), func(source *Node) bool { return t.written[source] }))
}

// readAgain tells whether more than one reads a value, or what is made of it alone, element by element.
func (t traffic) readAgain(node *Node, readers map[*Node][]*Node) bool {
	for len(readers[node]) == 1 {
		if node = readers[node][0]; t.written[node] || kindOf(node) != elementwise {
			return false
		}
	}
	return len(readers[node]) > 1
}

// kind is how a node is computed.
type kind int

const (
	elementwise kind = iota // By what reads it.
	stored                  // Not at all: weights and inputs, which are in memory.
	reduction               // By a program of its own that makes its operands while it reads.
	product                 // By a program of its own that reads its operands from memory.
)

func kindOf(node *Node) kind {
	switch node.Type() {
	case NodeTypeParameter:
		return stored
	case NodeTypeReduceSum, NodeTypeReduceMax, NodeTypeReduceMin, NodeTypeArgMinMax:
		return reduction
	case NodeTypeDotGeneral, NodeTypeConvGeneral, NodeTypeReduceWindow, NodeTypeSelectAndScatterMax, NodeTypeGather,
		NodeTypeScatterSum, NodeTypeScatterMax:
		return product
	}
	return elementwise
}

// sameValues is the node of which another is only another view.
func sameValues(node *Node) *Node {
	for node.Type() == NodeTypeReshape || node.Type() == NodeTypeTranspose || node.Type() == NodeTypeIdentity {
		node = node.Inputs()[0]
	}
	return node
}

// count counts the bytes that are written and read, and of those of the forward pass, which were the
// first nodes of the graph, the bytes that later nodes read.
func (t traffic) count(forward int) (moved, kept float64) {
	isForward := func(node *Node) bool { return int(node.Id()) < forward }
	read := map[*Node]bool{}
	for _, node := range t.nodes {
		if !t.written[node] || kindOf(node) == stored {
			continue
		}
		moved += bytesOf(node)
		for _, source := range t.sources(node) {
			moved += bytesOf(source)
			if !isForward(node) && isForward(source) && kindOf(source) != stored && !read[source] {
				read[source] = true
				kept += bytesOf(source)
			}
		}
	}
	return moved, kept
}

// sources are the values in memory that a node is made of.
func (t traffic) sources(node *Node) []*Node {
	var found []*Node
	seen := map[*Node]bool{}
	var look func(*Node)
	look = func(node *Node) {
		for _, operand := range node.Inputs() {
			if seen[operand] {
				continue
			}
			seen[operand] = true
			if t.written[operand] || kindOf(operand) == stored {
				found = append(found, operand)
			} else {
				look(operand)
			}
		}
	}
	look(node)
	return found
}

func bytesOf(node *Node) float64 { return float64(node.Shape().Memory()) }
