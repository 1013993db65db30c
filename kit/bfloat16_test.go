package kit_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/methodtest"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// TestBFloat16TrainsAsFloat32: the losses are those of float32 but for 1 %, on a curve that falls,
// and weights, statistics and the state of the optimiser are float32.
func TestBFloat16TrainsAsFloat32(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]encoder.Encoder{
		"resnet": methodtest.Norms,
		"vit":    encoder.ViT{Patch: 8, Width: 16, Depth: 2, Heads: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe := kit.Recipe{
				Data: data.Shapes{Train: 16, Validation: 32, Test: 32}, Encoder: e, Method: ssl.Supervised{Classes: 10},
				Augment: []augment.Pipeline{{augment.Normalize{}}}, Optimizer: optim.AdamW{LR: 1e-2}, Schedule: optim.Constant{},
				Batch: 16, Steps: 30, Seed: 3, MonitorEvery: 30, CheckpointEvery: 30,
			}
			_, want := pretrained(t, recipe)
			recipe.Precision = kit.BFloat16
			dir, got := pretrained(t, recipe)
			last := len(want) - 1
			if want[last].Loss > .95*want[1].Loss || got[last].Loss == want[last].Loss {
				t.Fatalf("the last losses are %g and %g in float32, of %g: they show nothing", got[last].Loss, want[last].Loss, want[1].Loss)
			}
			for step := 1; step <= last; step++ {
				if got, want := got[step].Loss, want[step].Loss; !(math.Abs(got-want) <= .01*want) {
					t.Errorf("step %d: the loss is %g, %g in float32", step, got, want)
				}
			}
			described, err := filepath.Glob(dir.Path("checkpoint/*/*.json"))
			if err != nil || len(described) != 1 {
				t.Fatal(described, err)
			}
			text, err := os.ReadFile(described[0])
			if err != nil {
				t.Fatal(err)
			}
			var held struct {
				Variables []struct{ ParameterName, DType string }
			}
			if err := json.Unmarshal(text, &held); err != nil {
				t.Fatal(err)
			}
			moments := 0
			for _, v := range held.Variables {
				if strings.Contains(v.ParameterName, "_moment") {
					moments++
				}
				counts := v.DType == "Int64" || v.DType == "Uint64"
				if v.DType != "Float32" && !counts {
					t.Errorf("%s is kept as %s", v.ParameterName, v.DType)
				}
			}
			if moments == 0 {
				t.Error("no state of the optimiser is kept")
			}
		})
	}
}
