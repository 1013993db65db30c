package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
)

// Activation is what a perceptron has between its layers.
type Activation int

const (
	GELU      Activation = iota // x · Φ(x), the exact one, with erf (Hendrycks & Gimpel 2016, arXiv:1606.08415).
	QuickGELU                   // x · sigmoid(1.702 x), which that paper gives beside it. OpenAI's CLIP has it.
	SwiGLU                      // silu(g) · x, of two linear layers g and x (Shazeer 2020, arXiv:2002.05202). DINOv3's ViT-S+, H+ and 7B have it.
)

// otherActivations are those that timm and transformers have in a plain perceptron, by their names there.
var otherActivations = map[string]Activation{"gelu": GELU, quickGELU: QuickGELU}

const quickGELU = "quick_gelu"

// perceptron is a hidden layer with GELU between two linear layers.
//
//	x: [..., features] -> the same shape
func perceptron(scope *model.Scope, x *Node, hidden int) *Node {
	return perceptronWith(scope, x, hidden, GELU)
}

// perceptronWith is a hidden layer with an activation, behind one linear layer, or two with SwiGLU,
// and before another.
//
//	x: [..., features] -> the same shape
func perceptronWith(scope *model.Scope, x *Node, hidden int, between Activation) *Node {
	features := x.Shape().Dim(-1)
	switch between { // To [..., hidden].
	case SwiGLU:
		x = Mul(activation.Swish(dense(scope.At("fc1_g"), x, hidden)), dense(scope.At("fc1_x"), x, hidden))
	case QuickGELU:
		x = dense(scope.At("fc1"), x, hidden)
		x = Mul(x, Sigmoid(MulScalar(x, 1.702)))
	default:
		x = activation.Gelu(dense(scope.At("fc1"), x, hidden))
	}
	return dense(scope.At("fc2"), x, features)
}
