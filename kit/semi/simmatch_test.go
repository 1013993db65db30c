package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/ssl"
)

// unitRows are rows scaled to length 1.
func unitRows(x [][]float64) [][]float64 {
	for _, row := range x {
		var length float64
		for _, v := range row {
			length += v * v
		}
		for j := range row {
			row[j] /= math.Sqrt(length)
		}
	}
	return x
}

// similaritySoftmax are b of the paper: the softmax of the similarities of a row to those of a bank.
func similaritySoftmax(row []float64, bank [][]float64, temperature float64) []float64 {
	logits := make([]float64, len(bank))
	for i := range bank {
		for j := range row {
			logits[i] += row[j] * bank[i][j] / temperature
		}
	}
	return softmax(logits)
}

func oneHot(classes []int, of int) [][]float64 {
	rows := make([][]float64, len(classes))
	for i, c := range classes {
		rows[i] = make([]float64, of)
		rows[i][c] = 1
	}
	return rows
}

func TestSimMatchTargetsAreTheFormula(t *testing.T) {
	const temperature, own = .3, .8
	rng := rand.New(rand.NewPCG(1, 2))
	view, bank := unitRows(normal(rng, 5, 4, 1)), unitRows(normal(rng, 7, 4, 1))
	classes := []int{0, 1, 2, 0, 1, 2, 0}
	var probabilities [][]float64
	for _, row := range normal(rng, 5, 3, 1) {
		probabilities = append(probabilities, softmax(row))
	}
	outputs, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
		targets, similarities := SimMatchTargets(in[0], in[1], in[2], in[3], temperature, own)
		return []*Node{targets, similarities}
	}, probabilities, view, bank, oneHot(classes, 3))
	if err != nil {
		t.Fatal(err)
	}
	for n := range view {
		b := similaritySoftmax(view[n], bank, temperature)
		targets, similarities, sum := make([]float64, 3), make([]float64, 7), 0.
		for c := range targets {
			targets[c] = own * probabilities[n][c]
		}
		for i, c := range classes {
			targets[c] += (1 - own) * b[i]
			similarities[i] = b[i] * probabilities[n][c]
			sum += similarities[i]
		}
		for c := range targets {
			near(t, "a target", outputs[0].Value().([][]float64)[n][c], targets[c], 1e-6)
		}
		for i := range similarities {
			near(t, "a similarity", outputs[1].Value().([][]float64)[n][i], similarities[i]/sum, 1e-6)
		}
	}
}

func TestSimilarityLossIsTheFormula(t *testing.T) {
	const temperature = .5
	rng := rand.New(rand.NewPCG(3, 4))
	view, bank := unitRows(normal(rng, 5, 4, 1)), unitRows(normal(rng, 6, 4, 1))
	var asked [][]float64
	for _, row := range normal(rng, 5, 6, 1) {
		asked = append(asked, softmax(row))
	}
	formula := func() float64 {
		var sum float64
		for n := range view {
			for i, p := range similaritySoftmax(view[n], bank, temperature) {
				sum -= asked[n][i] * math.Log(p)
			}
		}
		return sum / float64(len(view))
	}
	var float32Asked [][]float32
	for _, row := range asked {
		float32Asked = append(float32Asked, float32s(row))
	}
	got, gradients := lossAndGradients(t, func(in []*Node) *Node {
		return SimilarityLoss(in[0], in[1], Const(in[0].Graph(), float32Asked), temperature)
	}, 2, view, bank)
	near(t, "loss", got, formula(), 1e-5)
	if !isZero(gradients[1]) {
		t.Error("a gradient flows into the bank")
	}
	for n := range view {
		near(t, "gradient", gradients[0][n][2], slope(formula, &view[n][2]), 1e-4)
	}
}

// The bank holds the running mean of each image's embeddings, made of length 1, and knows when it
// holds all.
func TestBankKeepsTheEmbeddingsOfLabelledImages(t *testing.T) {
	const momentum, classes = .7, 3
	places := []int{4, 9, 2}
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, indices, labels, new *Node) []*Node {
		held := newBank(scope, len(places), 2)
		held.put(indices, &ssl.Step{Labelled: places, Labels: labels}, new, momentum)
		embeddings, classes, full := held.contents(new.Graph(), classes)
		return []*Node{embeddings, ArgMax(classes, -1), full}
	})
	if err != nil {
		t.Fatal(err)
	}
	length := math.Hypot(.7, .3)
	for _, step := range []struct {
		what    string
		indices []int32
		labels  []int32 // Those of the images without a label follow them.
		new     [][]float32
		want    [][]float64
		classes []int32
		full    float32
	}{
		{"an image that comes first", []int32{9, 9}, []int32{2, 2, -1}, [][]float32{{1, 0}, {1, 0}},
			[][]float64{{0, 0}, {1, 0}, {0, 0}}, []int32{0, 2, 0}, 0},
		{"the others", []int32{2, 4}, []int32{0, 1, -1}, [][]float32{{0, 1}, {-1, 0}},
			[][]float64{{-1, 0}, {1, 0}, {0, 1}}, []int32{1, 2, 0}, 1},
		{"one that comes again", []int32{9, 4}, []int32{2, 1, -1}, [][]float32{{0, 1}, {-1, 0}},
			[][]float64{{-1, 0}, {.7 / length, .3 / length}, {0, 1}}, []int32{1, 2, 0}, 1},
	} {
		outputs, err := exec.Call(step.indices, step.labels, step.new)
		if err != nil {
			t.Fatal(err)
		}
		for i := range places {
			for j := range step.want[i] {
				near(t, step.what+": an embedding", float64(outputs[0].Value().([][]float32)[i][j]), step.want[i][j], 1e-6)
			}
			if got := outputs[1].Value().([]int32)[i]; got != step.classes[i] {
				t.Errorf("%s: image %d has class %d, want %d", step.what, i, got, step.classes[i])
			}
		}
		if got := outputs[2].Value().(float32); got != step.full {
			t.Errorf("%s: full is %g, want %g", step.what, got, step.full)
		}
	}
}

// The shares are of the last Queue steps, up to a factor until there were as many.
func TestSimMatchSharesAreOfTheLastSteps(t *testing.T) {
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, probabilities *Node) *Node {
		return SimMatch{Classes: 2, Queue: 2}.shares(scope, probabilities)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		probabilities [][]float32
		want          [2]float64
	}{
		{[][]float32{{1, 0}, {.5, .5}}, [2]float64{.375, .125}},
		{[][]float32{{.25, .75}}, [2]float64{.5, .5}},
		{[][]float32{{.25, .75}}, [2]float64{.25, .75}},
	} {
		outputs, err := exec.Call(step.probabilities)
		if err != nil {
			t.Fatal(err)
		}
		for c, want := range step.want {
			near(t, "a share", float64(outputs[0].Value().([]float32)[c]), want, 1e-6)
		}
	}
}

func TestSimMatchCheck(t *testing.T) {
	if err := checked(SimMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]SimMatch{
		"Classes": {}, "Threshold": {Classes: 3, Threshold: 1}, "Weight": {Classes: 3, Weight: -1},
		"Similarity": {Classes: 3, Similarity: -1}, "Temperature": {Classes: 3, Temperature: -1}, "Own": {Classes: 3, Own: 2},
		"Bank": {Classes: 3, Bank: 1}, "Queue": {Classes: 3, Queue: -1}, "Out": {Classes: 3, Out: -1}, "Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
