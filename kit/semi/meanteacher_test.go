package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// consistency is J in float64.
func consistency(student, teacher [][]float64) float64 {
	var sum float64
	for i := range student {
		p, q := softmax(student[i]), softmax(teacher[i])
		for c := range p {
			sum += (p[c] - q[c]) * (p[c] - q[c]) / float64(len(p))
		}
	}
	return sum / float64(len(student))
}

func TestConsistencyIsTheFormulaAndStopsTheTeachersGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	student, teacher := normal(rng, 6, 4, 1), normal(rng, 6, 4, 1)
	loss := func(in []*Node) *Node { return Consistency(in[0], in[1]) }
	got, gradients := lossAndGradients(t, loss, 2, student, teacher)
	near(t, "loss", got, consistency(student, teacher), 1e-5)
	for i := range student {
		near(t, "gradient", gradients[0][i][3], slope(func() float64 { return consistency(student, teacher) }, &student[i][3]), 1e-4)
	}
	if !isZero(gradients[1]) {
		t.Error("a gradient flows into the teacher")
	}
	if same, _ := lossAndGradients(t, loss, 0, student, student); same != 0 {
		t.Errorf("the loss of equal answers is %g", same)
	}
	// Two that are sure of different classes are as far apart as can be: 2/classes.
	far, _ := lossAndGradients(t, loss, 0, [][]float64{{99, 0}}, [][]float64{{0, 99}})
	near(t, "the largest loss", far, 1, 1e-6)
}

func TestMeanTeacherSchedules(t *testing.T) {
	m := resolved(MeanTeacher{Weight: 10, Ramp: .5, Tau: .999})
	for progress, want := range map[float32]float64{0: 10 * math.Exp(-5), .25: 10 * math.Exp(-1.25), .5: 10, .9: 10} {
		near(t, "weight", scalarOf(t, m.weight, progress), want, 1e-5)
	}
	for progress, want := range map[float32]float64{0: .99, .49: .99, .5: .999, .9: .999} {
		near(t, "momentum", scalarOf(t, m.Momentum, progress), want, 1e-6)
	}
	near(t, "a low momentum", scalarOf(t, resolved(MeanTeacher{Tau: .9}).Momentum, 0), .9, 1e-6)
}

func TestMeanTeacherCheck(t *testing.T) {
	if err := checked(MeanTeacher{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]MeanTeacher{
		"Classes": {}, "Weight": {Classes: 3, Weight: -1}, "Ramp": {Classes: 3, Ramp: 1}, "Tau": {Classes: 3, Tau: 1},
		"Share": {Classes: 3, Share: -.5},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
