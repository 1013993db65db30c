package kit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/attribution"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/plots"
)

// TestAttribution explains a probe on each kind of encoder: the heat is there, and Explain's scores are the
// probe's own.
func TestAttribution(t *testing.T) {
	for name, net := range map[string]encoder.Encoder{
		"ResNet":                encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem},
		"ConvNeXt":              encoder.ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{8, 8, 8, 16}},
		"ViT with mean pooling": encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2, Pool: encoder.MeanPatches},
		"ViT with class token":  encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe := small()
			recipe.Steps, recipe.Encoder, recipe.Augment = 1, net, crops(32)
			run := pretrained(t, t.TempDir(), recipe)
			features, err := run.Features(data.Train)
			if err != nil {
				t.Fatal(err)
			}
			probe, err := eval.Linear{L2: []float64{0.1}}.Fit(features)
			if err != nil {
				t.Fatal(err)
			}
			test, err := run.Features(data.Test)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := probe.Logits(test)
			if err != nil {
				t.Fatal(err)
			}
			methods := []attribution.Method{attribution.GradCAM{}, attribution.IntegratedGradients{Steps: 2}}
			if vit, ok := net.(encoder.ViT); ok && vit.PoolsClassToken() {
				for _, cam := range []attribution.Method{attribution.GradCAM{}, &attribution.GradCAM{}} {
					if _, err := run.Attribution(probe, data.Test, []int{0}, cam); err == nil || !strings.Contains(err.Error(), "by its class token") {
						t.Errorf("%T of a class token: error %v", cam, err)
					}
				}
				methods = methods[1:]
			}
			for _, method := range methods {
				got, err := run.Attribution(probe, data.Test, []int{4, 1}, method)
				if err != nil {
					t.Fatal(err)
				}
				classes := len(probe.Classes)
				for k, i := range []int{4, 1} {
					for c := range classes {
						if a, b := float64(got.Scores[k*classes+c]), logits[i*classes+c]; math.Abs(a-b) > 1e-3*max(1, math.Abs(b)) {
							t.Fatalf("%s: the score of class %d of image %d is %g, and the probe's %g", method.Name(), c, i, a, b)
						}
					}
				}
				if got.N != 2 || slices.Max(got.Heat) == 0 && slices.Min(got.Heat) == 0 {
					t.Errorf("%s: %d maps, without heat", method.Name(), got.N)
				}
			}
			figure, err := run.AttributionFigure(probe, data.Test, 3, methods...)
			if err != nil {
				t.Fatal(err)
			}
			if png, err := figure.PNG(); err != nil || len(png) < 500 {
				t.Errorf("the figure has %d bytes, error %v", len(png), err)
			}
		})
	}
}

func TestAttributionRefuses(t *testing.T) {
	recipe := small()
	recipe.Steps = 1
	run := pretrained(t, t.TempDir(), recipe)
	stranger := &eval.LinearModel{Encoder: "another", Classes: []string{"a"}}
	for want, explain := range map[string]func() (*plots.Figure, error){
		"probe is nil": func() (*plots.Figure, error) { return run.AttributionFigure(nil, data.Test, 2, attribution.GradCAM{}) },
		"fitted on features of encoder": func() (*plots.Figure, error) {
			return run.AttributionFigure(stranger, data.Test, 2, attribution.GradCAM{})
		},
		"n is 0": func() (*plots.Figure, error) {
			return run.AttributionFigure(stranger, data.Test, 0, attribution.GradCAM{})
		},
		"methods is missing": func() (*plots.Figure, error) { return run.AttributionFigure(stranger, data.Test, 2) },
		"images is empty": func() (*plots.Figure, error) {
			_, err := run.Attribution(stranger, data.Test, nil, attribution.GradCAM{})
			return nil, err
		},
	} {
		if _, err := explain(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
