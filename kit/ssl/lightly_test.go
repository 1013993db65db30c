package ssl

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

// golden is one random input with what lightly's losses give for it: made by
// benchmarks/peers/losses/run.sh.
type golden struct {
	A              [][]float64 `json:"a"`
	B              [][]float64 `json:"b"`
	NTXent         float64     `json:"ntxent"`
	DCL            float64     `json:"dcl"`
	NegativeCosine float64     `json:"negative_cosine"`
	Barlow         float64     `json:"barlow"`
	VICReg         float64     `json:"vicreg"`
	SwAV           float64     `json:"swav"`
	DINO           float64     `json:"dino"`
	TiCo           float64     `json:"tico"`
	InfoNCE        float64     `json:"infonce"`
	KoLeo          float64     `json:"koleo"`
	IBOT           float64     `json:"ibot"`
	MMCR           float64     `json:"mmcr"`
	ReSSL          float64     `json:"ressl"`
	MSN            float64     `json:"msn"`
}

func TestLossesAgreeWithLightly(t *testing.T) {
	backend := devicetest.Backend(t)
	content, err := os.ReadFile("testdata/lightly.json")
	if err != nil {
		t.Fatal(err)
	}
	var inputs []golden
	if err := json.Unmarshal(content, &inputs); err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 100 {
		t.Fatalf("%d inputs, want 100", len(inputs))
	}
	for name, of := range map[string]struct {
		loss func(a, b *Node) *Node
		want func(golden) float64
	}{
		"NTXent":            {func(a, b *Node) *Node { return NTXent([]*Node{a, b}, .5) }, func(g golden) float64 { return g.NTXent }},
		"DCL":               {func(a, b *Node) *Node { return Decoupled([]*Node{a, b}, .1, 0) }, func(g golden) float64 { return g.DCL }},
		"InfoNCE, of NNCLR": {func(a, b *Node) *Node { return InfoNCE(a, b, .1) }, func(g golden) float64 { return g.InfoNCE }},
		"RedundancyReduction": {
			func(a, b *Node) *Node { return RedundancyReduction(a, b, .005) }, func(g golden) float64 { return g.Barlow },
		},
		// lightly halves the weight of the variance, as the authors' code does and the paper does
		// not.
		"VICReg": {func(a, b *Node) *Node { return resolved(VICReg{Variance: 12.5}).regularized([]*Node{a, b}) }, func(g golden) float64 { return g.VICReg }},
		"SwappedPrediction": {func(a, b *Node) *Node {
			scores := []*Node{unit(a), unit(b)}
			return SwappedPrediction([]*Node{Sinkhorn(scores[0], .05, 3), Sinkhorn(scores[1], .05, 3)}, scores, .1)
		}, func(g golden) float64 { return g.SwAV }},
		"SelfDistillation": {func(a, b *Node) *Node {
			sharp := func(x *Node) *Node { return Softmax(DivScalar(x, .04), -1) }
			return SelfDistillation([]*Node{a, b}, []*Node{sharp(a), sharp(b)}, .1)
		}, func(g golden) float64 { return g.DINO }},
		"CovarianceContrast": {func(a, b *Node) *Node { // lightly's had seen the views once before, in the other order.
			nothing := Zeros(a.Graph(), shapes.Make(dtypes.Float32, 4, 4))
			return CovarianceContrast(a, b, movedCovariance(movedCovariance(nothing, b, .9), a, .9), 8)
		}, func(g golden) float64 { return g.TiCo }},
		"KoLeo": {func(a, _ *Node) *Node { return KoLeo(a) }, func(g golden) float64 { return g.KoLeo }},
		"PatchDistillation": {func(a, b *Node) *Node { // Of two images with four patches, of which six are hidden.
			padded := func(x *Node) *Node { // Whatever is said of the others.
				part := func(from, to int) *Node { return Slice(x, AxisRange(from, to)) }
				return Concatenate([]*Node{part(0, 5), part(0, 2), part(5, 6)}, 0)
			}
			target := Softmax(DivScalar(padded(b), .04), -1)
			return PatchDistillation(padded(a), target, Const(a.Graph(), [][]bool{{true, true, true, true}, {true, false, false, true}}), .1)
		}, func(g golden) float64 { return g.IBOT }},
		"ManifoldCapacity": {func(a, b *Node) *Node { return ManifoldCapacity(Stack([]*Node{a, b}, 1), .1) },
			func(g golden) float64 { return g.MMCR }},
		"RelationalConsistency": {
			func(a, b *Node) *Node { return RelationalConsistency(a, b, Reverse(b, 0), .1, .04) }, func(g golden) float64 { return g.ReSSL },
		},
		"MaskedSiamese": {func(a, b *Node) *Node { // With the first five differences of a and b as prototypes.
			prototypes := Transpose(unit(Slice(Sub(b, a), AxisRange(0, 5))), 0, 1)
			scores := func(x *Node) *Node { return DivScalar(Dot(unit(x), prototypes).Product(), .1) }
			return MaskedSiamese([]*Node{scores(a)}, SharpAssignment(scores(b), .25, 3), 1)
		}, func(g golden) float64 { return g.MSN }},
		"NegativeCosine": {NegativeCosine, func(g golden) float64 { return g.NegativeCosine }},
		// BYOL: the squared distance of unit vectors is 2 - 2 cos.
		"Regression": {Regression, func(g golden) float64 { return 2 + 2*g.NegativeCosine }},
	} {
		exec, err := NewExec(backend, of.loss)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.
		for i, input := range inputs {
			outputs, err := exec.Call(input.A, input.B)
			if err != nil {
				t.Fatal(err)
			}
			got, want := float64(outputs[0].Value().(float32)), of.want(input)
			relative := math.Abs(got-want) / max(math.Abs(want), 1e-3)
			worst = max(worst, relative)
			if relative > 1e-4 {
				t.Errorf("%s of input %d is %.7g, lightly's is %.7g", name, i, got, want)
			}
		}
		t.Logf("%s: within %.1g of lightly's", name, worst)
	}
}
