package segment

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/setting"
)

// Head makes scores of classes out of patches.
type Head interface {
	// Name tells the architecture, such as "linear".
	Name() string
	// Check returns an error that names a field out of range.
	Check() error
	// Scores builds the head, with its variables in scope.
	//
	//	patches: float32 [batch, rows, columns, dim] -> [batch, rows, columns, classes]
	Scores(scope *model.Scope, patches *Node, classes int) *Node
}

// Linear is one linear layer, on each patch alone: what it tells apart, the encoder has told apart.
type Linear struct{}

// Name is "linear".
func (Linear) Name() string { return "linear" }

// Check returns nil: there is nothing to get wrong.
func (Linear) Check() error { return nil }

// Scores builds the layer; its weights begin at a standard deviation of 0.01.
func (Linear) Scores(scope *model.Scope, patches *Node, classes int) *Node {
	g, dim := patches.Graph(), patches.Shape().Dim(3)
	weight := scope.WithInitializer(initializer.RandomNormalFn(scope, .01)).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, dim, classes)).NodeValue(g)
	return Add(Einsum("bijd,dk->bijk", patches, weight), bias(scope, g, classes))
}

// Convolutional is a small network: a 3×3 convolution, a rectifier, and a linear layer. It sees the
// patches around each patch too.
type Convolutional struct {
	// Hidden is the number of features between the two, at least 1. Default 256.
	Hidden int
}

const convolutionalHidden = 256

// WithDefaults fills in what was left at zero.
func (c Convolutional) WithDefaults() Convolutional {
	if c.Hidden == 0 {
		c.Hidden = convolutionalHidden
	}
	return c
}

// Name is "conv3-256": the side of the kernel, and Hidden.
func (c Convolutional) Name() string { return fmt.Sprintf("conv3-%d", c.WithDefaults().Hidden) }

// Check returns an error where Hidden is out of range.
func (c Convolutional) Check() error {
	return setting.Features(0, "segment.Convolutional: Hidden", c.Hidden, convolutionalHidden)
}

// Scores builds the network; the convolution begins as He et al. 2015 say.
func (c Convolutional) Scores(scope *model.Scope, patches *Node, classes int) *Node {
	c = c.WithDefaults()
	g, dim := patches.Graph(), patches.Shape().Dim(3)
	hidden := scope.At("conv")
	weight := hidden.WithInitializer(initializer.RandomNormalFn(hidden, math.Sqrt(2/float64(9*dim)))).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, 3, 3, dim, c.Hidden)).NodeValue(g)
	x := Convolve(patches, weight).PadSame().Done()
	x = MaxScalar(Add(x, bias(hidden, g, c.Hidden)), 0)
	return Linear{}.Scores(scope.At("classes"), x, classes)
}

// bias is one number for each feature, 0 at first: [1, 1, 1, features].
func bias(scope *model.Scope, g *Graph, features int) *Node {
	b := scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shapes.Make(dtypes.Float32, features))
	return Reshape(b.NodeValue(g), 1, 1, 1, features)
}
