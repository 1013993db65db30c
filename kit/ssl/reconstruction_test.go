package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
)

// What a method tells of hidden pixels is what its loss compares with them: the error of the pictures, in
// the units of the loss, is the loss. Everything else in them is the image.
func TestReconstructionsHaveTheErrorOfTheLoss(t *testing.T) {
	t.Parallel()
	square := func(difference, _ float64) float64 { return difference * difference }
	for name, test := range map[string]struct {
		method  Reconstructs
		whole   bool // All of the image is spoilt and told.
		errorOf func(difference, deviation float64) float64
	}{
		"MAE":        {resolved(MAE{Ratio: .5, Decoder: maskedDecoder}), false, func(d, deviation float64) float64 { return square(d/deviation, 0) }},
		"SimMIM":     {resolved(SimMIM{}), false, func(d, _ float64) float64 { return math.Abs(d) }},
		"Inpainting": {resolved(Inpainting{}), false, square},
		"denoising":  {resolved(Inpainting{Noise: .5}), true, square},
	} {
		t.Run(name, func(t *testing.T) {
			const images, side, patch = 3, 12, 4
			state, pixels := augment.State(11, 12), maskedImages(rand.New(rand.NewPCG(27, 28)), images, side)
			outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
				step := maskedNetworks(scope, encoder.ViT{Patch: patch, Width: 8, Depth: 1, Size: side, Pool: encoder.MeanPatches}, in[1])
				step.Random = augment.NewRandom(in[0])
				loss := test.method.Loss(step)
				made := test.method.Reconstruct(step.Network, augment.NewRandom(in[0]), in[1])
				rows := func(x *Node) *Node { return Reshape(x, images, side*side, 3) }
				return []*Node{loss, rows(made.Shown), rows(made.Told)}
			}, state[:], pixels)
			shown, told := tokensOf(outputs[1]), tokensOf(outputs[2]) // [image][pixel][channel]

			var sum float64
			lost, seen := 0, 0
			for i := range images {
				for p := range side * side {
					y, x := p/side, p%side
					if !test.whole && !isZero([][]float64{shown[i][p]}) {
						seen++
						for c := range 3 {
							near(t, "a shown pixel", shown[i][p][c], float64(pixels[i][y][x][c]), 1e-6)
							near(t, "a told pixel that was shown", told[i][p][c], float64(pixels[i][y][x][c]), 1e-6)
						}
						continue
					}
					lost++
					for c := range 3 {
						sum += test.errorOf(told[i][p][c]-float64(pixels[i][y][x][c]), patchDeviation(pixels[i], y/patch*patch, x/patch*patch, patch)) / 3
					}
				}
			}
			if lost == 0 || (seen == 0) != test.whole {
				t.Fatalf("%d pixels are hidden and %d are not", lost, seen)
			}
			near(t, "the error of the pictures", sum/float64(lost), number(outputs[0]), 1e-4)
		})
	}
}

// patchDeviation is that of the values of a patch, by which MAE divides them.
func patchDeviation(image [][][]float32, top, left, patch int) float64 {
	var values []float64
	for y := top; y < top+patch; y++ {
		for x := left; x < left+patch; x++ {
			for _, v := range image[y][x] {
				values = append(values, float64(v))
			}
		}
	}
	var mean, squares float64
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares/float64(len(values)-1) + 1e-6)
}
