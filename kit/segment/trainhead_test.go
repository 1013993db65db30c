package segment

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/data"
	"sslkit/kit/device/devicetest"
)

func TestHeadsLearn(t *testing.T) {
	frozen := tiny(t)
	for _, c := range []struct {
		head   Head
		data   data.Source
		lr     []float64
		epochs int
		above  float64 // To say background everywhere.
	}{
		{Linear{}, rectangles{48}, []float64{1e-5, .05}, 8, .3},
		{Convolutional{Hidden: 16}, objects{data.Shapes{Size: side, Train: 128, Test: 32}}, []float64{1e-2}, 15, .05},
	} {
		t.Run(c.head.Name(), func(t *testing.T) {
			nothing := background(t, c.data)
			got, err := TrainHead(Training{Frozen: frozen, Data: c.data, Head: c.head, LR: c.lr, Epochs: c.epochs, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(got, got.Rates)
			if got.MeanIoU.Value < nothing.MeanIoU.Value+c.above || got.PixelAccuracy.Value <= nothing.PixelAccuracy.Value {
				t.Errorf("%v; to say background everywhere gives %v", got, nothing)
			}
			if best := c.lr[len(c.lr)-1]; got.LR != best {
				t.Errorf("the rate is %g of %v, with %v; it must be %g", got.LR, c.lr, got.Rates, best)
			}
		})
	}
}

// TestInitialHeadOfASeed holds for every backend: the numbers are those of the Go backend, which a
// rate of next to nothing leaves as they are.
func TestInitialHeadOfASeed(t *testing.T) {
	p, set := planted(t)
	net, err := Training{Seed: 7, Epochs: 1}.WithDefaults().fit(p, set, indices(4), 1e-12)
	if err != nil {
		t.Fatal(err)
	}
	defer net.close()
	weights, err := tensors.CopyFlatData[float32](net.store.GetVariable("/head/weight").MustValue())
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{.0065242555, .0011861668, -.009748194, -.0007999745, .004612519, .0017204328, -.0072904876, -.003243496, -.0014030782}
	for i, w := range want {
		if math.Abs(float64(weights[i]-w)) > 1e-7 {
			t.Errorf("weights are %v, want %v", weights, want)
			break
		}
	}
}

func TestTrainingRefused(t *testing.T) {
	t.Parallel()
	whole := Training{Frozen: Frozen{Weights: "w"}, Data: rectangles{4}}
	for name, c := range map[string]struct {
		set  func(t *Training)
		want string
	}{
		"encoder":  {func(*Training) {}, "Encoder is missing"},
		"data":     {func(t *Training) { t.Data = nil }, "Data is missing"},
		"rate":     {func(t *Training) { t.LR = []float64{1, -1} }, "LR[1] is -1"},
		"epochs":   {func(t *Training) { t.Epochs = -1 }, "Epochs is -1"},
		"batch":    {func(t *Training) { t.Batch = -1 }, "Batch is -1"},
		"held out": {func(t *Training) { t.HeldOut = 1 }, "HeldOut is 1"},
		"hidden":   {func(t *Training) { t.Head = Convolutional{Hidden: -1} }, "Hidden is -1"},
		"masks":    {func(t *Training) { t.Data = withoutMasks{rectangles{4}} }, "has no masks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			training := whole
			c.set(&training)
			if _, err := TrainHead(training); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it must say %q", err, c.want)
			}
		})
	}
}

// TestCrossEntropy: pixels of 255 do not count, and a batch of them alone has no loss.
func TestCrossEntropy(t *testing.T) {
	t.Parallel()
	exec, err := NewExec(devicetest.Backend(t), crossEntropy)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	scores := [][][][]float32{{{{0, 2}, {1, 1}}, {{5, -5}, {9, 0}}}}
	for name, c := range map[string]struct {
		masks [][][]uint8
		want  float64
	}{
		"two count":      {[][][]uint8{{{0, 1}, {255, 255}}}, (math.Log(1+math.Exp(2)) + math.Log(2)) / 2},
		"nothing counts": {[][][]uint8{{{255, 255}, {255, 255}}}, 0},
	} {
		got, err := exec.Call(scores, c.masks)
		if err != nil {
			t.Fatal(err)
		}
		if v := float64(got[0].Value().(float32)); math.Abs(v-c.want) > 1e-5 {
			t.Errorf("%s: the loss is %g, want %g", name, v, c.want)
		}
	}
}
