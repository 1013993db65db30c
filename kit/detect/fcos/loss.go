package fcos

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
)

// losses are three scalars, whose sum is the loss:
//
//	of classes:    Σ focal / places, over all places but those that are ignored
//	of boxes:      Σ centerness × giou / Σ centerness
//	of centerness: Σ cross-entropy / places
//
// where places are those with an object in the whole batch, at least 1, and the last two sums are
// over these.
func losses(said output, t targets) (ofClasses, ofBoxes, ofCentres *Node) {
	is := func(class int) *Node { return Equal(t.class, MulScalar(OnesLike(t.class), class)) }
	counts := func(bool *Node) *Node { return ConvertDType(bool, dtypes.Float32) }
	found := counts(GreaterOrEqual(t.class, ZerosLike(t.class))) // [batch, places]
	perPlace := MaxScalar(ReduceAllSum(found), 1)

	classes := said.logits.Shape().Dim(2)
	there := Mul(OneHot(MaxScalar(t.class, 0), classes, dtypes.Float32), InsertAxes(found, -1)) // [batch, places, classes]
	ofClasses = Mul(focal(said.logits, there), InsertAxes(OneMinus(counts(is(data.IgnoredObject))), -1))

	centred := Mul(found, t.centerness())
	ofBoxes = Mul(centred, giou(said.distance, t.distance))
	ofCentres = Mul(found, Sub(Softplus(said.centred), Mul(said.centred, centred)))

	return Div(ReduceAllSum(ofClasses), perPlace), Div(ReduceAllSum(ofBoxes), MaxScalar(ReduceAllSum(centred), 1e-6)),
		Div(ReduceAllSum(ofCentres), perPlace)
}
