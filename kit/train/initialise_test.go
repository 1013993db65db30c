package train

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
)

// TestInitialWeightsOfASeed holds for every backend: the numbers are those of the Go backend.
func TestInitialWeightsOfASeed(t *testing.T) {
	store := model.NewStore()
	defer store.Finalize()
	if err := store.SetRNGStateFromSeed(7); err != nil {
		t.Fatal(err)
	}
	kept := tensors.FromFlatDataAndDimensions([]float32{5}, 1)
	if _, err := store.CreateVariable("/encoder/kept", kept); err != nil {
		t.Fatal(err)
	}
	if err := BuildEncoder(EncoderScope(store), encoder.ResNet{Depth: 10, Width: 2}, 32, 32); err != nil {
		t.Fatal(err)
	}
	if err := Initialise(store); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]float32{
		"/encoder/kept":                         {5},
		"/encoder/bn1/weight":                   {1, 1},
		"/encoder/layer1/0/bn2/weight":          {0, 0},
		"/encoder/bn1/running_var":              {1, 1},
		"/encoder/layer4/0/conv1/weight":        {.004483489, -.084063016},
		"/encoder/layer2/0/downsample/0/weight": {-.53890973, .2992792},
	} {
		value := store.GetVariable(path).MustValue()
		if value.IsOnAnyDevice() {
			t.Errorf("%s is on a device", path)
		}
		got := tensors.MustCopyFlatData[float32](value)[:len(want)]
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 {
				t.Errorf("%s begins with %v, want %v", path, got, want)
				break
			}
		}
	}
}
