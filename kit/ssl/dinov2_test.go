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

// The loss of a step is put together again from what student and teacher say, in float64: DINO's
// between the crops, that of the hidden patches, which alone share the prototypes, and KoLeo of each
// crop.
func TestDINOv2StepIsTheFormula(t *testing.T) {
	method := resolved(DINOv2{DINO: DINO{Prototypes: 5, Hidden: 8, Out: 6, TeacherTemperature: .3, TeacherStart: .3, Temperature: .5},
		KoLeo: .7, MaskRatio: [2]float64{.3, .6}, Masked: .8})
	vit := encoder.ViT{Patch: 2, Width: 8, Depth: 1, Size: 8}
	const images, patches = 3, 16
	rng, state := rand.New(rand.NewPCG(65, 66)), augment.State(9, 10)
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, vit, in[1:]...)
		step.Random, step.Progress = augment.NewRandom(in[0]), Scalar(in[0].Graph(), dtypes.Float32, .5)
		loss := method.Loss(step)
		hidden := method.hidden(augment.NewRandom(in[0]), 2*images, 4, 4)
		merged := MergeViews(step.Views...)
		seen, all := step.EncodeHidden(merged, hidden), step.Teacher.Encode(step.Views...)
		head := method.DINO.head()
		return []*Node{
			loss, ConvertDType(hidden, dtypes.Float32), seen.Pooled,
			head.apply(step.Scope, seen.Pooled), head.apply(step.Teacher.Scope, all.Pooled),
			head.apply(step.Scope.At("patches"), tokenRows(seen.Tokens)), head.apply(step.Teacher.Scope.At("patches"), tokenRows(all.Tokens)),
		}
	}, state[:], maskedImages(rng, images, 8), maskedImages(rng, images, 8))

	hidden, pooled := table(outputs[1]), table(outputs[2])
	of := func(rows [][]float64, crop int) (picked [][]float64) { // Row i × 2 + crop is of image i.
		for i := crop; i < len(rows); i += 2 {
			picked = append(picked, rows[i])
		}
		return picked
	}
	targets := sinkhornSlow(table(outputs[4]), .3, 3)
	none := make([]float64, 5)
	var want float64
	for i, student := range table(outputs[3]) {
		p := dinoSoftmax(student, none, .5)
		for k, target := range targets[i^1] { // Of the other crop.
			want -= target * math.Log(p[k]) / (2 * images)
		}
	}
	var sharing, places = [][]float64{}, []int{}
	for i, logits := range table(outputs[6]) {
		if hidden[i/patches][i%patches] == 1 {
			sharing, places = append(sharing, logits), append(places, i)
		}
	}
	if len(places) == 0 || len(places) == 2*images*patches {
		t.Fatalf("%d patches are hidden", len(places))
	}
	codes := make([][]float64, 2*images*patches)
	for n, code := range sinkhornSlow(sharing, .3, 3) {
		codes[places[n]] = code
	}
	want += ibotLoss(table(outputs[5]), codes, hidden, .5)
	want += .7 * (koLeoFormula(of(pooled, 0)) + koLeoFormula(of(pooled, 1)))
	near(t, "loss", number(outputs[0]), want, 1e-4)
}

func TestDINOv2HidesAsTheAuthorsCode(t *testing.T) {
	const images, side = 40, 8
	for _, test := range []struct {
		masked float64
		want   int
	}{{0, 20}, {.25, 10}, {1, 40}, {1e-6, 1}} {
		state := augment.State(7, 8)
		output, err := CallOnce(devicetest.Backend(t), func(state *Node) *Node {
			return resolved(DINOv2{Masked: test.masked}).hidden(augment.NewRandom(state), images, side, side)
		}, state[:])
		if err != nil {
			t.Fatal(err)
		}
		some, all := 0, 0
		for _, hidden := range output.Value().([][]bool) {
			count := 0
			for _, h := range hidden {
				if h {
					count++
				}
			}
			if count > side*side/2 {
				t.Errorf("%d of %d patches are hidden", count, side*side)
			}
			if count > 0 {
				some, all = some+1, all+count
			}
		}
		if some != test.want {
			t.Errorf("Masked %g: %d of %d images have hidden patches, want %d", test.masked, some, images, test.want)
		}
		if share := float64(all) / float64(some) / (side * side); some > 1 && math.Abs(share-.3) > .03 {
			t.Errorf("%.3f of their patches are hidden, want 0.3", share)
		}
	}
}

func TestDINOv2TrainsEncoderHeadsAndPrototypes(t *testing.T) {
	small := DINOv2{DINO: dinoSmall, Masked: 1}
	small.DINO.Locals = 1
	_, norms := maskedStep(t, small, encoder.ViT{Patch: 8, Width: 16, Depth: 1, Size: 32}, dinoCrops(32, 32, 16)...)
	maskedReached(t, norms, "/encoder/", "/encoder/mask_token", "/encoder/cls_token", "/method/head/", "/method/prototypes/",
		"/method/patches/head/", "/method/patches/prototypes/")
}

// The temperature is reached after 30 of 100 epochs, momentum begins at .992:
// dinov2/configs/ssl_default_config.yaml.
func TestDINOv2Schedules(t *testing.T) {
	for progress, want := range map[float32][2]float64{0: {.04, .992}, .15: {.055, .992436}, .3: {.07, .993649}, 1: {.07, 1}} {
		outputs, err := CallOnceN(devicetest.Backend(t), func(progress *Node) []*Node {
			m := resolved(DINOv2{})
			return []*Node{m.temperature(progress), m.Momentum(progress)}
		}, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "temperature", float64(outputs[0].Value().(float32)), want[0], 1e-6)
		near(t, "momentum", float64(outputs[1].Value().(float32)), want[1], 1e-6)
	}
}

func TestDINOv2Views(t *testing.T) {
	for name, method := range map[string]DINOv2{"no local crops": {}, "local crops": {DINO: DINO{Locals: 2}}} {
		for i, view := range resolved(method).Views(32, 32) {
			want := [2]float64{.32, 1}
			if i >= globalCrops {
				want = [2]float64{.05, .32}
			}
			if got := view[0].(augment.RandomResizedCrop).Scale; got != want {
				t.Errorf("%s: view %d holds %v of the image, want %v", name, i, got, want)
			}
		}
	}
}

func TestDINOv2Check(t *testing.T) {
	if err := checked(DINOv2{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(DINOv2{}, maskedViT, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]DINOv2{
		"Masked": {Masked: 1.5}, "Prototypes": {DINO: DINO{Prototypes: 1}}, "Tau": {DINO: DINO{Tau: 1}}, "KoLeo": {KoLeo: -1},
		"Iterations": {Iterations: -1}, "MaskRatio[1]": {MaskRatio: [2]float64{0, 1}}, "MaskRatio[0]": {MaskRatio: [2]float64{.6, .5}},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(DINOv2{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
	tiny := DINOv2{MaskRatio: [2]float64{.01, .02}}
	if err := checkedWith(tiny, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), "MaskRatio") {
		t.Errorf("a mask of no patch: %v", err)
	}
	if err := checkedWith(DINOv2{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
}
