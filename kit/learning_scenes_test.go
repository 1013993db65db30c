package kit

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
)

// question is which of some words is in the caption of an image.
type question []string

var (
	outline = question{"ring", "square"}
	size    = question{"small", "large"}
	upright = question{"triangle"} // All of them point up, more or less.
)

// asked are those images of Shapes of which a question has an answer, with that as their label.
type asked struct {
	data.Shapes
	Question question
}

func (a asked) Open(split data.Split) (data.Set, error) {
	world, set := a.Shapes.WithDefaults(), askedSet{words: a.Question}
	count := map[data.Split]*int{data.Train: &world.Train, data.Validation: &world.Validation, data.Test: &world.Test}[split]
	want := *count
	*count = 20 * want // Enough of them for all questions here.
	var err error
	if set.Set, err = world.Open(split); err != nil {
		return nil, err
	}
	key := fmt.Sprint(set.Set.Fingerprint(), a.Question, want)
	if found, ok := answered[key]; ok {
		set.answers = found
		return &set, nil
	}
	for i := 0; len(set.answers) < want; i++ {
		words := strings.Fields(set.Set.(data.Captioned).Captions(i)[0])
		label := slices.IndexFunc(a.Question, func(word string) bool { return slices.Contains(words, word) })
		if label >= 0 {
			set.answers = append(set.answers, answer{i, label})
		}
	}
	answered[key] = set.answers
	return &set, nil
}

// answer is an image of Shapes with its label.
type answer struct{ image, label int }

// answered are the answers that were looked for before, by set and question.
var answered = map[string][]answer{}

type askedSet struct {
	data.Set
	words   question
	answers []answer
}

func (s *askedSet) Len() int                      { return len(s.answers) }
func (s *askedSet) Classes() []string             { return s.words }
func (s *askedSet) Label(i int) int               { return s.answers[i].label }
func (s *askedSet) Read(i int, pix []uint8) error { return s.Set.Read(s.answers[i].image, pix) }
func (s *askedSet) Fingerprint() string           { return fmt.Sprint(s.Set.Fingerprint(), s.words, s.Len()) }
func (s *askedSet) ReadInstances(i, n int, draw uint64, pix []uint8) error {
	return s.Set.(data.Instances).ReadInstances(s.answers[i].image, n, draw, pix)
}
func (s *askedSet) ReadClip(i, frames int, pix []uint8) error {
	return s.Set.(data.Clips).ReadClip(s.answers[i].image, frames, pix)
}

// Views.
var (
	whole    = augment.Pipeline{augment.Normalize{}}
	enlarged = augment.Pipeline{augment.RandomResizedCrop{Size: 48, Scale: [2]float64{.9, 1}}, augment.Normalize{}}
	crops    = augment.Pipeline{augment.RandomResizedCrop{Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{}}
	outlines = outlinesOf(.5)
)

// outlinesOf are views in which two of an image have little but its outlines in common. That share of them is inverted.
func outlinesOf(inverted float64) augment.Pipeline {
	return augment.Pipeline{
		augment.RandomResizedCrop{Scale: [2]float64{.5, 1}}, augment.Flip{},
		augment.Grey{P: 1}, anyLight{inverted}, augment.Normalize{},
	}
}

func twice(view augment.Pipeline) []augment.Pipeline { return []augment.Pipeline{view, view} }

// anyLight inverts some of the images, and lowers the contrast and shifts the brightness of all of them. ColorJitter takes
// seconds more to compile.
type anyLight struct{ Inverted float64 }

func (anyLight) Check(height, width int) error { return nil }

// Draw returns [batch, 2]: the contrast, negative where an image is inverted, and the brightness of what was middling.
func (l anyLight) Draw(r *augment.Random, batch, height, width int) *Node {
	sign := OneMinus(MulScalar(r.Bernoulli(l.Inverted, batch), 2))
	return Stack([]*Node{Mul(sign, r.Uniform(.5, 1, batch)), r.Uniform(.3, .7, batch)}, 1)
}

func (anyLight) Apply(images, params *Node) *Node {
	column := func(i int) *Node { return Reshape(Slice(params, AxisRange(), AxisElem(i)), -1, 1, 1, 1) }
	return ClipScalar(Add(Mul(AddScalar(images, -.5), column(0)), column(1)), 0, 1)
}

func (anyLight) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	panic("anyLight is for graphs only")
}

// Encoders that XLA compiles soon.
var (
	outlined   = convolutions{Width: 16, Norm: true}
	mapped     = convolutions{Width: 16}
	patches    = encoder.ViT{Patch: 4, Width: 32, Depth: 1, Heads: 2, Pool: encoder.MeanPatches}
	classToken = encoder.ViT{Patch: 8, Width: 32, Depth: 1, Heads: 2}
	pixels     = encoder.IGPT{Side: 8, Levels: 2, Width: 16, Depth: 1, Heads: 1}
)

// convolutions is an encoder of three convolutions of 3×3, each of stride 2 and with a layer-norm over the whole map. With Norm
// there is a linear layer with a batch-norm behind the pooling, so that not all representations point the same way at the start.
type convolutions struct {
	Width int // Of the first; each has twice as many channels as the last.
	Norm  bool
}

func (c convolutions) Name() string                      { return fmt.Sprintf("convolutions-w%d-%t", c.Width, c.Norm) }
func (convolutions) Check(height, width int) error       { return nil }
func (c convolutions) Dim() int                          { return 4 * c.Width }
func (convolutions) Cost(height, width int) encoder.Cost { return encoder.Cost{} }

func (c convolutions) Encode(scope *model.Scope, x *Node) encoder.Output {
	for layer := range 3 {
		in, out := x.Shape().Dim(-1), c.Width<<layer
		at := scope.At("%d", layer)
		weight := at.WithInitializer(initializer.RandomNormalFn(at, math.Sqrt(2/float64(9*in)))).
			VariableWithShape("weight", shapes.Make(x.DType(), 3, 3, in, out)).NodeValue(x.Graph())
		x = Convolve(x, weight).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done() // [batch, h/2, w/2, out]
		x = Sub(x, ReduceAndKeep(x, ReduceMean, 1, 2, 3))
		x = MaxScalar(Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, 1, 2, 3), 1e-5))), 0)
	}
	pooled := ReduceMean(x, 1, 2) // [batch, dim]
	if c.Norm {
		pooled = encoder.MLP{Out: c.Dim(), Layers: 1, OutputNorm: true}.Apply(scope.At("norm"), pooled)
	}
	return encoder.Output{Pooled: pooled, Map: x}
}
