package kit

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/ssl"
)

// knnAccuracy is that of k-NN on the run's test images, by the features of one of its files of weights: what Run.Features and
// Run.InitialFeatures give, but each encoder is compiled once for all runs.
func knnAccuracy(t *testing.T, run *Run, weightsFile string) float64 {
	t.Helper()
	weights, hash, err := readWeights(filepath.Join(run.Dir, weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	compiled, ok := compiledEncoders[run.Recipe.Encoder.Name()]
	if !ok {
		compiled.store = model.NewStore()
		same := func(_ *model.Scope, features *Node) *Node { return features }
		if compiled.exec, err = forward(compiled.store, run.Recipe, 32, 32, same); err != nil {
			t.Fatal(err)
		}
		compiledEncoders[run.Recipe.Encoder.Name()] = compiled
	}
	if err := encoder.SetWeights(compiled.store.Scope("/"+encoderScope), weights); err != nil {
		t.Fatal(err)
	}
	var features [2]eval.Features
	for i, split := range []data.Split{data.Train, data.Test} {
		source := run.Recipe.Data.(asked)
		source.Train = 2000
		set, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		features[i] = blankFeatures(set)
		features[i].Encoder = hash
		if features[i].X, features[i].Dim, err = overSet(compiled.exec, set); err != nil {
			t.Fatal(err)
		}
	}
	result, err := eval.KNN{}.Evaluate(features[0], features[1])
	if err != nil {
		t.Fatal(err)
	}
	return result.Value
}

// compiledEncoders are forward passes, by the encoder's name.
var compiledEncoders = map[string]struct {
	store *model.Store
	exec  *model.Exec
}{}

// baseline is the loss of an answer to a recipe's task that does not look at the image.
type baseline func(*testing.T, Recipe) float64

// always is a baseline that depends on nothing: of equally likely answers the logarithm of their number.
func always(loss float64) baseline { return func(*testing.T, Recipe) float64 { return loss } }

// meanColour is the squared error of who paints every pixel in the mean colour.
func meanColour(t *testing.T, recipe Recipe) float64 {
	return overChannels(t, recipe, func(x []float64) float64 { return stat.PopVariance(x, nil) })
}

// medianColour is the absolute error of who paints every pixel in the median of each channel.
func medianColour(t *testing.T, recipe Recipe) float64 {
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
func overChannels(t *testing.T, recipe Recipe, loss func(x []float64) float64) float64 {
	t.Helper()
	features, err := PixelFeatures(recipe.Data, data.Test)
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
func lastFrame(t *testing.T, recipe Recipe) float64 {
	t.Helper()
	set, err := recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	frames := recipe.Method.(ssl.ReadsClips).Frames()
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

// sameWithout is the loss of the same training with an encoder that sees all images black: the heads learn the best constant
// answer.
func sameWithout(t *testing.T, recipe Recipe) float64 {
	recipe.Encoder = blind{recipe.Encoder}
	return lateLoss(t, pretrained(t, t.TempDir(), recipe))
}

// blind is an encoder that sees all images black.
type blind struct{ encoder.Encoder }

func (b blind) Encode(scope *model.Scope, images *Node) encoder.Output {
	return b.Encoder.Encode(scope, ZerosLike(images))
}
