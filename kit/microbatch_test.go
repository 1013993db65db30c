package kit_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/methodtest"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

const microBatchSteps = 20

// TestMicroBatchesTrainAsTheWholeBatch: the loss and the norm of the gradient are the same at every
// step. SSLKIT_SEEDS=1 in the environment is for all methods.
func TestMicroBatchesTrainAsTheWholeBatch(t *testing.T) {
	t.Parallel()
	tested := append([]string{"ssl.SimCLR", "ssl.DINO", "ssl.SimMIM", "ssl.NextPixel"}, methodtest.Quick...)
	all := methodtest.Recipes(t, microBatchSteps)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		recipe := all[name]
		_, batchwise := recipe.Encoder.(encoder.Batchwise)
		if batchwise || (os.Getenv("SSLKIT_SEEDS") == "" && !slices.Contains(tested, name)) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, want := pretrained(t, recipe)
			recipe.MicroBatch = 4
			_, got := pretrained(t, recipe)
			sameCurve(t, got, want, 1e-4)
		})
	}
}

// sameCurve fails where a step's loss differs by more than a part of it, or of that of the first
// step where it has come nearer to 0, or the norm of its gradient by more than ten times that: some
// losses, such as W-MSE's, make rounding larger in their gradient.
func sameCurve(t *testing.T, got, want []rundir.Metrics, part float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d steps, want %d", len(got)-1, len(want)-1)
	}
	for step := 1; step < len(want); step++ {
		for _, m := range []struct {
			what string
			of   func(rundir.Metrics) float64
			part float64
		}{
			{"loss", func(m rundir.Metrics) float64 { return m.Loss }, part},
			{"gradient's norm", func(m rundir.Metrics) float64 { return m.GradientNorm }, 10 * part},
		} {
			got, want, first := m.of(got[step]), m.of(want[step]), m.of(want[1])
			if !(math.Abs(got-want) <= m.part*max(math.Abs(want), math.Abs(first))) {
				t.Fatalf("step %d: the %s is %g, want %g", step, m.what, got, want)
			}
		}
	}
}

// pretrained is a new run's directory and its metrics, one a step behind those before the first.
func pretrained(t *testing.T, recipe kit.Recipe) (rundir.Dir, []rundir.Metrics) {
	t.Helper()
	dir := rundir.Dir(filepath.Join(t.TempDir(), "run"))
	if _, err := kit.Pretrain(string(dir), recipe); err != nil {
		t.Fatal(err)
	}
	metrics, err := dir.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	return dir, metrics
}

// families are recipes on one encoder of each family, with all that its blocks have.
func families(t *testing.T) map[string]kit.Recipe {
	all := map[string]kit.Recipe{}
	for name, e := range map[string]encoder.Encoder{
		"resnet of basic blocks": encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
		"resnet of bottlenecks":  encoder.ResNet{Depth: 26, Width: 1, Stem: encoder.Stem{Kernel: 3, Stride: 2, MaxPool: true}},
		"vit":                    encoder.ViT{Patch: 8, Width: 8, Depth: 2, Heads: 2, StochasticDepth: .5},
		"convnext":               encoder.ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{2, 4, 6, 8}, Stem: 2, StochasticDepth: .5},
	} {
		recipe := methodtest.Recipe(t, ssl.SimCLR{Hidden: 8, Out: 8}, 4)
		recipe.Encoder, recipe.Start = e, ""
		all[name] = recipe
	}
	igpt := methodtest.Recipe(t, ssl.NextPixel{}, 4)
	igpt.Encoder, igpt.Start = encoder.IGPT{Side: 4, Levels: 2, Width: 8, Depth: 2, Heads: 2}, ""
	all["igpt"] = igpt
	all["vit with a decoder"] = methodtest.Recipe(t, ssl.MAE{Decoder: encoder.Transformer{Width: 8, Depth: 1, Heads: 2}}, 4)
	return all
}

// TestRematerializeTrainsTheSame: losses, gradients and all weights are the same, and so are the
// running statistics of norms.
func TestRematerializeTrainsTheSame(t *testing.T) {
	t.Parallel()
	for name, recipe := range families(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, want := pretrained(t, recipe)
			recipe.Rematerialize = true
			dir, got := pretrained(t, recipe)
			sameCurve(t, got, want, 1e-5)
			sameWeights(t, dir, plain, 1e-5)
		})
	}
}

