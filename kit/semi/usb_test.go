package semi

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// usbGolden are steps of random logits with what USB's algorithms give for them, one after the
// other: made by benchmarks/peers/losses/run.sh.
type usbGolden struct {
	Projection  [][]float32 `json:"projection"`   // SimMatch: of logits to an embedding, [6, 4].
	Bank        [][]float32 `json:"bank"`         // SimMatch: the bank before each step, [5, 4].
	BankClasses []int32     `json:"bank_classes"` // [5]
	Steps       []usbStep   `json:"steps"`
}

// usbStep is one of them, of 4 images with labels and 8 without, in 6 classes.
type usbStep struct {
	Labelled [][]float64 `json:"labelled"`
	Labels   []int32     `json:"labels"`
	Weak     [][]float64 `json:"weak"`
	Strong   [][]float64 `json:"strong"`
	Indices  []int32     `json:"indices"` // Of the images without labels, among 30.

	FixMatch          float64 `json:"fixmatch"`
	UDA               float64 `json:"uda"`
	UDASharpened      float64 `json:"uda_sharpened"`
	FlexMatch         float64 `json:"flexmatch"`
	FlexMatchNoWarmUp float64 `json:"flexmatch_no_warm_up"`
	FreeMatch         float64 `json:"freematch"`
	SoftMatch         float64 `json:"softmatch"`
	SimMatch          float64 `json:"simmatch"`
	PseudoLabel       float64 `json:"pseudolabel"`
	MeanTeacher       float64 `json:"meanteacher"`
	MixMatch          float64 `json:"mixmatch"`

	Guesses       [][]float64 `json:"guesses"`        // MixMatch: [8, 6].
	Blends        [][]float64 `json:"blends"`         // MixMatch: [20, 6].
	BlendedLabels [][]float64 `json:"blended_labels"` // MixMatch: [20, 6].
}

const (
	usbClasses, usbLabelled, usbImages = 6, 4, 30
	usbShare                           = 4. / 12
)

func readUSB(t *testing.T) usbGolden {
	t.Helper()
	content, err := os.ReadFile("testdata/usb.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden usbGolden
	if err := json.Unmarshal(content, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Steps) != 40 {
		t.Fatalf("%d steps, want 40", len(golden.Steps))
	}
	return golden
}

// asFeatures is an encoder that hands the images on.
type asFeatures struct{ encoder.ResNet }

func (asFeatures) Encode(_ *model.Scope, images *Node) encoder.Output {
	return encoder.Output{Pooled: Reshape(images, images.Shape().Dim(0), -1)}
}

// sameAsUSB fails where a step's number is not USB's.
func sameAsUSB(t *testing.T, step int, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-4*max(math.Abs(want), 1e-2)) {
		t.Errorf("step %d gives %.7g, USB's %.7g", step, got, want)
	}
}

