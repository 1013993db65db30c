package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

// Network is an encoder with its variables, and the scope of what a method builds on it. The
// student of a step is one, and the teacher of a method that keeps one is another: the same code
// builds both.
type Network struct {
	// Encoder is the architecture.
	Encoder encoder.Encoder
	// EncoderScope holds the encoder's variables.
	EncoderScope *model.Scope
	// Scope holds the method's own: heads, queues, prototypes, centres.
	Scope *model.Scope
	// Precision is the dtype of the encoder's arithmetic. What it gives is float32 with any.
	Precision dtypes.DType
	// MicroBatches is the number of passes that encode a batch, each a part of it, to hold less in
	// memory at once; 0 and 1 are one pass. Norms over the batch see the images of a pass.
	MicroBatches int
}

// Encode encodes several views of one size in one pass, so that a norm over the batch sees them
// together and the device is kept busy; call it for each view where norms are to see them one by
// one. The views are interleaved, not appended: where the batch is sharded over devices, all views
// of an image stay on its device. SplitViews takes what is built on the result apart again.
//
//	views: V × [batch, height, width, 3] -> representations of [batch × V], row i × V + v being view v of image i
func (n Network) Encode(views ...*Node) encoder.Output {
	return n.encode([]*Node{MergeViews(views...)}, func(part []*Node) encoder.Output {
		return n.Encoder.Encode(n.EncoderScope, part[0])
	})
}

// EncodeVisible encodes only the patches in keep, for methods whose CheckEncoder demands an
// encoder.Masked.
//
//	images: [batch, height, width, 3]; keep: int32 [batch, k] -> Tokens [batch, k, dim]
func (n Network) EncodeVisible(images, keep *Node) encoder.Output {
	return n.encode([]*Node{images, keep}, func(part []*Node) encoder.Output {
		return n.Encoder.(encoder.Masked).EncodeVisible(n.EncoderScope, part[0], part[1])
	})
}

// EncodeHidden encodes images with a learned token in place of the hidden patches, for methods
// whose CheckEncoder demands an encoder.Masked.
//
//	images: [batch, height, width, 3]; hidden: bool [batch, patches] -> Tokens [batch, patches, dim]
func (n Network) EncodeHidden(images, hidden *Node) encoder.Output {
	return n.encode([]*Node{images, hidden}, func(part []*Node) encoder.Output {
		return n.Encoder.(encoder.Masked).EncodeHidden(n.EncoderScope, part[0], part[1])
	})
}

// EncodeLayers is what the last k blocks make of the patches, for methods whose CheckEncoder
// demands an encoder.Layered.
//
//	images: [batch, height, width, 3] -> k × [batch, patches, dim]
func (n Network) EncodeLayers(images *Node, k int) []*Node {
	return n.inMicroBatches([]*Node{images}, func(part []*Node) []*Node {
		layers := n.Encoder.(encoder.Layered).EncodeLayers(n.EncoderScope, ConvertDType(part[0], n.Precision), k)
		for i, layer := range layers {
			layers[i] = ConvertDType(layer, dtypes.Float32)
		}
		return layers
	})
}

// EncodeStages are the maps behind the stages, for methods whose CheckEncoder demands an
// encoder.Staged.
//
//	images: [batch, height, width, 3] -> stages × [batch, height/stride, width/stride, channels]
func (n Network) EncodeStages(images *Node) []*Node {
	return n.inMicroBatches([]*Node{images}, func(part []*Node) []*Node {
		stages := n.Encoder.(encoder.Staged).EncodeStages(n.EncoderScope, ConvertDType(part[0], n.Precision))
		for i, stage := range stages {
			stages[i] = ConvertDType(stage, dtypes.Float32)
		}
		return stages
	})
}

// EncodePast encodes what comes before each pixel, for methods whose CheckEncoder demands an
// encoder.Causal.
//
//	images: [batch, height, width, 3] -> past: [batch, pixels, dim], next: int32 [batch, pixels]
func (n Network) EncodePast(images *Node) (past, next *Node) {
	out := n.inMicroBatches([]*Node{images}, func(part []*Node) []*Node {
		past, next := n.Encoder.(encoder.Causal).EncodePast(n.EncoderScope, ConvertDType(part[0], n.Precision))
		return []*Node{ConvertDType(past, dtypes.Float32), next}
	})
	return out[0], out[1]
}

// encode runs an encoder in the network's precision, and gives what comes out in float32.
func (n Network) encode(inputs []*Node, run func(part []*Node) encoder.Output) encoder.Output {
	out := n.inMicroBatches(inputs, func(part []*Node) []*Node {
		part[0] = ConvertDType(part[0], n.Precision)
		out := run(part)
		nodes := []*Node{out.Pooled, out.Map, out.Tokens}
		for i, node := range nodes {
			if node != nil {
				nodes[i] = ConvertDType(node, dtypes.Float32)
			}
		}
		return nodes
	})
	return encoder.Output{Pooled: out[0], Map: out[1], Tokens: out[2]}
}

// MergeViews interleaves what belongs to several views.
//
//	views: V × [batch, ...] -> [batch × V, ...], row i × V + v being row i of views[v]
func MergeViews(views ...*Node) *Node {
	if len(views) == 1 {
		return views[0]
	}
	dims := views[0].Shape().Dimensions
	return Reshape(Stack(views, 1), append([]int{dims[0] * len(views)}, dims[1:]...)...)
}

// apart is what f makes of each view by itself, so that norms over the batch see one view at a
// time: for methods whose authors' code encodes each view in a pass of its own.
func apart(views []*Node, f func(view *Node) *Node) []*Node {
	made := make([]*Node, len(views))
	for v, view := range views {
		made[v] = f(view)
	}
	return made
}

// embedApart is what a method's Embed makes of each view by itself.
//
//	-> views × [batch, out]
func embedApart(m Method, step *Step) []*Node {
	return apart(step.Views, func(view *Node) *Node { return m.Embed(step.Scope, step.Encode(view).Pooled) })
}

// teachApart is what the teacher makes of each of the two large views by itself.
//
//	-> 2 × [batch, any]
func teachApart(m HasTeacher, step *Step) []*Node {
	return apart(step.Views[:globalCrops], func(view *Node) *Node {
		return m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(view).Pooled)
	})
}

// SplitViews takes interleaved views apart: it undoes MergeViews.
//
//	x: [batch × views, ...] -> views × [batch, ...]
func SplitViews(x *Node, views int) []*Node {
	dims := x.Shape().Dimensions
	x = Reshape(x, append([]int{dims[0] / views, views}, dims[1:]...)...)
	split := make([]*Node, views)
	for v := range split {
		split[v] = Squeeze(SliceAxis(x, 1, AxisElem(v)), 1)
	}
	return split
}
