package kit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// few labels of the small recipe's images: 2 of each of the 10 classes.
var few = data.Subset{PerClass: 2, Seed: 1}

// tiny is an encoder that compiles fast.
var tiny = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1}

// means is tiny without a class token.
var means = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}

// partlyLabelled is a recipe of a semi-supervised method that trains in a second or two.
func partlyLabelled(method ssl.Method) Recipe {
	recipe := small()
	recipe.Encoder = tiny
	recipe.Data = data.PartlyLabelled{From: recipe.Data, Subset: few}
	recipe.Method, recipe.Augment, recipe.Optimizer = method, nil, optim.SGD{LR: .1}
	return recipe
}

func TestSemiSupervisedMethodsTrainAndAreResumedToTheSameBits(t *testing.T) {
	view := augment.Pipeline{augment.Flip{}, augment.Normalize{}}
	for _, method := range []ssl.Method{
		semi.FixMatch{Classes: 10, Threshold: .12}, semi.FreeMatch{Classes: 10, Momentum: .9},
		semi.PseudoLabel{Classes: 10}, semi.MeanTeacher{Classes: 10}, semi.UDA{Classes: 10, Threshold: .12},
		semi.FlexMatch{Classes: 10, Threshold: .12}, semi.SoftMatch{Classes: 10, Momentum: .9}, semi.SimMatch{Classes: 10, Threshold: .12, Out: 8},
		semi.MixMatch{Classes: 10, Ramp: .5},
		ssl.Sum{{Method: ssl.Rotation{}}, {Method: semi.FixMatch{Classes: 10}}},
		ssl.Sum{{Method: semi.Supervised{Classes: 10}}, {Method: ssl.Rotation{}}},
	} {
		recipe := partlyLabelled(method)
		recipe.Augment = []augment.Pipeline{view}
		if _, ok := method.(semi.FixMatch); ok {
			recipe.Augment = []augment.Pipeline{view, semi.StrongView()}
		}
		dir := t.TempDir()
		run := pretrained(t, dir, recipe)
		if _, sum := method.(ssl.Sum); !sum {
			logits, err := run.Embeddings(data.Test)
			if err != nil {
				t.Fatal(err)
			}
			if logits.N != 32 || logits.Dim != 10 || slices.Min(logits.Labels) < 0 {
				t.Errorf("%s: logits %d × %d of test images with labels from %d on",
					method.Name(), logits.N, logits.Dim, slices.Min(logits.Labels))
			}
		}
		checkResumed(t, dir, recipe, method.Name())
	}
}

// countsLabels is a method whose loss is the number of labelled images among the first of a batch,
// and a hundred for each of the others that has a label.
type countsLabels struct{ semi.FixMatch }

func (c countsLabels) WithDefaults() ssl.Method {
	return countsLabels{c.FixMatch.WithDefaults().(semi.FixMatch)}
}

func (c countsLabels) Loss(step *ssl.Step) *Node {
	first := c.LabelledOf(step.Labels.Shape().Dim(0))
	labelled := ConvertDType(GreaterOrEqual(step.Labels, ZerosLike(step.Labels)), step.Progress.DType())
	others := ReduceAllSum(Slice(labelled, AxisRange(first)))
	count := Add(ReduceAllSum(Slice(labelled, AxisRange(0, first))), MulScalar(others, 100))
	return Add(count, MulScalar(ReduceAllSum(step.Encode(step.Views[0]).Pooled), 0))
}

