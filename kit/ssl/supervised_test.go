package ssl

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
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

func TestSupervisedCheck(t *testing.T) {
	for field, bad := range map[string]Supervised{"Classes": {Classes: 1}, "Smoothing": {Classes: 3, Smoothing: 1}} {
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
