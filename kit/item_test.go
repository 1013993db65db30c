package kit

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// stills are the images of Shapes, without clips and without other pictures of their objects.
type stills struct{ data.Shapes }

func (s stills) Open(split data.Split) (data.Set, error) {
	set, err := s.Shapes.Open(split)
	return struct{ data.Set }{set}, err
}

// distance is a method whose loss is the squared distance of the images of its two views, which no
// weight changes.
type distance struct{ ssl.MICLe }

func (d distance) WithDefaults() ssl.Method { return distance{d.MICLe.WithDefaults().(ssl.MICLe)} }

func (distance) Loss(step *ssl.Step) *Node {
	apart := ReduceAllMean(Square(Sub(step.Views[0], step.Views[1])))
	return Add(apart, MulScalar(ReduceAllSum(step.Encode(step.Views[0]).Pooled), 0))
}

func TestPairsAreOfTwoImagesWhereThereAreTwo(t *testing.T) {
	method := distance{ssl.MICLe{}}
	shapes := data.Shapes{Train: 96, Validation: 32, Test: 32}
	lonely := shapes
	lonely.Instances = 1
	for _, c := range []struct {
		name   string
		source data.Source
		apart  bool
	}{{"two of an object", shapes, true}, {"one of each", lonely, false}, {"no objects", stills{shapes}, false}} {
		recipe := small()
		recipe.Data, recipe.Method, recipe.Optimizer = c.source, method, optim.SGD{LR: .01}
		recipe.Augment = []augment.Pipeline{{augment.Normalize{}}}
		recipe.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1}
		recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1
		metrics, err := pretrained(t, t.TempDir(), recipe).Metrics()
		if err != nil {
			t.Fatal(err)
		}
		if loss := metrics[1].Loss; (loss > .1) != c.apart {
			t.Errorf("%s: the views of a pair are %g apart", c.name, loss)
		}
		if alignment := metrics[1].Monitor.Alignment; (alignment > 1e-6) != c.apart {
			t.Errorf("%s: the alignment of pairs is %g", c.name, alignment)
		}
	}
}

func TestDataWithoutClipsIsAnErrorBeforeAnythingIsCompiled(t *testing.T) {
	recipe := small()
	recipe.Data = stills{recipe.Data.(data.Shapes)}
	for name, method := range map[string]ssl.Method{
		"nextframe": ssl.NextFrame{}, "rotation+nextframe": ssl.Sum{{Method: ssl.Rotation{}}, {Method: ssl.NextFrame{}}},
	} {
		recipe.Method = method
		recipe.Augment = nil
		dir := t.TempDir()
		_, err := Pretrain(dir, recipe)
		for _, part := range []string{
			"Method " + name, "clips of 3 frames", "Data must be", "data.FrameFolder{Frames: 3}", "shapes/train",
		} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("error %v does not say %q", err, part)
			}
		}
		if rundir.Exists(filepath.Join(dir, rundir.RecipeFile)) {
			t.Error("the run was begun before the error")
		}
		if _, err := recipe.Views(2, 2); err == nil || !strings.Contains(err.Error(), "Data must be") {
			t.Errorf("views: error %v", err)
		}
	}
	recipe.Data, recipe.Method = data.Shapes{}, ssl.Sum{{Method: ssl.MICLe{}}, {Method: ssl.NextFrame{}}}
	if _, err := Pretrain(t.TempDir(), recipe); err == nil || !strings.Contains(err.Error(), "one of them") {
		t.Errorf("clips and instances at once: error %v", err)
	}
}

func TestViewsOfSeveralImages(t *testing.T) {
	recipe := small()
	for _, method := range []ssl.Method{ssl.NextFrame{}, ssl.MICLe{}} {
		recipe.Method = method
		recipe.Augment = nil
		figure, err := recipe.Views(2, 3)
		if err != nil {
			t.Fatal(err)
		}
		if png, err := figure.PNG(); err != nil || len(png) == 0 {
			t.Errorf("%s: %d bytes, %v", method.Name(), len(png), err)
		}
	}
}
