package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// dinoSoftmax is softmax((x - centre) / temperature) in float64.
func dinoSoftmax(x, centre []float64, temperature float64) []float64 {
	var sum float64
	p := make([]float64, len(x))
	for k := range x {
		p[k] = math.Exp((x[k] - centre[k]) / temperature)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// dinoLoss is equation 3 of the paper in float64, pair by pair.
func dinoLoss(students, teachers [][][]float64, centre []float64, studentT, teacherT float64) float64 {
	none := make([]float64, len(centre))
	var sum, n float64
	for t := range teachers {
		for s := range students {
			if s == t {
				continue
			}
			for i := range students[s] {
				target, p := dinoSoftmax(teachers[t][i], centre, teacherT), dinoSoftmax(students[s][i], none, studentT)
				for k := range p {
					sum -= target[k] * math.Log(p[k])
				}
				n++
			}
		}
	}
	return sum / n
}

// dinoOnDevice computes SelfDistillation with a centre, and its gradients with respect to student
// and teacher.
func dinoOnDevice(
	t *testing.T, students, teachers [][][]float64, held []float64, studentT, teacherT float64,
) (loss float64, student, teacher [][][]float64) {
	t.Helper()
	backend := devicetest.Backend(t)
	split := func(x *Node) (views []*Node) {
		for v := range x.Shape().Dim(0) {
			views = append(views, Squeeze(SliceAxis(x, 0, AxisElem(v)), 0))
		}
		return views
	}
	exec, err := model.NewExec(backend, model.NewStore(), func(scope *model.Scope, in []*Node) []*Node {
		c := newCentre(scope, len(held))
		c.variable.SetNodeValue(ConvertDType(in[2], c.variable.DType()))
		var targets []*Node
		for _, logits := range split(in[1]) {
			targets = append(targets, c.sharpen(logits, Scalar(logits.Graph(), c.variable.DType(), teacherT)))
		}
		loss := SelfDistillation(split(in[0]), targets, studentT)
		return append([]*Node{loss}, Gradient(loss, in[0], in[1])...)
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(students, teachers, held)
	if err != nil {
		t.Fatal(err)
	}
	return float64(outputs[0].Value().(float32)), outputs[1].Value().([][][]float64), outputs[2].Value().([][][]float64)
}

func TestSelfDistillationIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	held := normal(rng, 1, 5)[0]
	for _, crops := range []int{2, 4} {
		students, teachers := maskedTokens(rng, crops, 3, 5), maskedTokens(rng, 2, 3, 5)
		loss, student, teacher := dinoOnDevice(t, students, teachers, held, .7, .3)
		near(t, "loss", loss, dinoLoss(students, teachers, held, .7, .3), 1e-5)

		near(t, "gradient", student[1][2][3],
			slope(func() float64 { return dinoLoss(students, teachers, held, .7, .3) }, &students[1][2][3]), 1e-4)
		for v := range teacher {
			for i := range teacher[v] {
				for _, g := range teacher[v][i] {
					if g != 0 {
						t.Fatal("a gradient flows into the teacher")
					}
				}
			}
		}
	}
}

func TestSelfDistillationByHand(t *testing.T) {
	none := []float64{0, 0, 0, 0}
	// All the same, which is collapse: the cross-entropy is the log of the number of prototypes.
	same := [][][]float64{{{1, 1, 1, 1}}, {{2, 2, 2, 2}}}
	loss, _, _ := dinoOnDevice(t, same, same, none, .1, .04)
	near(t, "loss of uniform outputs", loss, math.Log(4), 1e-5)
	// A teacher that is sure of the first prototype: -log softmax of the student's first logit.
	sure := [][][]float64{{{9, 0, 0, 0}}, {{9, 0, 0, 0}}}
	loss, _, _ = dinoOnDevice(t, [][][]float64{{{1, 0, 0, 0}}, {{1, 0, 0, 0}}}, sure, none, .5, .04)
	near(t, "loss of a sure teacher", loss, math.Log(1+3*math.Exp(-2)), 1e-5)
	// Crops that agree with the other view and not with their own: the pairs are crossed.
	teachers := [][][]float64{{{9, 0, 0, 0}}, {{0, 9, 0, 0}}}
	crossed := [][][]float64{{{0, 9, 0, 0}}, {{9, 0, 0, 0}}}
	loss, _, _ = dinoOnDevice(t, crossed, teachers, none, .1, .04)
	near(t, "loss of crossed agreement", loss, 0, 1e-5)
	// What is the same for all images says nothing: a teacher's logits and centre may move
	// together.
	moved := [][][]float64{{{9, 5, 0, 0}}, {{0, 14, 0, 0}}}
	loss, _, _ = dinoOnDevice(t, crossed, moved, []float64{0, 5, 0, 0}, .1, .04)
	near(t, "loss with a centre", loss, 0, 1e-5)
}

func TestCentreFollowsTheTeacher(t *testing.T) {
	backend := devicetest.Backend(t)
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, logits *Node) *Node {
		c := newCentre(scope, 3)
		before := c.variable.NodeValue(logits.Graph())
		c.follow(logits)
		return before
	})
	if err != nil {
		t.Fatal(err)
	}
	rng, want := rand.New(rand.NewPCG(17, 18)), make([]float64, 3)
	for range 5 {
		logits := normal(rng, 4, 3)
		outputs, err := exec.Call(logits)
		if err != nil {
			t.Fatal(err)
		}
		for k, got := range outputs[0].Value().([]float32) {
			near(t, "centre", float64(got), want[k], 1e-5)
			var mean float64
			for i := range logits {
				mean += logits[i][k] / 4
			}
			want[k] = .9*want[k] + .1*mean
		}
	}
	if store.GetVariable("/mean").Trainable {
		t.Error("the optimiser would move the centre")
	}
}
