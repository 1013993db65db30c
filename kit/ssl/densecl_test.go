package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

// The loss of a step is put together again from what student and teacher say of each place, in
// float64: each place's key is that of the place of the other view whose features are most like its
// own.
func TestDenseCLStepIsTheFormula(t *testing.T) {
	method := resolved(DenseCL{MoCo: MoCoV2{Queue: 6, Hidden: 5, Out: 3}, Dense: .3})
	vit := encoder.ViT{Patch: 4, Width: 8, Depth: 1, Size: 8, Pool: encoder.MeanPatches}
	rng := rand.New(rand.NewPCG(91, 92))
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, vit, in...)
		asking, answering := step.Encode(in[0]), step.Teacher.Encode(in[1])
		before := newQueue(step.Scope, 6, 3).embeddings(in[0].Graph())
		denseBefore := newQueue(step.Scope.At("dense"), 6, 3).embeddings(in[0].Graph())
		return []*Node{
			method.Loss(step), method.Embed(step.Scope, asking.Pooled), method.Embed(step.Teacher.Scope, answering.Pooled),
			before, denseBefore, asking.Tokens, answering.Tokens, method.densely(step.Scope, asking.Tokens), method.densely(step.Teacher.Scope, answering.Tokens),
		}
	}, maskedImages(rng, 2, 8), maskedImages(rng, 2, 8))
	seenQ, seenK, r, s := tokensOf(outputs[5]), tokensOf(outputs[6]), tokensOf(outputs[7]), tokensOf(outputs[8])
	var queries, keys [][]float64
	for i := range seenQ {
		for p, features := range seenQ[i] {
			best := 0
			for o := range seenK[i] {
				if cosine(features, seenK[i][o]) > cosine(features, seenK[i][best]) {
					best = o
				}
			}
			queries, keys = append(queries, r[i][p]), append(keys, s[i][best])
		}
	}
	after := [][][]float32{
		store.GetVariable("/method/queue").MustValue().Value().([][]float32),
		store.GetVariable("/method/dense/queue").MustValue().Value().([][]float32),
	}
	want := .7*mocov2Formula(table(outputs[1]), table(outputs[2]), table(outputs[3]), .2) + .3*mocov2Formula(queries, keys, table(outputs[4]), .2)
	near(t, "loss", number(outputs[0]), want, 1e-4)

	for i := range s { // The mean over the places waits in the queue of the places.
		mean := make([]float64, 3)
		for _, row := range s[i] {
			for k, v := range row {
				mean[k] += v
			}
		}
		for queue, key := range [][]float64{table(outputs[2])[i], mean} {
			var length float64
			for _, v := range key {
				length += v * v
			}
			for k, v := range key {
				near(t, "what is queued", float64(after[queue][4+i][k]), v/math.Sqrt(length), 1e-5)
			}
		}
	}
	mocov2Twins(t, store)
}

// Of places that are permuted, each finds its own again.
func TestDenseCLFindsThePlaces(t *testing.T) {
	x := maskedTokens(rand.New(rand.NewPCG(93, 94)), 2, 4, 3)
	y := [][][]float64{permuted(x[0]), stretched(x[1])}
	outputs, _ := stepOutputs(t, func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{MatMul(ConvertDType(mostSimilar(in[0], in[1]), in[1].DType()), in[1])}
	}, x, y)
	for i, image := range tokensOf(outputs[0]) {
		for p, found := range image {
			near(t, "cosine of a place and what it finds", cosine(found, x[i][p]), 1, 1e-5)
		}
	}
}

func TestDenseCLTrainsEncoderAndBothHeads(t *testing.T) {
	small := DenseCL{MoCo: MoCoV2{Queue: 8, Hidden: 8, Out: 6}}
	for _, e := range []encoder.Encoder{encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}, maskedViT} {
		for _, symmetric := range []bool{false, true} {
			small.MoCo.Symmetric = symmetric
			_, norms := maskedStep(t, small, e, dinoCrops(32, 32)...)
			maskedReached(t, norms, "/method/projector/", "/method/dense/hidden/", "/method/dense/out/")
		}
	}
}

func TestDenseCLCheck(t *testing.T) {
	if err := checked(DenseCL{}, 128, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]DenseCL{
		"Dense": {Dense: 1}, "Queue": {MoCo: MoCoV2{Queue: 24}}, "Tau": {MoCo: MoCoV2{Tau: 1}},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
