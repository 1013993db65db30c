package compress

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// softened is T² × the mean divergence in float64, by the definition of the softmax.
func softened(logits, taught [][]float64, temperature float64) float64 {
	probabilities := func(row []float64) []float64 {
		p := make([]float64, len(row))
		var sum float64
		for i, v := range row {
			p[i] = math.Exp(v / temperature)
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
		return p
	}
	var sum float64
	for i := range logits {
		q, p := probabilities(logits[i]), probabilities(taught[i])
		for c := range p {
			sum += p[c] * math.Log(p[c]/q[c])
		}
	}
	return temperature * temperature * sum / float64(len(logits))
}

func soft(temperature float64) func(a, b *Node) *Node {
	return func(a, b *Node) *Node { return Softened(a, b, temperature) }
}

func TestSoftenedIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, temperature := range []float64{.5, 1, 4, 20} {
		logits, taught := normal(rng, 6, 5), normal(rng, 6, 5)
		got, d, dt := lossAndGradients(t, soft(temperature), logits, taught)
		near(t, "loss", got, softened(logits, taught, temperature), 1e-4)
		const h = 1e-4
		logits[1][2] += h
		above := softened(logits, taught, temperature)
		logits[1][2] -= 2 * h
		near(t, "gradient", d[1][2], (above-softened(logits, taught, temperature))/(2*h), 1e-4)
		for i := range dt {
			for _, v := range dt[i] {
				if v != 0 {
					t.Fatal("a gradient flows into what is taught")
				}
			}
		}
	}
}

func TestSoftenedByHand(t *testing.T) {
	// Two classes: the teacher says 3/4 and 1/4, the student 1/2 and 1/2. KL = 3/4 ln(3/2) + 1/4
	// ln(1/2) = .130812.
	got, d, _ := lossAndGradients(t, soft(1), [][]float64{{5, 5}}, [][]float64{{math.Log(3), 0}})
	near(t, "loss", got, .75*math.Log(1.5)+.25*math.Log(.5), 1e-6)
	near(t, "gradient", d[0][0], .5-.75, 1e-6) // q - p
	// At temperature 2 with logits twice as far apart the probabilities are the same, and the
	// factor is 4.
	got, _, _ = lossAndGradients(t, soft(2), [][]float64{{5, 5}}, [][]float64{{2 * math.Log(3), 0}})
	near(t, "loss at temperature 2", got, 4*(.75*math.Log(1.5)+.25*math.Log(.5)), 1e-6)
	if got, _, _ = lossAndGradients(t, soft(4), [][]float64{{1, 3}}, [][]float64{{11, 13}}); math.Abs(got) > 1e-6 {
		t.Errorf("the loss of logits that differ by a constant is %g", got)
	}
}

func TestTemperatureLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n, classes = 4, 3
	logits, taught := normal(rng, n, classes), normal(rng, n, classes)
	// Hot: the gradient is that of matching centred logits, (z - v) / classes (section 2.1 of the
	// paper), here over n images.
	_, hot, _ := lossAndGradients(t, soft(500), logits, taught)
	// Cold: that of T × the cross-entropy with the teacher's likeliest class where both are sure.
	_, cold, _ := lossAndGradients(t, soft(.01), logits, taught)
	for i := range logits {
		var mean float64
		for c := range classes {
			mean += (logits[i][c] - taught[i][c]) / classes
		}
		for c := range classes {
			near(t, "the hot gradient", hot[i][c], (logits[i][c]-taught[i][c]-mean)/(classes*n), 2e-3)
			want := .01 / n * (oneHot(logits[i], c) - oneHot(taught[i], c))
			near(t, "the cold gradient", cold[i][c], want, 2e-4)
		}
	}
}

// oneHot is 1 where c is the place of the largest.
func oneHot(row []float64, c int) float64 {
	for _, v := range row {
		if v > row[c] {
			return 0
		}
	}
	return 1
}

func TestLogitsCheck(t *testing.T) {
	if err := checked(Logits{Teacher: teacher, Classes: 3}, 1, 32, 32); err != nil {
		t.Errorf("the zero value with teacher and classes: %v", err)
	}
	headless := teacher
	headless.Head = ""
	for field, bad := range map[string]Logits{
		"Classes": {Teacher: teacher}, "Temperature": {Teacher: teacher, Classes: 3, Temperature: -1},
		"Hard": {Teacher: teacher, Classes: 3, Hard: 1.5}, "Head": {Classes: 3, Teacher: headless},
		"Teacher.Method": {Classes: 3, Teacher: ssl.Frozen{Encoder: teacher.Encoder, Weights: "a"}},
	} {
		err := checked(bad, 16, 32, 32)
		if err == nil || !strings.Contains(err.Error(), "compress.Logits") || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(Logits{Temperature: math.Inf(1), Classes: 3, Teacher: teacher}, 16, 32, 32); err == nil {
		t.Error("an infinite temperature is accepted")
	}
	soft, hard := Logits{Classes: 3}, Logits{Classes: 3, Hard: .1}
	if err := soft.CheckLabels(nil); err != nil {
		t.Errorf("without hard labels: %v", err)
	}
	if err := hard.CheckLabels([]string{"a", "b"}); err == nil {
		t.Error("hard labels of another number of classes are accepted")
	}
}

// He et al. 2015 (arXiv:1512.03385), section 4.2: a rate of 0.1 for 128 images.
func TestLogitsHasTheRateOfItsSource(t *testing.T) {
	o := Logits{}.Optimizer().(optim.SGD)
	if got := o.Scaling.Scale(o.LR, 128); math.Abs(got-.1) > 1e-9 {
		t.Errorf("the rate for 128 images is %g, want 0.1", got)
	}
}
