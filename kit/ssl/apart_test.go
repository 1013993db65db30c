package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

// Behind a layer without bias, a norm over the batch takes out the contrast of what it sees. So the
// loss does not change where all images of one view have three times their contrast, if the norms
// see each view by itself; and it does if they see both together. Who does which:
//
//	facebookresearch/barlowtwins main.py, BarlowTwins.forward; facebookresearch/vicreg main_vicreg.py,
//	VICReg.forward; facebookresearch/simsiam and moco-v3, builder.py, forward; google-deepmind/
//	deepmind-research byol/byol_experiment.py, apply_once_fn; solo-learn solo/methods/base.py,
//	training_step (NNCLR): apart, the heads too
//	htdt/self-supervised methods/w_mse.py: the encoder apart, the head together
func TestNormsSeeTheViewsAsInTheSources(t *testing.T) {
	t.Parallel()
	resNet := encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}
	for _, test := range []struct {
		method        Method
		encoder, head bool // Whether the norms of each see a view by itself.
	}{
		{BarlowTwins{Hidden: 5, Out: 4}, true, true},
		{BYOL{Hidden: 5, Out: 4}, true, true},
		{MoCoV3{Hidden: 5, Out: 4}, true, true},
		{NNCLR{Hidden: 5, Predictor: 5, Out: 4, Queue: 6}, true, true},
		{SimSiam{Hidden: 5, Out: 4, Bottleneck: 3}, true, true},
		{VICReg{Hidden: 5, Out: 4}, true, true},
		{WMSE{Hidden: 5, Out: 2, Part: 6}, true, false},
		{MMCR{Hidden: 5, Out: 4}, false, false},
		{SimCLR{Hidden: 5, Out: 4}, false, false},
	} {
		t.Run(test.method.Name(), func(t *testing.T) {
			t.Parallel()
			for _, part := range []struct {
				name    string
				encoder encoder.Encoder
				side    int
				apart   bool
			}{
				{"encoder", resNet, 8, test.encoder}, {"head", mocov2Encoder{}, 2, test.head},
			} {
				rng := rand.New(rand.NewPCG(51, 52))
				one, two := pixels(rng, 6, part.side), pixels(rng, 6, part.side)
				loss := func(contrast float64) float64 {
					outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
						step := mocov2Step(scope, in[0], MulScalar(in[1], contrast))
						step.Encoder, step.Teacher.Encoder = part.encoder, part.encoder
						return []*Node{resolved(test.method).Loss(step)}
					}, one, two)
					return number(outputs[0])
				}
				plain, strong := loss(1), loss(3)
				if same := math.Abs(plain-strong) < 2e-3*math.Abs(plain); same != part.apart {
					t.Errorf("%s: the loss is %g, with more contrast in one view %g; apart: %t", part.name, plain, strong, part.apart)
				}
			}
		})
	}
}

// pixels are random images of side × side pixels.
func pixels(rng *rand.Rand, images, side int) [][][][]float32 {
	x := make([][][][]float32, images)
	for i := range x {
		x[i] = make([][][]float32, side)
		for r := range x[i] {
			x[i][r] = make([][]float32, side)
			for c := range x[i][r] {
				x[i][r][c] = []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())}
			}
		}
	}
	return x
}
