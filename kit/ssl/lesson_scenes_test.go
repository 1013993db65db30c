package ssl_test

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
)

// side is that of the lessons' images in pixels: half of what Shapes draws, so that they are quick.
const side = 16

// question is which of some words is in the caption of an image.
type question []string

var (
	outline    = question{"ring", "square"}
	background = question{"warm", "cool"}
	size       = question{"small", "large"}
	upright    = question{"triangle"} // All of them point up, more or less.
)

// asked are those images of Shapes of which a question has an answer, with that as their label.
type asked struct {
	data.Shapes
	Question question
}

func (a asked) Open(split data.Split) (data.Set, error) {
	world, set := a.Shapes.WithDefaults(), askedSet{words: a.Question, split: split}
	count := map[data.Split]*int{data.Train: &world.Train, data.Validation: &world.Validation, data.Test: &world.Test}[split]
	want := *count
	*count = 20 * want // Enough of them for all questions here.
	var err error
	if set.Set, err = world.Open(split); err != nil {
		return nil, err
	}
	set.world, set.world.Train, set.world.Validation, set.world.Test = world, 0, 0, 0
	key := fmt.Sprint(set.Set.Fingerprint(), a.Question, want)
	if found, ok := answered.Load(key); ok {
		set.answers = found.([]answer)
		return &set, nil
	}
	for i := 0; len(set.answers) < want; i++ {
		words := strings.Fields(set.Set.(data.Captioned).Captions(i)[0])
		label := slices.IndexFunc(a.Question, func(word string) bool { return slices.Contains(words, word) })
		if label >= 0 {
			set.answers = append(set.answers, answer{i, label})
		}
	}
	answered.Store(key, set.answers)
	return &set, nil
}

// answer is an image of Shapes with its label.
type answer struct{ image, label int }

// answered are the answers that were looked for before, by set and question.
var answered sync.Map

type askedSet struct {
	data.Set
	world   data.Shapes // Without the numbers of images.
	split   data.Split
	words   question
	answers []answer
}

func (s *askedSet) Len() int                  { return len(s.answers) }
func (s *askedSet) Classes() []string         { return s.words }
func (s *askedSet) Label(i int) int           { return s.answers[i].label }
func (s *askedSet) Size() (height, width int) { return side, side }
func (s *askedSet) Fingerprint() string       { return fmt.Sprint(s.Set.Fingerprint(), s.words, s.Len()) }

func (s *askedSet) Read(i int, pix []uint8) error {
	key := scene{s.world, s.split, s.answers[i].image}
	if found, ok := drawn.Load(key); ok {
		copy(pix, found.([]uint8))
		return nil
	}
	if err := halved(pix, func(pix []uint8) error { return s.Set.Read(s.answers[i].image, pix) }); err != nil {
		return err
	}
	drawn.Store(key, slices.Clone(pix))
	return nil
}

// scene is what an image of Shapes depends on: its world, whatever the number of its images.
type scene struct {
	world data.Shapes
	split data.Split
	image int
}

// drawn are the images that were read before, by scene: most lessons are about the same.
var drawn sync.Map

func (s *askedSet) ReadInstances(i, n int, draw uint64, pix []uint8) error {
	return halved(pix, func(pix []uint8) error {
		return s.Set.(data.Instances).ReadInstances(s.answers[i].image, n, draw, pix)
	})
}

func (s *askedSet) ReadClip(i, frames int, pix []uint8) error {
	return halved(pix, func(pix []uint8) error { return s.Set.(data.Clips).ReadClip(s.answers[i].image, frames, pix) })
}

// halved fills pix with images of side×side whose pixels are the means of four of those that read
// gives.
func halved(pix []uint8, read func(pix []uint8) error) error {
	whole := make([]uint8, 4*len(pix))
	if err := read(whole); err != nil {
		return err
	}
	const row = 2 * side * 3
	for i := range pix {
		y, x, channel := i/(side*3), i/3%side, i%3 // y counts the rows of all images.
		at := 2*y*row + 2*x*3 + channel
		pix[i] = uint8((int(whole[at]) + int(whole[at+3]) + int(whole[at+row]) + int(whole[at+row+3]) + 2) / 4)
	}
	return nil
}

// Views.
var (
	whole    = augment.Pipeline{augment.Normalize{}}
	enlarged = augment.Pipeline{augment.RandomResizedCrop{Size: 24, Scale: [2]float64{.9, 1}}, augment.Normalize{}}
	lit      = augment.Pipeline{colouredLight{}, augment.Normalize{}}
	litPart  = augment.Pipeline{augment.RandomResizedCrop{Size: 16, Scale: [2]float64{.3, .6}}, colouredLight{}, augment.Normalize{}}
)

