package train

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
)

// StepFLOPs is the number of floating-point operations of one training step: those of all matrix
// products and convolutions in the graph of views, encoder, heads, teacher, loss and gradient, two
// for each multiply-add. What is done element by element, such as norms, activations and the update
// of the weights, does not count, as it does not in [encoder.Cost]. It is what is really computed:
// a depthwise convolution that is done as a matrix product counts as one. Nothing is compiled or
// run.
func (p Plan) StepFLOPs() (float64, error) {
	cost, err := p.StepCost()
	return cost.FLOPs, err
}

// stepParameters stand for stepInputs.
func (p Plan) stepParameters(g *Graph) ([]*Node, error) {
	inputs, err := p.stepShapes()
	if err != nil {
		return nil, err
	}
	parameters := make([]*Node, len(inputs))
	for i, shape := range inputs {
		parameters[i] = Parameter(g, fmt.Sprintf("input %d", i), shape)
	}
	return parameters, nil
}

// stepShapes are those of stepInputs.
func (p Plan) stepShapes() ([]shapes.Shape, error) {
	batch := p.Order.Batch
	inputs := []shapes.Shape{
		shapes.Make(dtypes.Uint8, itemDims(batch, p.Item.Images(), p.Height, p.Width)...),
		randomShape,
		shapes.Make(dtypes.Int32, batch),
	}
	if p.readsIndices() {
		inputs = append(inputs, shapes.Make(dtypes.Int32, batch))
	}
	if most := p.Item.Objects; most > 0 {
		inputs = append(inputs, shapes.Make(dtypes.Float32, batch, most, 4), shapes.Make(dtypes.Int32, batch, most))
	}
	if !p.Item.Captions {
		return inputs, nil
	}
	set, err := p.Data.Open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	captions, err := data.Captions(set)
	if err != nil {
		return nil, err
	}
	tokens, err := p.Tokens(captions[0][:1]) // Not any text: a method need not know its words.
	if err != nil {
		return nil, err
	}
	return append(inputs, shapes.Make(dtypes.Int32, batch, tokens.Shape().Dim(1))), nil
}

// sumFLOPs are the operations of all matrix products and convolutions among the nodes of a graph.
func sumFLOPs(nodes []*Node) (float64, error) {
	var sum float64
	for _, node := range nodes {
		flops, err := nodeFLOPs(node)
		if err != nil {
			return 0, err
		}
		sum += flops
	}
	return sum, nil
}

// nodeFLOPs are those of one node: 2·|out|·k, where k values are summed up for each value of the
// output. GoMLX tells the axes of a node in its string alone.
func nodeFLOPs(node *Node) (float64, error) {
	switch node.Type() {
	case NodeTypeDotGeneral:
		contracted, err := axesIn(node, "lhsContractingAxes")
		if err != nil {
			return 0, err
		}
		flops := 2 * float64(node.Shape().Size())
		for _, axis := range contracted {
			flops *= float64(node.Inputs()[0].Shape().Dim(axis))
		}
		return flops, nil
	case NodeTypeConvGeneral:
		// Of the kernel's values each output sees those of its own channel.
		out, err := axesIn(node, "KernelOutputChannels")
		if err != nil {
			return 0, err
		}
		// An input that was spread out with zeros in between, as for the gradient of a stride, is
		// multiplied where it is not zero.
		spread, err := axesIn(node, "inputDilations")
		if err != nil {
			return 0, err
		}
		kernel := node.Inputs()[1].Shape()
		flops := 2 * float64(node.Shape().Size()) * float64(kernel.Size()) / float64(kernel.Dim(out[0]))
		for _, dilation := range spread {
			flops /= math.Max(float64(dilation), 1)
		}
		return flops, nil
	}
	return 0, nil
}

var axesPattern = regexp.MustCompile(`(\w+)[:=](\[[^\]]*\]|\d+)`)

// axesIn reads one field of a node's string: name=[1 2] or name:3.
func axesIn(node *Node, name string) ([]int, error) {
	for _, match := range axesPattern.FindAllStringSubmatch(node.String(), -1) {
		if match[1] != name {
			continue
		}
		var axes []int
		for _, field := range strings.Fields(strings.Trim(match[2], "[]")) {
			axis, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", name, node, err)
			}
			axes = append(axes, axis)
		}
		return axes, nil
	}
	return nil, fmt.Errorf("%s does not tell its %s", node, name)
}
