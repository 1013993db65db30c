package ssl

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// dinoSmall has a head for tests.
var dinoSmall = DINO{Prototypes: 12, Hidden: 8, Out: 6}

// dinoCrops are views for tests, since the default ones take long to compile.
func dinoCrops(sizes ...int) (crops []augment.Pipeline) {
	for _, size := range sizes {
		crops = append(crops, augment.Pipeline{augment.RandomResizedCrop{Size: size}, augment.Normalize{}})
	}
	return crops
}

func TestDINOTrainsEncoderHeadAndPrototypes(t *testing.T) {
	small := dinoSmall
	withClass := encoder.ViT{Patch: 8, Width: 16, Depth: 1, Size: 32}
	small.Locals = 3
	_, norms := maskedStep(t, small, withClass, dinoCrops(32, 32, 16, 16, 16)...)
	maskedReached(t, norms, "/encoder/cls_token", "/encoder/blocks/", "/method/head/", "/method/prototypes/")
	_, norms = maskedStep(t, dinoSmall, encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}, dinoCrops(32, 32)...)
	maskedReached(t, norms, "/encoder/conv1/", "/method/head/")
}

func TestDINOFreezesThePrototypesAtFirst(t *testing.T) {
	small := dinoSmall
	small.FreezeLast = .6 // maskedStep is halfway.
	_, norms := maskedStep(t, small, maskedViT, dinoCrops(32, 32)...)
	for path, norm := range norms {
		if strings.HasPrefix(path, "/method/prototypes") && norm != 0 {
			t.Errorf("a gradient flows into %s", path)
		}
	}
	maskedReached(t, norms, "/encoder/blocks/", "/method/head/")
}

func TestDINOViews(t *testing.T) {
	if n := len((DINO{}).Views(32, 32)); n != 2 {
		t.Errorf("%d views, want 2", n)
	}
	for size, local := range map[int]int{32: 16, 224: 112} {
		views := resolved(DINO{Locals: 6}).Views(size, size)
		if len(views) != 8 {
			t.Fatalf("%d views, want 8", len(views))
		}
		for i, view := range views {
			if err := view.Check(size, size); err != nil {
				t.Error(err)
			}
			crop, want, scale := view[0].(augment.RandomResizedCrop), size, [2]float64{.4, 1}
			if i > 1 {
				want, scale = local, [2]float64{.05, .4}
			}
			if h, w := view.OutputSize(size, size); h != want || w != want || crop.Scale != scale {
				t.Errorf("view %d is %d × %d, of %v; want %d, of %v", i, h, w, crop.Scale, want, scale)
			}
		}
	}
}

func TestDINOTemperatureAndMomentumRise(t *testing.T) {
	backend := devicetest.Backend(t)
	for progress, want := range map[float32][2]float64{
		0: {.04, .9}, .05: {.055, .9006156}, .1: {.07, .9024472}, .5: {.07, .95}, 1: {.07, 1},
	} {
		outputs, err := CallOnceN(backend, func(progress *Node) []*Node {
			m := resolved(DINO{Tau: .9})
			return []*Node{m.teacherTemperature(progress), m.Momentum(progress)}
		}, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "temperature", float64(outputs[0].Value().(float32)), want[0], 1e-6)
		near(t, "momentum", float64(outputs[1].Value().(float32)), want[1], 1e-6)
	}
}

func TestDINOCheck(t *testing.T) {
	if err := checked(DINO{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]DINO{
		"Prototypes": {Prototypes: 1}, "Hidden": {Hidden: -1}, "Out": {Out: -1}, " Temperature": {Temperature: -1},
		"TeacherTemperature": {TeacherTemperature: -1}, "TeacherStart": {TeacherStart: -1}, "Tau": {Tau: 1},
		"FreezeLast": {FreezeLast: 1}, "Locals": {Locals: -1}, "LocalSize": {LocalSize: 33}, "LocalScale": {LocalScale: 1},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(DINO{Locals: 2, LocalSize: 18}, maskedResNet, 32, 32); err != nil {
		t.Errorf("crops of 18 pixels for a convolutional encoder: %v", err)
	}
	err := checkedWith(DINO{Locals: 2, LocalSize: 18}, maskedViT, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "LocalSize") || !strings.Contains(err.Error(), "Patch") {
		t.Errorf("crops of 18 pixels for patches of 8: %v", err)
	}
}

// In every step the teacher's logits lose the centre that the steps before left, and the centre
// then goes a tenth of the way to their mean (equation 4 of the paper): at 0 for the first step,
// elsewhere for the second.
func TestDINOStepTakesTheCentreAwayAndMovesIt(t *testing.T) {
	method := resolved(DINO{Prototypes: 5, Hidden: 8, Out: 6, TeacherTemperature: .3, TeacherStart: .3, Temperature: .5})
	backend := devicetest.Backend(t)
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, views []*Node) []*Node {
		step := mocov2Step(scope, views...)
		step.Progress = Scalar(views[0].Graph(), dtypes.Float32, .5)
		student := method.head().apply(step.Scope, step.Encode(views...).Pooled)
		teacher := method.head().apply(step.Teacher.Scope, step.Teacher.Encode(views...).Pooled)
		var out []*Node
		for _, logits := range append(SplitViews(student, 2), SplitViews(teacher, 2)...) {
			out = append(out, ConvertDType(logits, dtypes.Float64))
		}
		return append(out, ConvertDType(method.Loss(step), dtypes.Float64))
	})
	if err != nil {
		t.Fatal(err)
	}
	rng, centre := rand.New(rand.NewPCG(23, 24)), make([]float64, 5)
	for _, name := range []string{"first step", "second step", "third step"} {
		t.Run(name, func(t *testing.T) {
			outputs, err := exec.Call(mocov2Images(rng, 4), mocov2Images(rng, 4))
			if err != nil {
				t.Fatal(err)
			}
			students := [][][]float64{table(outputs[0]), table(outputs[1])}
			teachers := [][][]float64{table(outputs[2]), table(outputs[3])}
			near(t, "loss", number(outputs[4]), dinoLoss(students, teachers, centre, .5, .3), 1e-5)

			centre = followed(centre, slices.Concat(teachers...))
			nearAll(t, "centre", store.GetVariable("/method/centre/mean").MustValue().Value().([]float32), centre)
		})
	}
}

// followed is a centre after it went a tenth of the way to the mean of the logits, in float64.
func followed(centre []float64, logits [][]float64) []float64 {
	after := make([]float64, len(centre))
	for k := range centre {
		after[k] = .9 * centre[k]
		for _, row := range logits {
			after[k] += .1 * row[k] / float64(len(logits))
		}
	}
	return after
}

// nearAll fails where one of the numbers is not the wanted one.
func nearAll(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for k := range want {
		near(t, what, float64(got[k]), want[k], 1e-5)
	}
}
