package ssl

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// TestFrozenIsAsAfterTraining: in a training step a frozen network gives what it gives out of
// training, its statistics stay, and no gradient reaches it.
func TestFrozenIsAsAfterTraining(t *testing.T) {
	backend := devicetest.Backend(t)
	frozen := Frozen{Encoder: encoder.ResNet{Depth: 10, Width: 1, Stem: encoder.HalfStem}, Method: resolved(SimCLR{Out: 3})}
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) []*Node {
		g := images.Graph()
		step := &Step{Frozen: Network{
			Encoder: frozen.Encoder, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
		}}
		store.SetTraining(g, true)
		features, embedding := frozen.Features(step, images), frozen.Embedding(step, images)
		if !store.IsTraining(g) {
			t.Error("the graph is no longer one of training")
		}
		for v := range scope.IterVariables() {
			if v.ChangedInGraph(g) {
				t.Errorf("%s is changed", v.Path())
			}
		}
		slope := Gradient(Add(ReduceAllSum(Square(features)), ReduceAllSum(Square(embedding))),
			store.GetVariable("/encoder/conv1/weight").NodeValue(g))[0]
		store.SetTraining(g, false)
		after := step.Frozen.Encode(images).Pooled
		return []*Node{features, after, embedding, frozen.Method.Embed(step.Frozen.Scope, after), slope}
	})
	if err != nil {
		t.Fatal(err)
	}
	pix := make([]float32, 2*16*16*3)
	for i := range pix {
		pix[i] = float32(i%17) / 17
	}
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(pix, 2, 16, 16, 3))
	if err != nil {
		t.Fatal(err)
	}
	if !out[0].Equal(out[1]) || !out[2].Equal(out[3]) {
		t.Error("the frozen network gives something else in training")
	}
	if slope := tensors.MustCopyFlatData[float32](out[4]); slices.ContainsFunc(slope, func(v float32) bool { return v != 0 }) {
		t.Error("a gradient flows into the frozen network")
	}
}
