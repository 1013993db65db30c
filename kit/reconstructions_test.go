package kit

import (
	"bytes"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// halving is a method that shows an image darker by half its normalised values, and tells the image.
type halving struct{ ssl.SimMIM }

func (h halving) WithDefaults() ssl.Method {
	h.SimMIM = h.SimMIM.WithDefaults().(ssl.SimMIM)
	return h
}

func (halving) Reconstruct(_ ssl.Network, _ *augment.Random, images *Node) ssl.Reconstruction {
	return ssl.Reconstruction{Shown: MulScalar(images, .5), Told: images}
}

// TestReconstructionsArePictures: normalising is undone, and what is shown and what is told stand in
// their rows.
func TestReconstructionsArePictures(t *testing.T) {
	t.Parallel()
	recipe := small()
	recipe.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}
	recipe.Method, recipe.Optimizer, recipe.Steps = halving{}, optim.SGD{LR: .1}, 2
	mean, std := [3]float64{.1, .4, .6}, [3]float64{.3, .2, .5}
	recipe.Augment = []augment.Pipeline{{augment.Normalize{Mean: mean, Std: std}}}
	recipe.MonitorEvery, recipe.CheckpointEvery = 2, 2
	run := pretrained(t, t.TempDir(), recipe)
	rows, _, _, err := run.reconstructions(run.Recipe.Data, data.Test, 3)
	if err != nil {
		t.Fatal(err)
	}
	set, err := run.Recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for k, at := range data.Spread(3, set.Len()) {
		pix, err := data.Pixels(set, []int{at})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range pix {
			shown := ((float64(v)/255-mean[i%3])*.5 + mean[i%3]) * 255
			if rows[0][k][i] != v || math.Abs(float64(rows[1][k][i])-shown) > .51 || rows[2][k][i] != v {
				t.Fatalf("image %d, value %d: %d is shown as %d and told as %d, want %g and %d", k, i, rows[0][k][i], rows[1][k][i], rows[2][k][i], shown, v)
			}
		}
	}
}

// TestReconstructionsOfMAE: they are the same to the byte when the run is opened again, hide as much as
// the recipe says, and tell something else there.
func TestReconstructionsOfMAE(t *testing.T) {
	t.Parallel()
	recipe := small()
	recipe.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}
	recipe.Method, recipe.Augment, recipe.Steps = ssl.MAE{Decoder: encoder.Transformer{Width: 8, Depth: 1}}, nil, 2
	recipe.MonitorEvery, recipe.CheckpointEvery = 2, 2
	run := pretrained(t, t.TempDir(), recipe)
	first, _, _, err := run.reconstructions(run.Recipe.Data, data.Test, 4)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	again, _, _, err := opened.reconstructions(run.Recipe.Data, data.Test, 4)
	if err != nil {
		t.Fatal(err)
	}
	hidden := 0
	for k := range first[0] {
		if !bytes.Equal(first[1][k], again[1][k]) || !bytes.Equal(first[2][k], again[2][k]) {
			t.Errorf("image %d is another one when the run is opened again", k)
		}
		for i, v := range first[0][k] {
			if first[1][k][i] == v && first[2][k][i] != v {
				hidden-- // Told anew though it was shown.
			} else if first[1][k][i] != v {
				hidden++
			}
		}
	}
	if share := float64(hidden) / float64(4*len(first[0][0])); share < .7 || share > .75 {
		t.Errorf("%g of the values are hidden, want .75 less those that have the mean colour", share)
	}
	figure, err := run.Reconstructions(run.Recipe.Data, data.Test, 4)
	if err != nil {
		t.Fatal(err)
	}
	if figure.Width < 4*32 || figure.Height < 3*32 {
		t.Errorf("the figure is %g × %g", figure.Width, figure.Height)
	}
}

func TestReconstructionsNeedAMethodThatTellsPixels(t *testing.T) {
	t.Parallel()
	dir, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for want, n := range map[string]int{"method simclr tells no pixels": 1, "n is 0; it must be at least 1": 0} {
		if _, err := run.Reconstructions(run.Recipe.Data, data.Test, n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestReconstructionsOfWhatIsNotThere: what a run's weights lack would be random, and an image of another
// size may not be one whose patches the method can hide.
func TestReconstructionsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	recipe := small()
	recipe.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}
	recipe.Method, recipe.Augment, recipe.Steps = ssl.SimMIM{Square: 2}, nil, 2
	recipe.MonitorEvery, recipe.CheckpointEvery, recipe.EMA = 2, 2, .5
	run := pretrained(t, t.TempDir(), recipe)
	if _, err := run.By(Student).Reconstructions(run.Recipe.Data, data.Test, 2); err != nil {
		t.Errorf("the student: %v", err)
	}
	if _, err := run.Reconstructions(run.Recipe.Data, data.Test, 2); err == nil ||
		!strings.Contains(err.Error(), "weights are the running mean") || !strings.Contains(err.Error(), "take kit.Student") {
		t.Errorf("the running mean: %v", err)
	}
	other := data.Shapes{Size: 40, Train: 8, Validation: 8, Test: 8}
	if _, err := run.By(Student).Reconstructions(other, data.Test, 2); err == nil ||
		!strings.Contains(err.Error(), "ssl.SimMIM: Square is 2; it must divide the grid of 5 × 5 patches") {
		t.Errorf("images of another size: %v", err)
	}
}