func TestSemiSupervisedBatchesBeginWithLabelledImages(t *testing.T) {
	plain := augment.Pipeline{augment.Normalize{}}
	recipe := partlyLabelled(countsLabels{semi.FixMatch{Classes: 10, Share: .25}})
	recipe.Augment = []augment.Pipeline{plain}
	recipe.Steps, recipe.Epochs = 0, 1
	run := pretrained(t, t.TempDir(), recipe)
	if run.Recipe.Steps != 96/12 {
		t.Errorf("an epoch of 96 images has %d steps, want %d of 12 and 4 labelled ones", run.Recipe.Steps, 96/12)
	}
	metrics, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	var others float64
	for _, m := range metrics[1:] {
		if first := float64(int(m.Loss) % 100); first != 4 {
			t.Errorf("step %d begins with %g labelled images, want 4", m.Step, first)
		}
		others += float64(int(m.Loss) / 100)
	}
	if others != 20 {
		t.Errorf("in an epoch %g labelled images come behind those, want all 20", others)
	}
	if last := metrics[len(metrics)-1]; last.Epoch != 1 {
		t.Errorf("the last step ends epoch %g", last.Epoch)
	}
}

// namesImages is a method whose loss tells which images a step holds: the sum of their squares.
type namesImages struct{ semi.FixMatch }

func (n namesImages) WithDefaults() ssl.Method {
	return namesImages{n.FixMatch.WithDefaults().(semi.FixMatch)}
}

func (namesImages) ReadIndices() {}

func (n namesImages) Loss(step *ssl.Step) *Node {
	if step.Images != 96 || len(step.Labelled) != 20 {
		panic(fmt.Sprintf("%d images, %d of them labelled; want 96 and 20", step.Images, len(step.Labelled)))
	}
	sum := ReduceAllSum(Square(ConvertDType(step.Indices, step.Progress.DType())))
	return Add(sum, MulScalar(ReduceAllSum(step.Encode(step.Views[0]).Pooled), 0))
}

func TestMethodsThatReadIndicesKnowTheImagesOfABatch(t *testing.T) {
	for what, method := range map[string]ssl.Method{
		"by itself": namesImages{semi.FixMatch{Classes: 10, Share: .25}},
		"in a sum":  ssl.Sum{{Method: namesImages{semi.FixMatch{Classes: 10, Share: .25}}}},
	} {
		recipe := partlyLabelled(method)
		recipe.Augment = []augment.Pipeline{{augment.Normalize{}}}
		run := pretrained(t, t.TempDir(), recipe)
		set, err := recipe.Data.Open(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		order, err := run.Recipe.order(set)
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := run.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics[1:] {
			var want float64
			for _, i := range order.Indices(m.Step - 1) {
				want += float64(i * i)
			}
			if m.Loss != want {
				t.Errorf("%s: the squares of the images of step %d sum up to %g, want %g", what, m.Step, m.Loss, want)
			}
		}
	}
}

// wants is a method that wants any number of labelled images.
type wants struct {
	semi.FixMatch
	labelled int
}

func (w wants) WithDefaults() ssl.Method {
	return wants{w.FixMatch.WithDefaults().(semi.FixMatch), w.labelled}
}
func (w wants) LabelledOf(int) int { return w.labelled }

// unlabelled is a source without labels that still has classes.
type unlabelled struct{ data.Source }

func (u unlabelled) Open(split data.Split) (data.Set, error) {
	set, err := u.Source.Open(split)
	return unlabelledSet{set}, err
}

type unlabelledSet struct{ data.Set }

func (unlabelledSet) Label(int) int { return -1 }

func TestSemiSupervisedBatchesThatCannotBeAreErrors(t *testing.T) {
	fixMatch := semi.FixMatch{Classes: 10}
	for what, recipe := range map[string]Recipe{
		"wants 0 labelled images": partlyLabelled(wants{fixMatch, 0}),
		"from 1 to 15":            partlyLabelled(wants{fixMatch, 16}),
		"4 and 2 labelled images": partlyLabelled(ssl.Sum{{Method: semi.MeanTeacher{Classes: 10}}, {Method: fixMatch}}),
		"none of shapes":          func() Recipe { r := partlyLabelled(fixMatch); r.Data = unlabelled{small().Data}; return r }(),
		"have 10 classes":         partlyLabelled(semi.FixMatch{Classes: 9}),
		"holds 1 image; it must":  func() Recipe { r := partlyLabelled(fixMatch); r.Batch = 1; return r }(),
	} {
		if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
