package train

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// What is counted in the graph of a forward pass is what the encoders say of themselves, where the
// graph does no more or less: convolutions of tiny maps and depthwise ones are computed as matrix
// products.
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
		got, err := sumFLOPs(g.Nodes())
		if err != nil {
			t.Fatal(err)
		}
		g.Finalize()
		if want := float64(batch * e.Cost(32, 32).FLOPs()); math.Abs(got-want) > .001*want {
			t.Errorf("%s: %g operations in the graph, Cost says %g", e.Name(), got, want)
		}
	}
}

// Of a linear layer y = xW with W of [n, m] on a batch of b, forward and both gradients are 2bnm
// each; a gradient that is not asked for is not computed.
func TestGraphFLOPsOfAGradient(t *testing.T) {
	backend := devicetest.Backend(t)
	g := NewGraph(backend, "linear")
	defer g.Finalize()
	x := Parameter(g, "x", shapes.Make(dtypes.Float32, 5, 7))
	w := Parameter(g, "w", shapes.Make(dtypes.Float32, 7, 11))
	loss := ReduceAllSum(Square(Dot(x, w).MatMul()))
	for _, of := range [][]*Node{{x, w}, {w}} {
		got, err := sumFLOPs(alive(g, Gradient(loss, of...)...))
		if want := float64((1 + len(of)) * 2 * 5 * 7 * 11); err != nil || got != want {
			t.Errorf("%d gradients: %g operations, %v, want %g", len(of), got, err, want)
		}
	}
}