// sameWeights fails where a weight of the encoder differs by more than a part of the largest of its
// variable, or of 0.01 where all are smaller: those that began at 0 are sums of a few small updates.
func sameWeights(t *testing.T, got, want rundir.Dir, part float64) {
	t.Helper()
	read := func(dir rundir.Dir) map[string]encoder.Tensor {
		weights, _, err := rundir.ReadWeights(dir.Path(rundir.EncoderFile))
		if err != nil {
			t.Fatal(err)
		}
		return weights
	}
	all, others := read(want), read(got)
	if len(others) != len(all) {
		t.Fatalf("%d variables, want %d", len(others), len(all))
	}
	for name, want := range all {
		largest := .01
		for _, w := range want.Data {
			largest = max(largest, math.Abs(float64(w)))
		}
		for i, w := range want.Data {
			if got := others[name].Data[i]; !(math.Abs(float64(got-w)) <= part*largest) {
				t.Errorf("%s: value %d is %g, want %g", name, i, got, w)
				break
			}
		}
	}
}

// TestLargerThanMemoryEndsInTheSameBits: trained again, or resumed, a run with all that saves memory
// ends in the same bits.
func TestLargerThanMemoryEndsInTheSameBits(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]encoder.Encoder{
		"stochastic depth":     encoder.ViT{Patch: 8, Width: 8, Depth: 2, Heads: 2, StochasticDepth: .5},
		"norms over the batch": methodtest.Norms,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe := methodtest.Recipe(t, ssl.BYOL{Hidden: 8, Out: 8}, 4)
			recipe.Encoder, recipe.Start, recipe.Optimizer, recipe.CheckpointEvery = e, "", optim.AdamW{}, 2
			recipe.MicroBatch, recipe.Rematerialize, recipe.Precision = 4, true, kit.BFloat16
			unbroken, _ := pretrained(t, recipe)
			again, _ := pretrained(t, recipe)
			want := content(t, unbroken)
			if !bytes.Equal(content(t, again), want) {
				t.Error("a second run's encoder differs")
			}
			checkpoints, err := again.Checkpoints()
			if err != nil || len(checkpoints) != 2 {
				t.Fatal(checkpoints, err)
			}
			if err := errors.Join(os.RemoveAll(checkpoints[1]), os.Remove(again.Path(rundir.EncoderFile)), again.Begin(),
				again.Seal(rundir.InitialFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := kit.Pretrain(string(again), recipe); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(content(t, again), want) {
				t.Error("the resumed run's encoder differs from the unbroken one's")
			}
		})
	}
}

// content is the file of a run's encoder.
func content(t *testing.T, dir rundir.Dir) []byte {
	t.Helper()
	content, err := os.ReadFile(dir.Path(rundir.EncoderFile))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A user is told that norms are over a micro-batch, where there are any. The whole batch has one
// name.
func TestMicroBatchTellsOfNorms(t *testing.T) {
	for want, e := range map[string]encoder.Encoder{
		"the norms of encoder resnet10-w2-3x3s2 are over the 8 images of a micro-batch, not over the 16 of the batch\n": methodtest.Norms,
		"": methodtest.Patches,
	} {
		recipe := methodtest.Recipe(t, ssl.SimCLR{Hidden: 8, Out: 8}, 1)
		recipe.Encoder, recipe.Start, recipe.MicroBatch = e, "", 8
		said := printed(t, func() { pretrained(t, recipe) })
		if !strings.Contains(said, want) || (want == "" && strings.Contains(said, "norms")) {
			t.Errorf("%s: it says %q, want %q", e.Name(), said, want)
		}
	}
	recipe := methodtest.Recipe(t, ssl.SimCLR{Hidden: 8, Out: 8}, 1)
	recipe.MicroBatch = recipe.Batch
	dir, _ := pretrained(t, recipe)
	recipe.MicroBatch = 0
	if _, err := kit.Pretrain(string(dir), recipe); err != nil {
		t.Error(err)
	}
}

// printed is what f writes to standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, said := os.Stdout, make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		said <- string(all)
	}()
	os.Stdout = w
	defer func() { os.Stdout = out }()
	f()
	w.Close()
	return <-said
}
