package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"sslkit/kit/metric"
)

// Where three images in four of two classes are right, and the score is always a, the probability
// should be 3/4: 1/(1+exp(-a/T)) = 3/4, so T = a / ln 3.
func TestTemperatureOfKnownAnswer(t *testing.T) {
	const a = 5.
	logits, labels := []float64{a, 0, a, 0, a, 0, a, 0}, []int{0, 0, 0, 1}
	got, err := Temperature(logits, labels, 2)
	if want := a / math.Log(3); err != nil || math.Abs(got-want) > 1e-9 {
		t.Errorf("temperature %.12g, want %.12g (%v)", got, want, err)
	}
	if got, err := Temperature(logits[:6], labels[:3], 2); err != nil || got != LowestTemperature {
		t.Errorf("temperature %g where all is right, want the lowest (%v)", got, err)
	}
}

// The temperature is the best of a fine grid, and scaling by k scales it by k.
func TestTemperatureAgainstGrid(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	const n, classes = 300, 4
	logits, labels := make([]float64, n*classes), make([]int, n)
	for i := range labels {
		labels[i] = random.IntN(classes)
		for c := range classes {
			logits[i*classes+c] = 4 * random.NormFloat64()
		}
		logits[i*classes+labels[i]] += 3
	}
	loss := func(temperature float64) float64 {
		p := make([]float64, len(logits))
		for i, z := range logits {
			p[i] = z / temperature
		}
		for i := range n {
			softmax(p[i*classes : (i+1)*classes])
		}
		v, err := metric.LogLoss(labels, p, classes)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	got, err := Temperature(logits, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	for grid := .1; grid < 20; grid *= 1.01 {
		if loss(grid) < loss(got)-1e-12 {
			t.Errorf("temperature %g has loss %g, and %g has %g", got, loss(got), grid, loss(grid))
		}
	}
	if scaled, err := Temperature(divided(logits, .5), labels, classes); err != nil || math.Abs(scaled-2*got) > 1e-9 {
		t.Errorf("scores twice as large have temperature %g, want %g (%v)", scaled, 2*got, err)
	}
}

func TestTemperatureErrors(t *testing.T) {
	_, err := Temperature(nil, nil, 2)
	wantError(t, "empty", err, "labels is empty")
	_, err = Temperature([]float64{1, 0, 1}, []int{0, 0}, 2)
	wantError(t, "lengths", err, "logits holds 3")
	_, err = Temperature([]float64{1, 0}, []int{2}, 2)
	wantError(t, "label", err, "labels[0] is 2")
	_, err = Temperature([]float64{1, math.NaN()}, []int{0}, 2)
	wantError(t, "NaN", err, "logits row 0 column 1")
	_, err = Temperature([]float64{1, 1}, []int{0}, 2)
	wantError(t, "flat", err, "the same for all classes")
	_, err = Temperature([]float64{1}, []int{0}, 1)
	wantError(t, "classes", err, "classes is 1")
}