// The whole losses, with what they remember from step to step, of a network that hands the images
// on. Two things are not as in USB. Its UDA takes the cross-entropy, whose gradient is that of
// UDALoss, and hands probabilities to a hook that sharpens only logits; so that its temperature is
// 1, and a test beside this one is of the hook given logits. Its SimMatch divides what is put in
// the bank by a length over the batch; so that the bank here is set before each step.
func TestLossesAgreeWithUSB(t *testing.T) {
	t.Parallel()
	golden := readUSB(t)
	for name, of := range map[string]struct {
		method ssl.Method
		want   func(usbStep) float64
	}{
		"FixMatch": {FixMatch{Classes: usbClasses, Share: usbShare, Threshold: .7, Weight: 2}, func(s usbStep) float64 { return s.FixMatch }},
		"UDA": {UDA{Classes: usbClasses, Share: usbShare, Temperature: 1, Threshold: .7, Weight: 2}, func(s usbStep) float64 {
			return s.UDA - 2*meanEntropy(s.Weak, 1, .7)
		}},
		"FlexMatch": {FlexMatch{Classes: usbClasses, Share: usbShare, Threshold: .8, Weight: 2}, func(s usbStep) float64 { return s.FlexMatch }},
		"FlexMatch without a warm-up": {FlexMatch{Classes: usbClasses, Share: usbShare, Threshold: .8, Weight: 2, NoWarmUp: true},
			func(s usbStep) float64 { return s.FlexMatchNoWarmUp }},
		"FreeMatch": {FreeMatch{Classes: usbClasses, Share: usbShare, Momentum: .9, Weight: 2, Fairness: .5}, func(s usbStep) float64 { return s.FreeMatch }},
		"SoftMatch": {SoftMatch{Classes: usbClasses, Share: usbShare, Momentum: .9, Sigmas: 3, Weight: 2}, func(s usbStep) float64 { return s.SoftMatch }},
		"SimMatch": {SimMatch{Classes: usbClasses, Share: usbShare, Threshold: .6, Weight: 2, Similarity: 3, Own: .8, Queue: 7, Out: 4},
			func(s usbStep) float64 { return s.SimMatch }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := of.method.WithDefaults()
			_, isSimMatch := method.(SimMatch)
			exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, in []*Node) *Node {
				own := scope.At("method")
				own.At("head").At("0").VariableWithValue("weight", identity(usbClasses))
				own.At("head").At("0").VariableWithValue("bias", make([]float32, usbClasses))
				if isSimMatch {
					golden.setProjector(own.At("projector"))
					golden.setBank(own.At("bank"), in[0].Graph())
				}
				return method.Loss(&ssl.Step{
					Network: ssl.Network{
						Encoder: asFeatures{}, EncoderScope: scope.At("encoder"), Scope: own, Precision: dtypes.Float32,
					},
					Views: in[:2], Labels: in[2], Indices: in[3], Images: usbImages, Labelled: []int{0, 1, 2, 3, 4}, Random: augment.NewRandom(in[4]),
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			state := augment.State(1, 0)
			for i, s := range golden.Steps {
				outputs, err := exec.Call(asImages(s.Labelled, s.Weak), asImages(s.Labelled, s.Strong),
					append(s.Labels, -1, -1, -1, -1, -1, -1, -1, -1), append([]int32{0, 1, 2, 3}, s.Indices...), state[:])
				if err != nil {
					t.Fatal(err)
				}
				sameAsUSB(t, i, float64(outputs[0].Value().(float32)), of.want(s))
			}
		})
	}
}

// The parts of the losses that USB has otherwise in the whole: its UDA with the sharpening; its
// PseudoLabel, whose weight rises from the start on; its MeanTeacher, which leaves out the images
// with labels and whose weight rises in a line; and its MixMatch, which draws one weight for all
// blends of a step.
func TestPartsAgreeWithUSB(t *testing.T) {
	t.Parallel()
	golden := readUSB(t)
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		labelled, labels, weak, strong, blends, blended, progress := in[0], in[1], in[2], in[3], in[4], ConvertDType(in[5], dtypes.Float32), in[6]
		known := supervised(labelled, labels)
		ofBlends, rest := split(blends, usbLabelled)
		labelsOf, guessed := split(blended, usbLabelled)
		rising := MixMatch{Weight: 2, Ramp: .5}.weight(progress)
		return []*Node{
			UDALoss(weak, strong, .4, .7),
			Add(known, MulScalar(PseudoLabelLoss(weak, .7), 2)),
			Add(known, MulScalar(Consistency(strong, weak), 2)),
			Add(softCrossEntropy(ofBlends, labelsOf, nil), Mul(GuessLoss(rest, guessed), rising)),
			GuessLabels([]*Node{weak, strong}, .5),
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range golden.Steps {
		outputs, err := exec.Call(s.Labelled, s.Labels, s.Weak, s.Strong, s.Blends, s.BlendedLabels, float32(i)/float32(len(golden.Steps)))
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range []float64{s.UDASharpened - meanEntropy(s.Weak, .4, .7), s.PseudoLabel, s.MeanTeacher, s.MixMatch} {
			sameAsUSB(t, i, float64(outputs[k].Value().(float32)), want)
		}
		for k, row := range outputs[4].Value().([][]float32) {
			for c, p := range row {
				near(t, "a guess", float64(p), s.Guesses[k][c], 1e-4)
			}
		}
	}
}

// meanEntropy is the mean over all images of the entropy of the sharpened probabilities, 0 where
// the others are below the threshold: what a cross-entropy has beyond the divergence.
func meanEntropy(logits [][]float64, temperature, threshold float64) float64 {
	var sum float64
	for _, row := range logits {
		if q := softmax(row); q[argMax(q)] < threshold {
			continue
		}
		sharp := make([]float64, len(row))
		for c, v := range row {
			sharp[c] = v / temperature
		}
		for _, p := range softmax(sharp) {
			sum -= p * math.Log(p)
		}
	}
	return sum / float64(len(logits))
}

// setProjector makes SimMatch's head the one that USB's network has here, the projection alone:
// what is added before the ReLU keeps all features above 0, and is taken off behind it.
func (golden usbGolden) setProjector(scope *model.Scope) {
	const above = 16
	offset := make([]float32, len(golden.Projection[0]))
	for _, row := range golden.Projection {
		for k, w := range row {
			offset[k] -= above * w
		}
	}
	scope.At("hidden").At("0").VariableWithValue("weight", identity(usbClasses))
	scope.At("hidden").At("0").VariableWithValue("bias", []float32{above, above, above, above, above, above})
	scope.At("out").At("0").VariableWithValue("weight", golden.Projection)
	scope.At("out").At("0").VariableWithValue("bias", offset)
}

// setBank makes SimMatch's bank the golden one, at each step anew.
func (golden usbGolden) setBank(scope *model.Scope, g *Graph) {
	scope.VariableWithValue("embeddings", golden.Bank).SetTrainable(false).SetNodeValue(Const(g, golden.Bank))
	scope.VariableWithValue("classes", golden.BankClasses).SetTrainable(false).SetNodeValue(Const(g, golden.BankClasses))
}

// identity is the matrix that changes nothing.
func identity(n int) [][]float32 {
	rows := make([][]float32, n)
	for i := range rows {
		rows[i] = make([]float32, n)
		rows[i][i] = 1
	}
	return rows
}

// asImages are the logits of images with labels and of the others, as images of 1 × 2 pixels.
func asImages(labelled, rest [][]float64) [][][][]float32 {
	var images [][][][]float32
	for _, row := range append(labelled[:len(labelled):len(labelled)], rest...) {
		x := float32s(row)
		images = append(images, [][][]float32{{x[:3], x[3:]}})
	}
	return images
}
