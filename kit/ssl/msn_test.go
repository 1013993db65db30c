package ssl

import (
	"math"
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

// msnTargets are the sharpened and balanced softmax of scores in float64.
func msnTargets(scores [][]float64, sharpen float64) [][]float64 {
	logs := make([][]float64, len(scores))
	for i := range scores {
		for _, p := range dinoSoftmax(scores[i], make([]float64, len(scores[i])), 1) {
			logs[i] = append(logs[i], math.Log(p)/sharpen)
		}
		sum := math.Log(0)
		for _, v := range logs[i] {
			sum = math.Log(math.Exp(sum) + math.Exp(v))
		}
		for k := range logs[i] {
			logs[i][k] -= sum
		}
	}
	return sinkhornSlow(logs, 1, 3)
}

// msnLoss is equation 1 of the paper in float64; anchors are the scores of each view.
func msnLoss(anchors [][][]float64, targets [][]float64, weight float64) float64 {
	prototypes := len(targets[0])
	mean, n, sum := make([]float64, prototypes), 0., 0.
	for _, scores := range anchors {
		for i := range scores {
			p := dinoSoftmax(scores[i], make([]float64, prototypes), 1)
			for k := range p {
				sum -= targets[i][k] * math.Log(p[k])
				mean[k] += p[k]
			}
			n++
		}
	}
	entropy := 0.
	for _, m := range mean {
		entropy -= m / n * math.Log(m/n)
	}
	return sum/n + weight*(math.Log(float64(prototypes))-entropy)
}

func msnOnDevice(t *testing.T, anchors [][][]float64, targets [][]float64, weight float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradient[[][][]float64](t, func(in []*Node) *Node {
		var views []*Node
		for v := range in[0].Shape().Dim(0) {
			views = append(views, Squeeze(SliceAxis(in[0], 0, AxisElem(v)), 0))
		}
		return MaskedSiamese(views, in[1], weight)
	}, anchors, targets)
}

func TestMaskedSiameseIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(111, 112))
	for _, weight := range []float64{1e-9, 1, 5} {
		anchors, targets := maskedTokens(rng, 3, 4, 5), msnTargets(normal(rng, 4, 5), .5)
		loss, gradient := msnOnDevice(t, anchors, targets, weight)
		formula := func() float64 { return msnLoss(anchors, targets, weight) }
		near(t, "loss", loss, formula(), 1e-5)
		near(t, "gradient", gradient[2][1][3], slope(formula, &anchors[2][1][3]), 1e-4)
	}
	anchors, targets := maskedTokens(rng, 1, 4, 5), msnTargets(normal(rng, 4, 5), .5)
	_, gradient := lossAndGradient[[][]float64](t, func(in []*Node) *Node {
		return MaskedSiamese([]*Node{Squeeze(in[1], 0)}, in[0], 1)
	}, targets, anchors)
	if !isZero(gradient) {
		t.Error("a gradient flows into the targets")
	}
}

func TestSharpAssignmentIsTheFormula(t *testing.T) {
	scores := normal(rand.New(rand.NewPCG(113, 114)), 6, 4)
	for _, sharpen := range []float64{.25, 1} {
		output, err := CallOnce(devicetest.Backend(t), func(x *Node) *Node { return SharpAssignment(x, sharpen, 3) }, scores)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range msnTargets(scores, sharpen) {
			nearAll(t, "target", output.Value().([][]float32)[i], want)
		}
	}
}

func TestMaskedSiameseByHand(t *testing.T) {
	sure := [][]float64{{1, 0}, {0, 1}}
	// Anchors that can't tell two prototypes apart pay log 2, and use both alike.
	loss, _ := msnOnDevice(t, [][][]float64{{{0, 0}, {0, 0}}}, sure, 1)
	near(t, "loss of equal scores", loss, math.Log(2), 1e-5)
	// All take the first: no uncertainty, 30 for the one that is wrong, and no entropy of the mean.
	loss, _ = msnOnDevice(t, [][][]float64{{{30, 0}, {30, 0}}}, sure, 2)
	near(t, "loss of one prototype", loss, 15+2*math.Log(2), 1e-5)
}

func TestMaskedSiameseInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(115, 116))
	anchors, targets := maskedTokens(rng, 3, 4, 5), msnTargets(normal(rng, 4, 5), .5)
	loss, _ := msnOnDevice(t, anchors, targets, 1)
	again, _ := msnOnDevice(t, permuted(anchors), targets, 1)
	near(t, "loss with the views permuted", again, loss, 1e-5)
	for v := range anchors {
		anchors[v] = permuted(anchors[v])
	}
	again, _ = msnOnDevice(t, anchors, permuted(targets), 1)
	near(t, "loss with the images permuted", again, loss, 1e-5)
}

// The teacher sorts the whole first view, the student the second without the dropped patches, both
// among the student's prototypes.
func TestMSNStepIsTheFormula(t *testing.T) {
	method := resolved(MSN{Prototypes: 5, Hidden: 8, Out: 6, Drop: .4})
	vit := encoder.ViT{Patch: 2, Width: 8, Depth: 1, Size: 8}
	rng, state := rand.New(rand.NewPCG(117, 118)), augment.State(9, 10)
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, vit, in[1:]...)
		step.Random, step.Progress = augment.NewRandom(in[0]), Scalar(in[0].Graph(), dtypes.Float32, .5)
		loss := method.Loss(step)
		keep, _ := augment.RandomMask{Ratio: .4}.Split(augment.NewRandom(in[0]), 4, 16)
		return []*Node{
			loss, method.Embed(step.Scope, step.EncodeVisible(in[2], keep).Pooled),
			method.Embed(step.Teacher.Scope, step.Teacher.Encode(in[1]).Pooled), method.prototypes(step.Scope, in[0].Graph()),
		}
	}, state[:], maskedImages(rng, 4, 8), maskedImages(rng, 4, 8))
	prototypes := table(outputs[3])
	scores := func(z [][]float64) [][]float64 {
		rows := make([][]float64, len(z))
		for i := range z {
			for _, prototype := range prototypes {
				rows[i] = append(rows[i], cosine(z[i], prototype)/.1)
			}
		}
		return rows
	}
	anchors := scores(table(outputs[1]))
	near(t, "loss", number(outputs[0]), msnLoss([][][]float64{anchors}, msnTargets(scores(table(outputs[2])), .25), 1), 1e-4)
	mocov2Twins(t, store)
}

func TestMSNTrainsEncoderHeadAndPrototypes(t *testing.T) {
	small := MSN{Prototypes: 12, Hidden: 8, Out: 6, Locals: 2}
	_, norms := maskedStep(t, small, encoder.ViT{Patch: 8, Width: 16, Depth: 1, Size: 32}, dinoCrops(32, 32, 16, 16)...)
	maskedReached(t, norms, "/encoder/", "/encoder/cls_token", "/method/head/0/weight", "/method/head/2/weight", "/method/prototypes")
}

func TestMSNMomentumRisesInALine(t *testing.T) {
	for progress, want := range map[float32]float64{0: .9, .5: .94, 1: .98} {
		output, err := CallOnce(devicetest.Backend(t), resolved(MSN{Tau: .9}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestMSNViews(t *testing.T) {
	views := resolved(MSN{Locals: 3}).Views(32, 32)
	var sizes []int
	for i, view := range views {
		height, _ := view.OutputSize(32, 32)
		sizes = append(sizes, height)
		want := [2]float64{.3, 1}
		if i > 1 {
			want = [2]float64{.05, .3}
		}
		if got := view[0].(augment.RandomResizedCrop).Scale; got != want {
			t.Errorf("view %d holds %v of the image, want %v", i, got, want)
		}
	}
	if want := []int{32, 32, 16, 16, 16}; !slices.Equal(sizes, want) {
		t.Errorf("views of %d pixels, want %d", sizes, want)
	}
}

func TestMSNCheck(t *testing.T) {
	if err := checked(MSN{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(MSN{Locals: 1}, maskedViT, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]MSN{
		"Prototypes": {Prototypes: 1}, "Hidden": {Hidden: -1}, "Out": {Out: -1}, "Drop": {Drop: 1}, "Temperature": {Temperature: -1},
		"Sharpen": {Sharpen: 2}, "Iterations": {Iterations: -1}, "MeanEntropy": {MeanEntropy: -1}, "Tau": {Tau: 1},
		"Locals": {Locals: -1}, "LocalSize": {LocalSize: 33},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(MSN{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
	for field, bad := range map[string]MSN{"Drop": {Drop: 1e-12}, "LocalSize": {Locals: 1, LocalSize: 18}} {
		if err := checkedWith(bad, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(MSN{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
}
