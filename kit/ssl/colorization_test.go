package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

func TestLabOfKnownColours(t *testing.T) {
	// Red, green, blue, white and mid grey, from the CIE's formulas at D65, as colour tables list
	// them.
	for colour, want := range map[[3]float64][2]float64{
		{1, 0, 0}: {80.09, 67.20}, {0, 1, 0}: {-86.18, 83.18}, {0, 0, 1}: {79.19, -107.86}, {1, 1, 1}: {0, 0}, {.5, .5, .5}: {0, 0},
	} {
		a, b := hostAB(colour)
		if math.Abs(a-want[0]) > .05 || math.Abs(b-want[1]) > .05 {
			t.Errorf("the colour %v is at %g, %g, want %v", colour, a, b, want)
		}
	}
}

func TestColourLabelsAreTheColoursOfTheCells(t *testing.T) {
	backend := devicetest.Backend(t)
	const n = 200
	rng := rand.New(rand.NewPCG(8, 8))
	colours := make([][][][]float32, n) // Of one cell of 2 × 2 equal pixels each.
	for i := range colours {
		pixel := []float32{rng.Float32(), rng.Float32(), rng.Float32()}
		colours[i] = [][][]float32{{pixel, pixel}, {pixel, pixel}}
	}
	bins := newColourBins(10)
	outputs, err := CallOnceN(backend, func(images *Node) []*Node {
		norm := augment.CIFAR10
		view := augment.Pipeline{norm}.Apply(augment.NewRandom(Const(images.Graph(), []uint64{1, 2, 3})), images)
		ab := cellMeans(labAB(denormalize(view, norm)), 1, 1)
		return []*Node{ab, bins.labels(ab)}
	}, colours)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int32]bool{}
	for i, cell := range outputs[0].Value().([][][][]float32) {
		p := colours[i][0][0]
		a, b := hostAB([3]float64{float64(p[0]), float64(p[1]), float64(p[2])})
		near(t, "a", float64(cell[0][0][0]), a, 1e-3)
		near(t, "b", float64(cell[0][0][1]), b, 1e-3)
		label := outputs[1].Value().([]int32)[i]
		found[label] = true
		edge := math.Min(math.Abs(math.Mod(math.Abs(a), 10)-5), math.Abs(math.Mod(math.Abs(b), 10)-5))
		if want := bins.class[bins.square(a)*(2*bins.half+1)+bins.square(b)]; label != want && edge > .01 {
			t.Errorf("the colour %v has class %d, want %d", p, label, want)
		}
	}
	if len(found) < 50 {
		t.Errorf("200 random colours have only %d classes", len(found))
	}
}

func TestColourBinsAreThoseOfSRGB(t *testing.T) {
	bins := newColourBins(10)
	if bins.classes != 260 { // What this test found: the paper, which counts otherwise, has 313.
		t.Errorf("there are %d classes, want 260", bins.classes)
	}
	seen := make([]bool, bins.classes)
	for _, class := range bins.class {
		if class < 0 || int(class) >= bins.classes {
			t.Fatalf("class %d of %d", class, bins.classes)
		}
		seen[class] = true
	}
	for class, ok := range seen {
		if !ok {
			t.Errorf("nothing is of class %d", class)
		}
	}
}

// colorizationLoss is the rebalanced cross-entropy in float64.
func colorizationLoss(logits [][]float64, labels []int32, uniform float64) float64 {
	classes, n := len(logits[0]), float64(len(labels))
	frequency := make([]float64, classes)
	for _, label := range labels {
		frequency[label] += 1 / n
	}
	weight := func(c int32) float64 { return 1 / ((1-uniform)*frequency[c] + uniform/float64(classes)) }
	var loss, weights float64
	for i, row := range logits {
		var sum float64
		for _, v := range row {
			sum += math.Exp(v)
		}
		loss += weight(labels[i]) * (math.Log(sum) - row[labels[i]])
		weights += weight(labels[i])
	}
	return loss / weights
}

func TestRebalancedCrossEntropy(t *testing.T) {
	backend := devicetest.Backend(t)
	rng := rand.New(rand.NewPCG(7, 7))
	logits, labels := normal(rng, 6, 4), []int32{0, 0, 0, 1, 2, 0}
	loss := func(logits [][]float64, labels []int32, uniform float64) (float64, [][]float64) {
		outputs, err := CallOnceN(backend, func(logits, labels *Node) []*Node {
			loss := RebalancedCrossEntropy(logits, labels, uniform)
			return []*Node{loss, Gradient(loss, logits)[0]}
		}, logits, labels)
		if err != nil {
			t.Fatal(err)
		}
		return float64(outputs[0].Value().(float32)), outputs[1].Value().([][]float64)
	}
	for _, uniform := range []float64{.1, .5, 1} {
		got, gradient := loss(logits, labels, uniform)
		near(t, "loss", got, colorizationLoss(logits, labels, uniform), 1e-5)
		near(t, "gradient", gradient[3][1],
			slope(func() float64 { return colorizationLoss(logits, labels, uniform) }, &logits[3][1]), 1e-4)
	}
	// By hand: of two classes, one with frequency 3/4. At a share of 1/2 the weights are 1/(3/8 +
	// 1/4) = 8/5 and 1/(1/8 + 1/4) = 8/3, in the ratio 3 to 5. The logits tell nothing of the
	// frequent and all of the rare one.
	got, _ := loss([][]float64{{0, 0}, {0, 0}, {0, 0}, {-50, 50}}, []int32{0, 0, 0, 1}, .5)
	near(t, "loss", got, 3*3*math.Log(2)/(3*3+5), 1e-5)
}

func TestColorizationStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	for _, test := range []struct {
		m     Colorization
		views []augment.Pipeline
	}{{Colorization{Hidden: 16}, nil}, {Colorization{Hidden: 16, Bin: 50}, []augment.Pipeline{{}}}} {
		m := test.m
		loss, gradients := negfreeStep(t, m, 0, test.views...)
		want := math.Log(float64(newColourBins(resolved(m).Bin).classes))
		if math.Abs(loss-want) > 1 {
			t.Errorf("%+v: the first loss is %g, far from %g", m, loss, want)
		}
		if gradients["/encoder/conv1/weight"] <= 0 {
			t.Errorf("%+v: no gradient reaches the encoder", m)
		}
	}
}

func TestColorizationCheck(t *testing.T) {
	if err := checked(Colorization{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]Colorization{
		"Cell": {Cell: 5}, "Bin": {Bin: 4}, "Uniform": {Uniform: 1.1}, "Hidden": {Hidden: -1},
	} {
		if err := checked(bad, 4, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
