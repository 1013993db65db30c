package ssl

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// mocov3Formula is InfoNCE in float64, anchor by anchor.
func mocov3Formula(anchors, candidates [][]float64, temperature float64) float64 {
	var sum float64
	for i, a := range anchors {
		var all float64
		for _, c := range candidates {
			all += math.Exp(cosine(a, c) / temperature)
		}
		sum -= math.Log(math.Exp(cosine(a, candidates[i])/temperature) / all)
	}
	return sum / float64(len(anchors))
}

// mocov3OnDevice computes a loss of two matrices and its gradients with respect to both.
func mocov3OnDevice(
	t *testing.T, loss func(a, b *Node, temperature float64) *Node, a, b [][]float64, temperature float64,
) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradients[[][]float64](t, func(in []*Node) *Node { return loss(in[0], in[1], temperature) }, 2, a, b)
}

func TestInfoNCEIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, temperature := range []float64{.07, .2, 1} {
		pair := [2][][]float64{normal(rng, 7, 5), normal(rng, 7, 5)}
		got, gradients := mocov3OnDevice(t, InfoNCE, pair[0], pair[1], temperature)
		near(t, "loss", got, mocov3Formula(pair[0], pair[1], temperature), 1e-5)
		for side, x := range pair {
			near(t, "gradient", gradients[side][3][2],
				slope(func() float64 { return mocov3Formula(pair[0], pair[1], temperature) }, &x[3][2]), 1e-4)
		}
	}
}

func TestInfoNCEInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	a, b := normal(rng, 4, 3), normal(rng, 4, 3)
	loss, _ := mocov3OnDevice(t, InfoNCE, a, b, .2)

	shuffled, _ := mocov3OnDevice(t, InfoNCE, permuted(a), permuted(b), .2)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)

	scaled, _ := mocov3OnDevice(t, InfoNCE, stretched(a), b, .2)
	near(t, "loss with longer embeddings", scaled, loss, 1e-5)
}

func TestContrastKeysStopsTheKeysGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	q, k := normal(rng, 5, 4), normal(rng, 5, 4)
	loss, gradients := mocov3OnDevice(t, ContrastKeys, q, k, .2)
	near(t, "loss", loss, 2*.2*mocov3Formula(q, k, .2), 1e-5)
	_, free := mocov3OnDevice(t, InfoNCE, q, k, .2)
	near(t, "gradient of the queries", gradients[0][1][2], 2*.2*free[0][1][2], 1e-5)
	if !isZero(gradients[1]) {
		t.Error("a gradient flows into the keys")
	}
}

func TestContrastKeysByHand(t *testing.T) {
	// Two images along two axes: the positive is at 1, the negative at 0.
	z := [][]float64{{2, 0}, {0, 3}}
	loss, _ := mocov3OnDevice(t, ContrastKeys, z, z, .5)
	near(t, "loss", loss, math.Log(1+math.Exp(-1/.5)), 1e-5)
	// Collapse: each key is as likely as the other.
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	loss, _ = mocov3OnDevice(t, ContrastKeys, same, same, .5)
	near(t, "loss of collapsed embeddings", loss, math.Log(3), 1e-5)
}

func TestMoCoV3MomentumRises(t *testing.T) {
	backend := devicetest.Backend(t)
	for progress, want := range map[float32]float64{0: .99, .5: .995, 1: 1} {
		output, err := CallOnce(backend, resolved(MoCoV3{}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestMoCoV3Check(t *testing.T) {
	if err := checked(MoCoV3{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method MoCoV3
	}{
		{"Temperature is", MoCoV3{Temperature: -1}}, {"Temperature is", MoCoV3{Temperature: math.NaN()}},
		{"Temperature is", MoCoV3{Temperature: math.Inf(1)}}, {"Hidden is", MoCoV3{Hidden: -1}}, {"Out is", MoCoV3{Out: -1}},
		{"Layers is", MoCoV3{Layers: -1}}, {"Tau is", MoCoV3{Tau: 1}}, {"Tau is", MoCoV3{Tau: math.NaN()}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field) {
			t.Errorf("%+v: error %v does not name what %s", bad.method, err, bad.field)
		}
	}
	if err := checked(MoCoV3{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
}

func TestMoCoV3SymmetrisesAndTeacherHasTwins(t *testing.T) {
	backend := devicetest.Backend(t)
	method := resolved(MoCoV3{Hidden: 5, Out: 3})
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, one, two *Node) []*Node {
		loss := method.Loss(mocov2Step(scope, one, two))
		var teacher []*Node
		for v := range scope.At("teacher").IterVariables() {
			if v.Trainable {
				teacher = append(teacher, v.NodeValue(one.Graph()))
			}
		}
		outputs := []*Node{loss, method.Loss(mocov2Step(scope, two, one))}
		for _, gradient := range Gradient(loss, teacher...) {
			outputs = append(outputs, ReduceAllMax(Abs(gradient)))
		}
		return outputs
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(27, 28))
	outputs, err := exec.Call(mocov2Images(rng, 4), mocov2Images(rng, 4))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss with the views swapped", float64(outputs[1].Value().(float32)), float64(outputs[0].Value().(float32)), 1e-5)
	for _, gradient := range outputs[2:] {
		if gradient.Value().(float32) != 0 {
			t.Error("a gradient flows into the teacher")
		}
	}
	mocov2Twins(t, store)
}

// The variables of the heads are those of facebookresearch/moco-v3, moco/builder.py: no layer has a
// bias, the norm behind the projector has no scale and offset (BatchNorm1d(affine=False)), and the
// predictor has one too in MoCo_ViT alone.
func TestMoCoV3Heads(t *testing.T) {
	for name, test := range map[string]struct {
		method MoCoV3
		want   []string
	}{
		"MoCo_ResNet": {MoCoV3{}, []string{
			"predictor/0/bn/bias", "predictor/0/bn/weight", "predictor/0/weight", "predictor/1/weight",
			"projector/0/bn/bias", "projector/0/bn/weight", "projector/0/weight", "projector/1/weight",
		}},
		"MoCo_ViT": {MoCoV3{Layers: 3, PredictorNorm: true}, []string{
			"predictor/0/bn/bias", "predictor/0/bn/weight", "predictor/0/weight", "predictor/1/weight",
			"projector/0/bn/bias", "projector/0/bn/weight", "projector/0/weight",
			"projector/1/bn/bias", "projector/1/bn/weight", "projector/1/weight", "projector/2/weight",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			test.method.Hidden, test.method.Out = 5, 3
			_, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
				return []*Node{resolved(test.method).Loss(mocov2Step(scope, in...))}
			}, mocov2Images(rand.New(rand.NewPCG(29, 30)), 4), mocov2Images(rand.New(rand.NewPCG(31, 32)), 4))
			var got []string
			for v := range store.IterVariables() {
				if head, ok := strings.CutPrefix(v.Path(), "/method/"); ok && v.Trainable {
					got = append(got, head)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
			if norm := store.GetVariable("/method/predictor/1/bn/running_mean"); (norm != nil) != test.method.PredictorNorm {
				t.Errorf("the norm behind the predictor: %v", norm)
			}
		})
	}
}
