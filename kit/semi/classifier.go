package semi

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// classify is the linear classifier that all methods have.
//
//	scope: as ssl.Step.Scope; features: [batch, dim] -> [batch, classes], logits
func classify(scope *model.Scope, features *Node, classes int) *Node {
	return encoder.MLP{Out: classes, Layers: 1}.Apply(scope.At("head"), features)
}

// split takes the logits of the first images, which have labels, and those of the rest apart.
//
//	logits: [batch, classes] -> [labelled, classes], [batch - labelled, classes]
func split(logits *Node, labelled int) (first, rest *Node) {
	return Slice(logits, AxisRange(0, labelled)), Slice(logits, AxisRange(labelled))
}

// supervised is the cross-entropy of the first images of a batch to their labels.
//
//	logits: [labelled, classes]; labels: int32 [batch] -> scalar
func supervised(logits, labels *Node) *Node {
	return ssl.CrossEntropy(logits, Slice(labels, AxisRange(0, logits.Shape().Dim(0))), 0)
}

// pseudoLabels are what a classifier says of images, without gradient: the most likely class, the
// first of equal ones, and its probability.
//
//	logits: [n, classes] -> classes: int32 [n]; confidence: float32 [n]
func pseudoLabels(logits *Node) (classes, confidence *Node) {
	logits = StopGradient(ConvertDType(logits, dtypes.Float32))
	return ArgMax(logits, -1), ReduceMax(Softmax(logits, -1), -1)
}

// PseudoCrossEntropy is the mean over all images of mask × cross-entropy of softmax(logits) to
// given classes: an image with mask 0 counts among the images, but adds nothing. No gradient flows
// into classes and mask.
//
//	logits: [n, classes]; classes: int32 [n]; mask: [n], in [0, 1] -> scalar
func PseudoCrossEntropy(logits, classes, mask *Node) *Node {
	return softCrossEntropy(logits, OneHot(classes, logits.Shape().Dim(-1), dtypes.Float32), mask)
}

// softCrossEntropy is PseudoCrossEntropy to probabilities. A nil mask is 1 for all images.
//
//	logits: [n, classes]; targets: [n, classes]; mask: [n], in [0, 1] -> scalar
func softCrossEntropy(logits, targets, mask *Node) *Node {
	logits = ConvertDType(logits, dtypes.Float32)
	losses := Neg(ReduceSum(Mul(StopGradient(targets), LogSoftmax(logits, -1)), -1)) // [n]
	if mask != nil {
		losses = Mul(losses, StopGradient(ConvertDType(mask, dtypes.Float32)))
	}
	return ReduceAllMean(losses)
}
