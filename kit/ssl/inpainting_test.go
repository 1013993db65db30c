package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// inpaintingSpoilt spoils n images of ones, of height × width pixels.
func inpaintingSpoilt(t *testing.T, m Inpainting, n, height, width int) (pixels []float32, lost []bool) {
	t.Helper()
	backend := devicetest.Backend(t)
	ones := make([]float32, n*height*width*3)
	for i := range ones {
		ones[i] = 1
	}
	state := augment.State(9, 10)
	outputs, err := CallOnceN(backend, func(state, images *Node) []*Node {
		spoilt, lost := m.spoil(augment.NewRandom(state), images)
		return []*Node{spoilt, lost}
	}, state[:], tensors.FromFlatDataAndDimensions(ones, n, height, width, 3))
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](outputs[0]), tensors.MustCopyFlatData[bool](outputs[1])
}

func TestInpaintingErasesABlockAnywhere(t *testing.T) {
	const n, height, width = 200, 8, 12
	pixels, lost := inpaintingSpoilt(t, resolved(Inpainting{}), n, height, width)
	places := map[[2]int]bool{}
	for i := range n {
		top, left, bottom, right, count := height, width, -1, -1, 0
		for y := range height {
			for x := range width {
				at := (i*height+y)*width + x
				for k := range 3 {
					if (pixels[3*at+k] == 0) != lost[at] {
						t.Fatalf("image %d: pixel %d, %d is %g, lost %v", i, y, x, pixels[3*at+k], lost[at])
					}
				}
				if lost[at] {
					top, left, bottom, right, count = min(top, y), min(left, x), max(bottom, y), max(right, x), count+1
				}
			}
		}
		if bottom-top != 3 || right-left != 5 || count != 4*6 {
			t.Errorf("image %d: rows %d to %d, columns %d to %d, %d pixels: not a block of 4 × 6", i, top, bottom, left, right, count)
		}
		places[[2]int{top, left}] = true
	}
	if len(places) < 30 { // Of 5 × 7; 200 draws miss few.
		t.Errorf("blocks in %d places only", len(places))
	}
}

func TestInpaintingAddsNoise(t *testing.T) {
	pixels, lost := inpaintingSpoilt(t, resolved(Inpainting{Noise: .3}), 50, 8, 8)
	var mean, variance, beyond float64
	n := float64(len(pixels))
	for _, v := range pixels {
		mean += float64(v) / n
	}
	for _, v := range pixels {
		variance += (float64(v) - mean) * (float64(v) - mean) / n
		if math.Abs(float64(v)-1) > 2*.3 {
			beyond++
		}
	}
	near(t, "mean", mean, 1, .02)
	near(t, "deviation", math.Sqrt(variance), .3, .02)
	near(t, "share beyond two deviations", beyond/n, .0455, .01)
	for _, l := range lost {
		if !l {
			t.Fatal("a pixel is not to be restored")
		}
	}
}

func TestInpaintingLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	painted, images := maskedTokens(rng, 2, 6, 3), maskedTokens(rng, 2, 6, 3)
	lost := [][]float64{{0, 1, 1, 0, 0, 0}, {0, 0, 0, 1, 1, 0}}
	formula := func() (sum float64) { // ‖M ⊙ (x - F)‖² over the number of erased values.
		for i := range images {
			for p := range images[i] {
				for k := range 3 {
					d := lost[i][p] * (images[i][p][k] - painted[i][p][k])
					sum += d * d / (4 * 3)
				}
			}
		}
		return sum
	}
	loss, gradient := lossAndGradient[[][][]float64](t, func(in []*Node) *Node { return MaskedSquares(in[0], in[1], in[2]) },
		painted, images, lost)
	near(t, "loss", loss, formula(), 1e-5)
	near(t, "gradient", gradient[1][3][2], slope(formula, &painted[1][3][2]), 1e-4)
}

func TestInpaintingDecodesAnyMap(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, size := range [][4]int{{4, 4, 32, 32}, {1, 1, 8, 8}, {3, 2, 10, 7}} {
		exec, err := model.NewExec(backend, model.NewStore(), func(scope *model.Scope, x *Node) *Node {
			return Inpainting{}.decode(scope, x, size[2], size[3])
		})
		if err != nil {
			t.Fatal(err)
		}
		features := make([]float32, 2*size[0]*size[1]*5)
		for i := range features {
			features[i] = float32(i)
		}
		outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(features, 2, size[0], size[1], 5))
		if err != nil {
			t.Fatal(err)
		}
		if err := outputs[0].Shape().CheckDims(2, size[2], size[3], 3); err != nil {
			t.Errorf("map of %d × %d: %v", size[0], size[1], err)
		}
	}
}

func TestInpaintingTrainsEncoderAndDecoder(t *testing.T) {
	_, norms := maskedStep(t, Inpainting{}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/method/decoder/")
	_, norms = maskedStep(t, Inpainting{Noise: .5}, encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem})
	maskedReached(t, norms, "/encoder/conv1/", "/method/decoder/")
}

func TestInpaintingCheck(t *testing.T) {
	if err := checked(Inpainting{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string][]Inpainting{
		"Side": {{Side: 1}, {Side: -.5}, {Side: .99}, {Side: .01}}, "Noise": {{Noise: -1}, {Noise: math.NaN()}},
		"Hidden": {{Hidden: -1}},
	} {
		for _, bad := range bad {
			if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%+v: error %v does not name %s", bad, err, field)
			}
		}
	}
}
