package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// data2vecLoss is equation 3 of the paper over the hidden patches, in float64.
func data2vecLoss(prediction, target [][][]float64, hidden [][]float64, beta float64) float64 {
	var sum, n float64
	for i := range target {
		for p := range target[i] {
			if hidden[i][p] == 0 {
				continue
			}
			for k, v := range target[i][p] {
				if d := math.Abs(prediction[i][p][k] - v); d < beta {
					sum += d * d / (2 * beta)
				} else {
					sum += d - beta/2
				}
				n++
			}
		}
	}
	return sum / n
}

// unscaled is a token with mean 0 and variance 1, in float64.
func unscaled(token []float64) []float64 {
	var mean, variance float64
	for _, v := range token {
		mean += v / float64(len(token))
	}
	for _, v := range token {
		variance += (v - mean) * (v - mean) / float64(len(token))
	}
	scaled := make([]float64, len(token))
	for k, v := range token {
		scaled[k] = (v - mean) / math.Sqrt(variance+1e-5)
	}
	return scaled
}

func TestBlockDistanceIsTheFormulaAndStopsTheTargetsGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(101, 102))
	prediction, target := maskedTokens(rng, 2, 3, 5), maskedTokens(rng, 2, 3, 5)
	hidden := [][]float64{{1, 0, 1}, {0, 1, 0}}
	for _, beta := range []float64{.5, 2} {
		formula := func() float64 { return data2vecLoss(prediction, target, hidden, beta) }
		value, gradients := lossAndGradients[[][][]float64](t, func(in []*Node) *Node {
			return BlockDistance(in[0], in[1], in[2], beta)
		}, 2, prediction, target, hidden)
		near(t, "loss", value, formula(), 1e-5)
		near(t, "gradient", gradients[0][0][2][3], slope(formula, &prediction[0][2][3]), 1e-4)
		if !isZero(gradients[0][0][1:2]) || !isZero(gradients[1][0]) || !isZero(gradients[1][1]) {
			t.Error("a gradient flows into a patch that was seen, or into the target")
		}
	}
}

func TestBlockDistanceByHand(t *testing.T) {
	// With β = 2 differences of 0, 1, 2 and 5 cost 0, ¼, 1 and 4. What was seen costs nothing.
	value, _ := lossAndGradient[[][][]float64](t, func(in []*Node) *Node { return BlockDistance(in[0], in[1], in[2], 2) },
		[][][]float64{{{7, 1, 1, -2}, {99, 0, 0, 0}}}, [][][]float64{{{7, 0, -1, 3}, {0, 0, 0, 0}}}, [][]float64{{1, 0}})
	near(t, "loss", value, 5.25/4, 1e-6)
}

// The loss of a step is put together again from the teacher's blocks and what the head makes of the
// student's tokens, in float64.
func TestData2VecStepIsTheFormula(t *testing.T) {
	method := resolved(Data2Vec{Blocks: 2, Beta: .7})
	vit := encoder.ViT{Patch: 2, Width: 8, Depth: 3, Size: 8, Pool: encoder.MeanPatches}
	rng, state := rand.New(rand.NewPCG(103, 104)), augment.State(9, 10)
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, vit, in[1])
		step.Random = augment.NewRandom(in[0])
		loss := method.Loss(step)
		hidden := Reshape(method.Mask.Hidden(augment.NewRandom(in[0]), 3, 4, 4), 3, 16)
		layers := step.Teacher.EncodeLayers(in[1], 3)
		return []*Node{
			loss, ConvertDType(hidden, dtypes.Float32), onTokens(step.Scope.At("head"), step.EncodeHidden(in[1], hidden).Tokens, 8),
			layers[1], layers[2],
		}
	}, state[:], maskedImages(rng, 3, 8))
	lower, upper := tokensOf(outputs[3]), tokensOf(outputs[4])
	for i := range lower {
		for p := range lower[i] {
			mean, other := unscaled(lower[i][p]), unscaled(upper[i][p])
			for k := range mean {
				mean[k] = (mean[k] + other[k]) / 2
			}
			lower[i][p] = unscaled(mean)
		}
	}
	near(t, "loss", number(outputs[0]), data2vecLoss(tokensOf(outputs[2]), lower, table(outputs[1]), .7), 1e-5)
	mocov2Twins(t, store)
}

func TestData2VecTrainsEncoderAndHead(t *testing.T) {
	_, norms := maskedStep(t, Data2Vec{}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/encoder/mask_token", "/method/head/")
}

func TestData2VecMomentumStays(t *testing.T) {
	for _, progress := range []float32{0, .5, 1} {
		output, err := CallOnce(devicetest.Backend(t), resolved(Data2Vec{}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), .9998, 1e-6)
	}
}

func TestData2VecCheck(t *testing.T) {
	if err := checked(Data2Vec{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(Data2Vec{}, maskedViT, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]Data2Vec{"Blocks": {Blocks: -1}, "Beta": {Beta: -1}, "Tau": {Tau: 1}} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for field, bad := range map[string]Data2Vec{"Blocks is 2": {Blocks: 2}, "Ratio": {Mask: augment.BlockMask{Ratio: 1}}} {
		if err := checkedWith(bad, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for name, e := range map[string]encoder.Encoder{
		"no patches": maskedResNet, "no blocks": unlayered{maskedViT},
	} {
		if err := checkedWith(Data2Vec{}, e, 32, 32); err == nil || !strings.Contains(err.Error(), "encoder.ViT") {
			t.Errorf("an encoder with %s: %v", name, err)
		}
	}
}

// unlayered is an encoder on patches that does not show its blocks.
type unlayered struct{ encoder.Masked }
