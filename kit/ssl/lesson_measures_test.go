package ssl_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/ssl"
)

// knnAccuracy is that of k-NN on the run's test images, by the features of one of its files of
// weights.
func knnAccuracy(t *testing.T, run *kit.Run, weightsFile string) float64 {
	t.Helper()
	represent := representing(t, run, weightsFile, whole)
	var features [2]eval.Features
	for i, split := range []data.Split{data.Train, data.Test} {
		source := run.Recipe.Data.(asked)
		source.Train = 1000
		set, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		features[i] = eval.Features{N: set.Len(), X: represent(set, 0), Dim: run.Recipe.Encoder.Dim(),
			Labels: data.Labels(set), Classes: set.Classes(), Name: set.Name()}
	}
	result, err := eval.KNN{}.Evaluate(features[0], features[1])
	if err != nil {
		t.Fatal(err)
	}
	return result.Value
}

// viewAgreement tells how much closer two views of one image are than views of two images, by the
// features of one of a run's files of weights: 1 - within/between, of the mean squared distances of
// normalised features of the run's test images. It is 1 where the views do not matter, 0 where they
// are all that matters, and not a number where all features are the same.
func viewAgreement(t *testing.T, run *kit.Run, weightsFile string) float64 {
	t.Helper()
	represent := representing(t, run, weightsFile, lit)
	set, err := run.Recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	n, dim := set.Len(), run.Recipe.Encoder.Dim()
	var views [2][][]float64
	for v := range views {
		x := represent(set, 1+v)
		for ; len(x) > 0; x = x[dim:] {
			row := make([]float64, dim)
			for k := range row {
				row[k] = float64(x[k])
			}
			floats.Scale(1/floats.Norm(row, 2), row)
			views[v] = append(views[v], row)
		}
	}
	var within, between float64
	for i := range n {
		within += math.Pow(floats.Distance(views[0][i], views[1][i], 2), 2)
		between += math.Pow(floats.Distance(views[0][i], views[1][(i+1)%n], 2), 2)
	}
	return 1 - within/between
}

// representing compiles an encoder with the weights of one of a run's files. What it returns gives
// the features of a view of all images of a set, [images, dim], drawn with that seed.
func representing(t *testing.T, run *kit.Run, weightsFile string, view augment.Pipeline) func(set data.Set, seed int) []float32 {
	t.Helper()
	weights, _, err := encoder.ReadSafetensors(filepath.Join(run.Dir, weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, images, state *Node) *Node {
		store.SetTraining(images.Graph(), false)
		return run.Recipe.Encoder.Encode(scope.At("encoder"), view.Apply(augment.NewRandom(state), images)).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	const batch = 250
	if _, err := exec.Compile(shapes.Make(dtypes.Uint8, batch, side, side, 3), shapes.Make(dtypes.Uint64, 3)); err != nil {
		t.Fatal(err)
	}
	if err := encoder.SetWeights(store.Scope("/encoder"), weights); err != nil { // Which compiling has brought into being.
		t.Fatal(err)
	}
	return func(set data.Set, seed int) (x []float32) {
		t.Helper()
		for start := 0; start < set.Len(); start += batch {
			indices := make([]int, batch)
			for k := range indices {
				indices[k] = start + k
			}
			pix, err := data.Pixels(set, indices)
			if err != nil {
				t.Fatal(err)
			}
			state := augment.State(uint64(seed), start)
			outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(pix, batch, side, side, 3), state[:])
			if err != nil {
				t.Fatal(err)
			}
			x = append(x, tensors.MustCopyFlatData[float32](outputs[0])...)
		}
		return x
	}
}

// baseline is the loss of an answer to a recipe's task that does not look at the image.
type baseline func(*testing.T, kit.Recipe) float64

// always is a baseline that depends on nothing: of equally likely answers the logarithm of their
// number.
func always(loss float64) baseline { return func(*testing.T, kit.Recipe) float64 { return loss } }

// meanColour is the squared error of who paints every pixel in the mean colour.
func meanColour(t *testing.T, recipe kit.Recipe) float64 {
	return overChannels(t, recipe, func(x []float64) float64 { return stat.PopVariance(x, nil) })
}

// medianColour is the absolute error of who paints every pixel in the median of each channel.
func medianColour(t *testing.T, recipe kit.Recipe) float64 {
	return overChannels(t, recipe, func(x []float64) float64 {
		slices.Sort(x)
		var sum float64
		for _, v := range x {
			sum += math.Abs(v - x[len(x)/2])
		}
		return sum / float64(len(x))
	})
}

// overChannels is the mean of a loss over the channels of all test images, normalised.
func overChannels(t *testing.T, recipe kit.Recipe, loss func(x []float64) float64) float64 {
	t.Helper()
	features, err := kit.PixelFeatures(recipe.Data, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	var channels [3][]float64
	for i, v := range features.X {
		channels[i%3] = append(channels[i%3], float64(v))
	}
	return (loss(channels[0]) + loss(channels[1]) + loss(channels[2])) / 3
}

// lastFrame is the squared error of who says that the next frame is the last one again.
func lastFrame(t *testing.T, recipe kit.Recipe) float64 {
	t.Helper()
	set, err := recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	frames := recipe.Method.WithDefaults().(ssl.ReadsClips).Frames()
	indices := make([]int, set.Len())
	for i := range indices {
		indices[i] = i
	}
	pixels, err := data.Item{Frames: frames}.Pixels(set, indices, 0)
	if err != nil {
		t.Fatal(err)
	}
	height, width := set.Size()
	frame := height * width * 3
	var sum float64
	for ; len(pixels) > 0; pixels = pixels[frames*frame:] {
		last, next := pixels[(frames-2)*frame:], pixels[(frames-1)*frame:]
		for k := range frame {
			change := (float64(next[k]) - float64(last[k])) / 255 / augment.CIFAR10.Std[k%3]
			sum += change * change / float64(frame*set.Len())
		}
	}
	return sum
}

// sameWithout is the loss of the same training with an encoder that sees all images black: the
// heads learn the best constant answer.
func sameWithout(t *testing.T, recipe kit.Recipe) float64 {
	recipe.Encoder = blind{recipe.Encoder}
	return lateLoss(t, pretrained(t, recipe))
}

// sameWithoutPatches is the same of an encoder whose patches are hidden: only what it hides from is
// black, not what a teacher sees.
func sameWithoutPatches(t *testing.T, recipe kit.Recipe) float64 {
	recipe.Encoder = blindToPatches{recipe.Encoder.(encoder.ViT)}
	return lateLoss(t, pretrained(t, recipe))
}

// blindToPatches is a ViT that sees all images black where patches are hidden.
type blindToPatches struct{ encoder.ViT }

func (b blindToPatches) EncodeHidden(scope *model.Scope, images, hidden *Node) encoder.Output {
	return b.ViT.EncodeHidden(scope, ZerosLike(images), hidden)
}

// blind is an encoder that sees all images black.
type blind struct{ encoder.Encoder }

func (b blind) Encode(scope *model.Scope, images *Node) encoder.Output {
	return b.Encoder.Encode(scope, ZerosLike(images))
}
