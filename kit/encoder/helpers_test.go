package encoder

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// images are a smooth pattern, different in each image: [n, size, size, 3].
func images(n, size int) *tensors.Tensor {
	pix := make([]float32, n*size*size*3)
	for i := range pix {
		pix[i] = float32(math.Sin(float64(i) * .37))
	}
	return tensors.FromFlatDataAndDimensions(pix, n, size, size, 3)
}

// initialised builds an encoder on one batch and returns its store and output.
func initialised(t *testing.T, e Encoder, x *tensors.Tensor, training bool) (*model.Store, []*tensors.Tensor) {
	t.Helper()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(7); err != nil {
		t.Fatal(err)
	}
	outputs := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		scope.Store().SetTraining(in[0].Graph(), training)
		out := e.Encode(scope, in[0])
		return []*Node{out.Pooled, out.Map}
	}, x)
	return store, outputs
}

// apply builds fn on the scope of a store's encoder and returns what it gives for the inputs.
func apply(t *testing.T, store *model.Store, fn func(scope *model.Scope, in []*Node) []*Node, inputs ...any) []*tensors.Tensor {
	t.Helper()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, in []*Node) []*Node {
		return fn(scope.At("encoder"), in)
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}

// far is the largest difference between two tensors of the same shape.
func far(t *testing.T, a, b *tensors.Tensor) float64 {
	t.Helper()
	if !a.Shape().Equal(b.Shape()) {
		t.Fatalf("shapes %s and %s", a.Shape(), b.Shape())
	}
	var most float64
	x, y := tensors.MustCopyFlatData[float32](a), tensors.MustCopyFlatData[float32](b)
	for i := range x {
		if d := math.Abs(float64(x[i] - y[i])); d > most || math.IsNaN(d) {
			most = d
		}
	}
	return most
}

// trainable counts the trainable parameters of a store's encoder.
func trainable(store *model.Store) (params int64) {
	for v := range store.Scope("/encoder").IterVariables() {
		if v.Trainable {
			params += int64(v.Shape().Size())
		}
	}
	return params
}
