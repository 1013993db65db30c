package kit

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// What is counted in the graph of a forward pass is what the encoders say of themselves, where the graph does no more or less:
// convolutions of tiny maps and depthwise ones are computed as matrix products.
func TestGraphFLOPsAreTheEncodersOwn(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, e := range []encoder.Encoder{
		encoder.ResNet{Depth: 10, Width: 4}, encoder.ResNet{Depth: 50, Width: 2, Stem: encoder.CIFARStem},
		encoder.ViT{Patch: 4, Width: 24, Depth: 2, Heads: 3},
	} {
		const batch = 3
		store := model.NewStore()
		g := NewGraph(backend, e.Name())
		store.SetTraining(g, false)
		e.Encode(store.RootScope(), Parameter(g, "images", shapes.Make(dtypes.Float32, batch, 32, 32, 3)))
		got, err := graphFLOPs(g)
		if err != nil {
			t.Fatal(err)
		}
		g.Finalize()
		if want := float64(batch * e.Cost(32, 32).FLOPs()); math.Abs(got-want) > .001*want {
			t.Errorf("%s: %g operations in the graph, Cost says %g", e.Name(), got, want)
		}
	}
}

// Of a linear layer y = xW with W of [n, m] on a batch of b, forward and both gradients are 2bnm each.
func TestGraphFLOPsOfAGradient(t *testing.T) {
	backend := devicetest.Backend(t)
	g := NewGraph(backend, "linear")
	defer g.Finalize()
	x := Parameter(g, "x", shapes.Make(dtypes.Float32, 5, 7))
	w := Parameter(g, "w", shapes.Make(dtypes.Float32, 7, 11))
	Gradient(ReduceAllSum(Square(Dot(x, w).MatMul())), x, w)
	if got, err := graphFLOPs(g); err != nil || got != 3*2*5*7*11 {
		t.Errorf("%g operations, %v", got, err)
	}
}

// A step of SimCLR is about three passes, forward and back, over two views; a teacher of BYOL adds one forward.
func TestStepFLOPs(t *testing.T) {
	recipe := small()
	recipe.Encoder = encoder.ResNet{Depth: 10, Width: 4}
	pass := 2 * float64(recipe.Batch) * float64(recipe.Encoder.Cost(32, 32).FLOPs())
	count := func(method ssl.Method) float64 {
		recipe.Method = method
		flops, err := (&Run{Dir: "runs/x", Recipe: recipe.withDefaults().forData(96)}).StepFLOPs()
		if err != nil {
			t.Fatal(err)
		}
		return flops / pass
	}
	if passes := count(ssl.SimCLR{Hidden: 8, Out: 8}); passes < 2.7 || passes > 3.3 {
		t.Errorf("a step of SimCLR is %.2f passes", passes)
	}
	if passes := count(ssl.BYOL{Hidden: 8, Out: 8}); passes < 3.7 || passes > 4.3 {
		t.Errorf("a step of BYOL is %.2f passes", passes)
	}
	recipe.Data = data.Shapes{Train: -1}
	if _, err := (&Run{Dir: "runs/x", Recipe: recipe}).StepFLOPs(); err == nil {
		t.Error("images that can't be opened are no error")
	}
}
