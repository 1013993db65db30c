package ssl

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

func crossEntropyOnDevice(t *testing.T, logits [][]float32, labels []int32, smoothing float64) float64 {
	t.Helper()
	backend := devicetest.Backend(t)
	output, err := CallOnce(backend, func(logits, labels *Node) *Node {
		return CrossEntropy(logits, labels, smoothing)
	}, logits, labels)
	if err != nil {
		t.Fatal(err)
	}
	return float64(output.Value().(float32))
}

func TestCrossEntropyIsTheFormula(t *testing.T) {
	logits := [][]float32{{2, -1, .5}, {0, 0, 0}, {-3, 4, 1}, {9, 9, -9}}
	labels := []int32{0, 2, -1, 1} // The third is unlabelled.
	for _, smoothing := range []float64{0, .1} {
		var want, n float64
		for i, row := range logits {
			if labels[i] < 0 {
				continue
			}
			var sum float64
			for _, v := range row {
				sum += math.Exp(float64(v))
			}
			for c, v := range row {
				target := smoothing / 3
				if int32(c) == labels[i] {
					target += 1 - smoothing
				}
				want -= target * math.Log(math.Exp(float64(v))/sum)
			}
			n++
		}
		near(t, "cross-entropy", crossEntropyOnDevice(t, logits, labels, smoothing), want/n, 1e-5)
	}
	if got := crossEntropyOnDevice(t, logits, []int32{-1, -1, -1, -1}, 0); got != 0 {
		t.Errorf("the loss of a batch without labels is %g, want 0", got)
	}
}

// onePixel is an encoder whose representation is the colour of the first pixel.
type onePixel struct{ encoder.ResNet }

func (onePixel) Encode(_ *model.Scope, images *Node) encoder.Output {
	return encoder.Output{Pooled: Reshape(Slice(images, AxisRange(), AxisElem(0), AxisElem(0)), -1, 3)}
}

// The targets are those of timm/data/mixup.py, mixup_target: w × the image's own one-hot label plus
// 1-w × that of the image at the same place of the reversed batch, both smoothed.
func TestSupervisedBlendsTheLabelsAsTheImages(t *testing.T) {
	const classes, smoothing = 3, .1
	m := Supervised{Classes: classes, Smoothing: smoothing, Mix: augment.BatchMix{Mixup: 1}}
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, images, labels, state *Node) []*Node {
		network := Network{Encoder: onePixel{}, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
		loss := m.Loss(&Step{Network: network, Views: []*Node{images}, Labels: labels, Random: augment.NewRandom(state)})
		mixed, weight := m.Mix.Apply(augment.NewRandom(state), images)
		return []*Node{loss, m.Embed(network.Scope, network.Encode(mixed).Pooled), weight}
	})
	if err != nil {
		t.Fatal(err)
	}
	images := [][][][]float32{{{{1, 2, 3}}}, {{{-1, 0, 2}}}, {{{0, -2, 1}}}, {{{3, 1, -1}}}}
	for _, labels := range [][]int32{{0, 2, 1, 2}, {0, -1, 1, 2}} { // One image without a label counts nowhere.
		state := augment.State(1, 5)
		outputs, err := exec.Call(images, labels, state[:])
		if err != nil {
			t.Fatal(err)
		}
		w := float64(outputs[2].Value().(float32))
		var want, n float64
		for i, logits := range outputs[1].Value().([][]float32) {
			var sum float64
			for _, v := range logits {
				sum += math.Exp(float64(v))
			}
			for place, weight := range map[int]float64{i: w, len(labels) - 1 - i: 1 - w} {
				if labels[place] < 0 {
					continue
				}
				n += weight
				for c, v := range logits {
					target := smoothing / classes
					if int32(c) == labels[place] {
						target += 1 - smoothing
					}
					want -= weight * target * math.Log(math.Exp(float64(v))/sum)
				}
			}
		}
		near(t, "loss", float64(outputs[0].Value().(float32)), want/n, 1e-5)
		if w < .02 || w > .98 {
			t.Errorf("a weight of %g tells little", w)
		}
	}
}

func TestSupervisedCheck(t *testing.T) {
	for field, bad := range map[string]Supervised{"Classes": {Classes: 1}, "Smoothing": {Classes: 3, Smoothing: 1},
		"Mix": {Classes: 3, Mix: augment.BatchMix{CutMix: -1}}} {
		if err := checked(bad, 8, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := (Supervised{Classes: 3}).CheckLabels([]string{"a", "b", "c"}); err != nil {
		t.Error(err)
	}
	for _, classes := range [][]string{nil, {"a", "b"}} {
		if err := (Supervised{Classes: 3}).CheckLabels(classes); err == nil {
			t.Errorf("3 classes are accepted for images of %d", len(classes))
		}
	}
}

// The rate at the batch that the paper tells it for: He et al. 2015 (arXiv:1512.03385), section
// 4.2, 0.1 for 128 images.
func TestSupervisedHasTheRateOfItsPaper(t *testing.T) {
	o := Supervised{Classes: 10}.Optimizer().(optim.SGD)
	near(t, "rate for 128 images", o.Scaling.Scale(o.LR, 128), .1, 1e-9)
}
