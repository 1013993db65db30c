package kit

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// TestFeaturesAreOfNormalisedImages compares them with what the encoder in the run's file gives for
// whole images that are normalised here, by the statistics in the method's views.
func TestFeaturesAreOfNormalisedImages(t *testing.T) {
	for name, by := range map[string]augment.Normalize{
		"CIFAR-10": augment.CIFAR10, "ImageNet": augment.ImageNet,
		"other statistics": {Mean: [3]float64{.1, .5, .9}, Std: [3]float64{.5, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			recipe := small()
			recipe.Encoder, recipe.Steps = tiny, 1
			recipe.Method, recipe.Augment = ssl.Supervised{Classes: 10}, []augment.Pipeline{{augment.Flip{}, by}}
			run := pretrained(t, t.TempDir(), recipe)
			features, err := run.Features(data.Test)
			if err != nil {
				t.Fatal(err)
			}

			set, err := recipe.Data.Open(data.Test)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			indices := make([]int, set.Len())
			for i := range indices {
				indices[i] = i
			}
			pix, err := data.Pixels(set, indices)
			if err != nil {
				t.Fatal(err)
			}
			normalised := make([]float32, len(pix))
			for i, v := range pix {
				normalised[i] = float32((float64(v)/255 - by.Mean[i%3]) / by.Std[i%3])
			}
			height, width := set.Size()
			want := encoded(t, filepath.Join(run.Dir, rundir.EncoderFile),
				tensors.FromFlatDataAndDimensions(normalised, set.Len(), height, width, 3))
			if len(features.X) != len(want) {
				t.Fatalf("%d values, want %d", len(features.X), len(want))
			}
			for i, got := range features.X {
				if math.Abs(float64(got-want[i])) > 1e-4 {
					t.Fatalf("value %d of image %d is %g, want %g", i%features.Dim, i/features.Dim, got, want[i])
				}
			}
		})
	}
}

// encoded is what the encoder tiny with the weights of a file gives for images as it takes them,
// [n, height, width, 3].
func encoded(t *testing.T, path string, images *tensors.Tensor) []float32 {
	t.Helper()
	weights, _, err := encoder.ReadSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node {
		scope.Store().SetTraining(x.Graph(), false)
		return tiny.Encode(scope.At("encoder"), x).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Compile(images.Shape()); err != nil { // Brings the variables into being.
		t.Fatal(err)
	}
	if err := encoder.SetWeights(store.Scope("/encoder"), weights); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Call(images)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0])
}

// TestEmbeddingsAreOfTheLastStep: SimMIM's embedding is the encoder's representation, so that it is
// the same from the checkpoint as from encoder.safetensors, which holds the weights of the last
// step.
func TestEmbeddingsAreOfTheLastStep(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Method = means, ssl.SimMIM{}
	recipe.Augment = nil
	recipe.Steps, recipe.CheckpointEvery = 4, 2
	run := pretrained(t, t.TempDir(), recipe)
	if checkpoints, err := rundir.Dir(run.Dir).Checkpoints(); err != nil || len(checkpoints) < 2 {
		t.Fatalf("%d checkpoints (%v): there is no older one to mistake for the last", len(checkpoints), err)
	}
	want, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run.Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.X, want.X) {
		t.Error("the embeddings are not those of the weights that the run ended with")
	}
}