func views(each ...augment.Pipeline) []augment.Pipeline { return each }

// colouredLight changes contrast and brightness of each channel of an image, which changes what a
// random encoder makes of it more than another image does. ColorJitter is slower.
type colouredLight struct{}

func (colouredLight) Check(height, width int) error { return nil }

// Draw returns [batch, 6]: the contrast and the brightness of the three channels.
func (colouredLight) Draw(r *augment.Random, batch, height, width int) *Node {
	return Concatenate([]*Node{r.Uniform(.6, 1, batch, 3), r.Uniform(-.2, .2, batch, 3)}, 1)
}

// Apply takes images [batch, 3, height, width] in [0, 1].
func (colouredLight) Apply(images, params *Node) *Node {
	columns := func(from, to int) *Node { return Reshape(Slice(params, AxisRange(), AxisRange(from, to)), -1, 3, 1, 1) }
	return ClipScalar(AddScalar(Add(Mul(AddScalar(images, -.5), columns(0, 3)), columns(3, 6)), .5), 0, 1)
}

func (colouredLight) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	panic("colouredLight is for graphs only")
}

// Encoders of matrix products alone, which the Go backend is quick at. The wide ones are for lessons
// that the others do not learn with all of the seeds.
var (
	outlined       = merging{Width: 8, Norm: true}
	outlinedWide   = merging{Width: 16, Norm: true}
	mapped         = merging{Width: 8}
	mappedWide     = merging{Width: 16}
	placed         = merging{Width: 8, Flat: true}
	placedWide     = merging{Width: 16, Flat: true}
	patched        = encoder.ViT{Patch: 4, Width: 16, Depth: 1, Heads: 2, Pool: encoder.MeanPatches}
	patchedWide    = encoder.ViT{Patch: 4, Width: 32, Depth: 1, Heads: 2, Pool: encoder.MeanPatches}
	classToken     = encoder.ViT{Patch: 4, Width: 16, Depth: 1, Heads: 2}
	classTokenWide = encoder.ViT{Patch: 4, Width: 32, Depth: 1, Heads: 2}
	pixels         = encoder.IGPT{Side: 8, Levels: 2, Width: 8, Depth: 1, Heads: 1}
)

// merging is an encoder of three layers that each look at 2×2 places at once, without overlap, and
// have a layer-norm over the whole map. With Norm there is a linear layer with a batch-norm behind
// the pooling, so that not all representations point the same way at the start.
type merging struct {
	Width int // Of the first layer; each has twice as many channels as the last.
	Norm  bool
	Flat  bool // The last layer looks at all places at once, and tells them apart.
}

func (m merging) Name() string                      { return fmt.Sprintf("merging-w%d-%t-%t", m.Width, m.Norm, m.Flat) }
func (merging) Check(height, width int) error       { return nil }
func (m merging) Dim() int                          { return 4 * m.Width }
func (merging) Cost(height, width int) encoder.Cost { return encoder.Cost{} }

func (m merging) Encode(scope *model.Scope, x *Node) encoder.Output {
	for layer := range 3 {
		b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1)/2, x.Shape().Dim(2)/2, x.Shape().Dim(3)
		if h == 0 || w == 0 { // A tile of a puzzle is small: one place is left.
			break
		}
		x = Slice(x, AxisRange(), AxisRange(0, 2*h), AxisRange(0, 2*w), AxisRange())
		at := scope.At("%d", layer)
		weight := at.WithInitializer(initializer.RandomNormalFn(at, math.Sqrt(2/float64(4*c)))).
			VariableWithShape("weight", shapes.Make(x.DType(), 4*c, m.Width<<layer)).NodeValue(x.Graph())
		x = Reshape(TransposeAllAxes(Reshape(x, b, h, 2, w, 2, c), 0, 1, 3, 2, 4, 5), b*h*w, 4*c)
		x = Reshape(Dot(x, weight).MatMul(), b, h, w, m.Width<<layer) // [batch, h/2, w/2, out]
		x = Sub(x, ReduceAndKeep(x, ReduceMean, 1, 2, 3))
		x = MaxScalar(Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, 1, 2, 3), 1e-5))), 0)
	}
	pooled := ReduceMean(x, 1, 2) // [batch, dim]
	if m.Flat {
		pooled = encoder.MLP{Out: m.Dim(), Layers: 1}.Apply(scope.At("flat"), Reshape(x, x.Shape().Dim(0), -1))
	}
	if m.Norm {
		pooled = encoder.MLP{Out: m.Dim(), Layers: 1, OutputNorm: true}.Apply(scope.At("norm"), pooled)
	}
	return encoder.Output{Pooled: pooled, Map: x}
}
