package encoder

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// No product of a pass in bfloat16, forward or back, is of float32 values.
func TestProductsAreInBFloat16(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, e := range []Encoder{
		ResNet{Depth: 10, Width: 4}, ViT{Patch: 4, Width: 24, Depth: 1, Heads: 3, Size: 32}, IGPT{Side: 8, Levels: 2, Width: 8, Depth: 1, Heads: 2},
		ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{4, 4, 8, 8}, Stem: 2},
	} {
		t.Run(e.Name(), func(t *testing.T) {
			store := model.NewStore()
			g := NewGraph(backend, e.Name())
			defer g.Finalize()
			store.SetTraining(g, true)
			images := Parameter(g, "images", shapes.Make(dtypes.BFloat16, 2, 32, 32, 3))
			out := e.Encode(store.RootScope(), images).Pooled
			store.RootScope().BuildTrainableVariablesGradientsGraph(ReduceAllSum(ConvertDType(out, dtypes.Float32)))
			products := 0
			for _, node := range g.Nodes() {
				if node.Type() != NodeTypeDotGeneral && node.Type() != NodeTypeConvGeneral {
					continue
				}
				products++
				for _, operand := range node.Inputs() {
					if operand.DType() != dtypes.BFloat16 {
						t.Errorf("product of %s and %s", node.Inputs()[0].Shape(), node.Inputs()[1].Shape())
					}
				}
			}
			if products == 0 {
				t.Error("no products")
			}
		})
	}
}

// A product of long rows of bfloat16 is summed up with more precision: 4096 times 1/64 of 1/64 is 1,
// where a sum in bfloat16 would stop at 1/16, from which 1/4096 is too little to move it.
func TestBFloat16IsSummedUpInFloat32(t *testing.T) {
	exec := MustNewExec(devicetest.Backend(t), func(x *Node) *Node {
		x = ConvertDType(x, dtypes.BFloat16)
		return ConvertDType(dot(x, Transpose(x, 0, 1)).Product(), dtypes.Float32)
	})
	row := make([]float32, 4096)
	for i := range row {
		row[i] = 1. / 64
	}
	sum := exec.MustCall1(tensors.FromFlatDataAndDimensions(row, 1, len(row)))
	if got := tensors.MustCopyFlatData[float32](sum)[0]; math.Abs(float64(got)-1) > .01 {
		t.Errorf("the sum is %g", got)
	}
}

// einsum in bfloat16 is that in float32, here of numbers that both hold exactly.
func TestEinsumInBFloat16(t *testing.T) {
	for _, test := range []struct {
		equation string
		a, b     []int
	}{
		{"bhqk,bhkd->bhqd", []int{2, 3, 4, 5}, []int{2, 3, 5, 6}},
		{"btf,fphd->btphd", []int{2, 3, 4}, []int{4, 3, 2, 2}},
		{"bkp,pd->bkd", []int{2, 3, 4}, []int{4, 5}},
		{"yxc,xjv->cyjv", []int{3, 2, 4}, []int{2, 5, 6}},
		{"ycjv,yiu->cijuv", []int{3, 4, 2, 5}, []int{3, 2, 6}},
		{"bipc,cpv->bivc", []int{2, 3, 4, 5}, []int{5, 4, 6}},
		{"bpc,cpq->bqc", []int{2, 3, 4}, []int{4, 3, 5}},
	} {
		t.Run(test.equation, func(t *testing.T) {
			count := func(g *Graph, dims []int) *Node {
				n := shapes.Make(dtypes.Float32, dims...)
				return Reshape(Mod(Iota(g, shapes.Make(dtypes.Float32, n.Size()), 0), Const(g, float32(7))), dims...)
			}
			exec := MustNewExec(devicetest.Backend(t), func(x *Node) []*Node {
				a, b := count(x.Graph(), test.a), count(x.Graph(), test.b)
				half := einsum(test.equation, ConvertDType(a, dtypes.BFloat16), ConvertDType(b, dtypes.BFloat16))
				whole := Einsum(test.equation, a, b)
				return []*Node{ConvertDType(half, dtypes.Float32), ConvertDType(ConvertDType(whole, dtypes.BFloat16), dtypes.Float32)}
			})
			got := exec.MustCall(float32(0))
			if !got[0].Equal(got[1]) {
				t.Errorf("%v, want %v", got[0], got[1])
			}
		})
	}
}
