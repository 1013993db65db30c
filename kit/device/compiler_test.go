package device

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestOneCompilerComputes: what a program of its gave is its own, and is taken by the next.
func TestOneCompilerComputes(t *testing.T) {
	t.Parallel()
	goBackend, err := OpenGo()
	if err != nil {
		t.Fatal(err)
	}
	backend := oneCompiler{goBackend}
	double, err := graph.NewExec(backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) })
	if err != nil {
		t.Fatal(err)
	}
	defer double.Finalize()
	x := tensors.FromValue([]float32{1, 2, 3})
	for range 3 {
		out, err := double.Call(x)
		if err != nil {
			t.Fatal(err)
		}
		x = out[0]
		if of, err := x.Backend(); err != nil || of != backend {
			t.Fatalf("the result is of %v (%v), want the one that computed it", of, err)
		}
	}
	got, err := tensors.CopyFlatData[float32](x)
	if err != nil || len(got) != 3 || got[0] != 8 || got[2] != 24 {
		t.Errorf("got %v, %v; want 8, 16, 24", got, err)
	}
}
