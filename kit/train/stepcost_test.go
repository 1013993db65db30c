package train

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

// By hand, in values of 4 bytes.
func TestTraffic(t *testing.T) {
	backend := devicetest.Backend(t)
	const b, n, m = 5, 7, 11
	for name, test := range map[string]struct {
		build       func(x, w *Node) *Node // x: [b, n], w: [n, m], to a loss.
		moved, kept float64
	}{
		// y = xw is written, and read by the loss; so are 2y, that of the gradient, and the gradient.
		// Each product reads both of its operands. The backward pass reads y.
		"a product": {
			func(x, w *Node) *Node { return ReduceAllSum(Square(Dot(x, w).Product())) },
			(b*n + n*m + b*m) + (b*m + 1) + 2*b*m + (b*n + b*m + n*m), b * m,
		},
		// Activations are written for the product that reads them, and kept for its gradient.
		"element by element before a product": {
			func(x, w *Node) *Node { return ReduceAllSum(Dot(Sqrt(AddScalar(x, 1)), w).Product()) },
			2*b*n + (b*n + n*m + b*m) + (b*m + 1) + b*m + (b*n + b*m + n*m), b * n,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGraph(backend, name)
			defer g.Finalize()
			x := Parameter(g, "x", shapes.Make(dtypes.Float32, b, n))
			w := Parameter(g, "w", shapes.Make(dtypes.Float32, n, m))
			loss := test.build(x, w)
			forward := len(g.Nodes())
			moved, kept := newTraffic(alive(g, append(Gradient(loss, w), loss)...)).count(forward)
			if moved != 4*test.moved || kept != 4*test.kept {
				t.Errorf("%g values moved and %g kept, want %g and %g", moved/4, kept/4, test.moved, test.kept)
			}
		})
	}
}

// A block of a residual network does not make the sums of all blocks before it again: each block
// moves the same.
func TestTrafficOfResidualConnections(t *testing.T) {
	backend := devicetest.Backend(t)
	moved := func(blocks int) float64 {
		g := NewGraph(backend, "residual")
		defer g.Finalize()
		x := Parameter(g, "x", shapes.Make(dtypes.Float32, 5, 7))
		w := Parameter(g, "w", shapes.Make(dtypes.Float32, 7, 7))
		for range blocks {
			x = Add(x, Dot(Sqrt(x), w).Product())
		}
		ReduceAllSum(x)
		moved, _ := newTraffic(g.Nodes()).count(0)
		return moved
	}
	if second, tenth := moved(3)-moved(2), moved(11)-moved(10); second != tenth {
		t.Errorf("the third block moves %g bytes, the eleventh %g", second, tenth)
	}
}
