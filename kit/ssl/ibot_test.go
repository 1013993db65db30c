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

// ibotLoss is the loss of hidden patches in float64; the targets are probabilities.
func ibotLoss(student, target, hidden [][]float64, temperature float64) float64 {
	var sum float64
	for i := range hidden {
		var image, n float64
		for p := range hidden[i] {
			if hidden[i][p] == 0 {
				continue
			}
			row := i*len(hidden[i]) + p
			probabilities := dinoSoftmax(student[row], make([]float64, len(student[row])), temperature)
			for k, q := range target[row] {
				image -= q * math.Log(probabilities[k])
			}
			n++
		}
		sum += image / max(n, 1)
	}
	return sum / float64(len(hidden))
}

func ibotOnDevice(t *testing.T, student, target, hidden [][]float64) (float64, [][]float64) {
	t.Helper()
	return lossAndGradient[[][]float64](t, func(in []*Node) *Node { return PatchDistillation(in[0], in[1], in[2], .5) },
		student, target, hidden)
}

func TestPatchDistillationIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	student, target := normal(rng, 12, 5), normal(rng, 12, 5)
	for i := range target {
		target[i] = dinoSoftmax(target[i], make([]float64, 5), .3)
	}
	hidden := [][]float64{{1, 0, 1, 1}, {0, 0, 0, 0}, {0, 1, 0, 0}}
	loss, gradient := ibotOnDevice(t, student, target, hidden)
	near(t, "loss", loss, ibotLoss(student, target, hidden, .5), 1e-5)

	near(t, "gradient", gradient[2][3],
		slope(func() float64 { return ibotLoss(student, target, hidden, .5) }, &student[2][3]), 1e-4)
	for _, row := range []int{1, 4, 8} { // Seen patches.
		for _, g := range gradient[row] {
			if g != 0 {
				t.Errorf("a gradient flows into patch %d, which was seen", row)
			}
		}
	}
	_, gradient = lossAndGradient[[][]float64](t, func(in []*Node) *Node { return PatchDistillation(in[1], in[0], in[2], .5) },
		target, student, hidden)
	for _, row := range gradient {
		for _, g := range row {
			if g != 0 {
				t.Fatal("a gradient flows into the targets")
			}
		}
	}
}

func TestPatchDistillationByHand(t *testing.T) {
	// A student that can't tell 4 prototypes apart pays log 4 for a patch, however many are hidden;
	// the second image, in which nothing is hidden, halves the mean.
	zeros := make([][]float64, 4)
	sure := make([][]float64, 4)
	for i := range zeros {
		zeros[i], sure[i] = make([]float64, 4), []float64{0, 1, 0, 0}
	}
	for _, hidden := range [][][]float64{{{1, 1}, {0, 0}}, {{1, 0}, {0, 0}}} {
		loss, _ := ibotOnDevice(t, zeros, sure, hidden)
		near(t, "loss", loss, math.Log(4)/2, 1e-5)
	}
}

func TestIBOTHidesBlocksInSomeImages(t *testing.T) {
	backend := devicetest.Backend(t)
	const images = 400
	state := augment.State(7, 8)
	output, err := CallOnce(backend, func(state *Node) *Node {
		return resolved(IBOT{}).hidden(augment.NewRandom(state), images, 8, 8)
	}, state[:])
	if err != nil {
		t.Fatal(err)
	}
	some, patches := 0., 0.
	for _, hidden := range output.Value().([][]bool) {
		count := 0.
		for _, h := range hidden {
			if h {
				count++
			}
		}
		if count > 0 {
			some, patches = some+1, patches+count
		}
	}
	if share := some / images; math.Abs(share-.5) > .1 {
		t.Errorf("%.2f of the images have hidden patches, want 0.5", share)
	}
	if share := patches / some / 64; math.Abs(share-.3) > .02 {
		t.Errorf("%.3f of their patches are hidden, want 0.3", share)
	}
}

func TestIBOTTrainsEncoderHeadAndPrototypes(t *testing.T) {
	small := IBOT{DINO: dinoSmall, Masked: 1}
	small.DINO.Locals = 1
	_, norms := maskedStep(t, small, encoder.ViT{Patch: 8, Width: 16, Depth: 1, Size: 32}, dinoCrops(32, 32, 16)...)
	maskedReached(t, norms, "/encoder/", "/encoder/mask_token", "/encoder/cls_token", "/method/head/", "/method/prototypes/")
}

func TestIBOTCheck(t *testing.T) {
	if err := checked(IBOT{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(IBOT{}, maskedViT, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]IBOT{
		"Masked": {Masked: 1.5}, "Prototypes": {DINO: DINO{Prototypes: 1}}, "Tau": {DINO: DINO{Tau: 1}},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for field, bad := range map[string]IBOT{
		"Ratio": {Mask: augment.BlockMask{Ratio: 1}}, "LocalSize": {DINO: DINO{Locals: 1, LocalSize: 18}},
	} {
		if err := checkedWith(bad, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(IBOT{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
}

// There are two centres: that of the images goes a tenth of the way to the mean of what the teacher
// says of the images, that of the patches to the mean of what it says of all patches, hidden ones
// or not.
func TestIBOTCentresFollowImagesAndPatches(t *testing.T) {
	method := resolved(IBOT{DINO: DINO{Prototypes: 5, Hidden: 8, Out: 6}})
	vit := encoder.ViT{Patch: 4, Width: 8, Depth: 1, Size: 8}
	rng := rand.New(rand.NewPCG(25, 26))
	state := augment.State(9, 10)
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, vit, in[1:]...)
		step.Random, step.Progress = augment.NewRandom(in[0]), Scalar(in[0].Graph(), dtypes.Float32, .5)
		all := step.Teacher.Encode(step.Views...)
		head := method.DINO.head()
		return []*Node{
			head.apply(step.Teacher.Scope, all.Pooled),
			head.apply(step.Teacher.Scope, Reshape(all.Tokens, -1, 8)),
			method.Loss(step),
		}
	}, state[:], maskedImages(rng, 3, 8), maskedImages(rng, 3, 8))
	for i, name := range []string{"centre", "patch_centre"} {
		t.Run(name, func(t *testing.T) {
			nearAll(t, name, store.GetVariable("/method/"+name+"/mean").MustValue().Value().([]float32),
				followed(make([]float64, 5), table(outputs[i])))
		})
	}
}

// The crops hold as much of the image as in the authors' code (bytedance/ibot): without local crops
// main_ibot.py's default --global_crops_scale, with them what README.md's commands for ImageNet say.
func TestIBOTCropScales(t *testing.T) {
	for name, test := range map[string]struct {
		method        IBOT
		global, local [2]float64
	}{
		"no local crops": {method: IBOT{}, global: [2]float64{.14, 1}},
		"local crops":    {IBOT{DINO: DINO{Locals: 2}}, [2]float64{.25, 1}, [2]float64{.05, .25}},
		"own LocalScale": {IBOT{DINO: DINO{Locals: 2, LocalScale: .4}}, [2]float64{.4, 1}, [2]float64{.05, .4}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, view := range resolved(test.method).Views(32, 32) {
				want := test.global
				if i >= globalCrops {
					want = test.local
				}
				if got := view[0].(augment.RandomResizedCrop).Scale; got != want {
					t.Errorf("view %d holds %v of the image, want %v", i, got, want)
				}
			}
		})
	}
}
