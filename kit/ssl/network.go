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
}

// Encode encodes several views of one size in one pass, so that a norm over the batch sees them
// together and the device is kept busy. The views are interleaved, not appended: where the batch is
// sharded over devices, all views of an image stay on its device. SplitViews takes what is built on
// the result apart again.
//
//	views: V × [batch, height, width, 3] -> representations of [batch × V], row i × V + v being view v of image i
func (n Network) Encode(views ...*Node) encoder.Output {
	return float32Output(n.Encoder.Encode(n.EncoderScope, ConvertDType(MergeViews(views...), n.Precision)))
}

// EncodeVisible encodes only the patches in keep, for methods whose CheckEncoder demands an
// encoder.Masked.
//
//	images: [batch, height, width, 3]; keep: int32 [batch, k] -> Tokens [batch, k, dim]
func (n Network) EncodeVisible(images, keep *Node) encoder.Output {
	masked := n.Encoder.(encoder.Masked)
	return float32Output(masked.EncodeVisible(n.EncoderScope, ConvertDType(images, n.Precision), keep))
}

// EncodeHidden encodes images with a learned token in place of the hidden patches, for methods
// whose CheckEncoder demands an encoder.Masked.
//
//	images: [batch, height, width, 3]; hidden: bool [batch, patches] -> Tokens [batch, patches, dim]
func (n Network) EncodeHidden(images, hidden *Node) encoder.Output {
	masked := n.Encoder.(encoder.Masked)
	return float32Output(masked.EncodeHidden(n.EncoderScope, ConvertDType(images, n.Precision), hidden))
}

// float32Output is the same in float32.
func float32Output(out encoder.Output) encoder.Output {
	for _, node := range []**Node{&out.Pooled, &out.Map, &out.Tokens} {
		if *node != nil {
			*node = ConvertDType(*node, dtypes.Float32)
		}
	}
	return out
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
