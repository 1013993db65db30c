package ssl

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// IJEPA learns representations from which a predictor can tell, of a part of an image, what a slow
// twin of the network makes of other parts of it. It compares representations, not pixels, and
// knows no augmentation but the crop.
//
// Assran et al. 2023, "Self-Supervised Learning from Images with a Joint-Embedding Predictive
// Architecture", arXiv:2301.08243. The zero value is the paper's recipe. What a run evaluates is
// the teacher, which is the paper's target encoder. It needs an encoder on
// patches that pools their mean, such as encoder.ViT{Pool: encoder.MeanPatches}: the authors' has
// no class token, and no loss would train it.
//
// The context is given to the encoder by EncodeVisible, as in the paper: hidden patches would still
// be tokens that others attend to, in training and never later, and would take time. Its images
// must then have equally many patches. The paper's code cuts all contexts of a batch down to the
// smallest; a graph's shapes are fixed, so here each image keeps a random part of its context, as
// large as any draw of the targets leaves: 13 of 64 patches at 8 × 8, and 49 of 196 at 14 × 14.
type IJEPA struct {
	// Mask draws the targets and the context. Default: 4 targets of 0.175 of the image, in a
	// context of 0.925.
	Mask augment.MultiBlockMask
	// Predictor makes the targets of the context. Default: half as wide as the encoder, Depth 6
	// (the paper's for ViT-B).
	Predictor encoder.Transformer
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 in a line. Default
	// 0.996. Shorter trainings want a quicker teacher.
	Tau float64
}

var (
	_ EvaluatesTeacher = IJEPA{}
	_ NeedsEncoder     = IJEPA{}
	_ LearnsOnPatches  = IJEPA{}
)

// WithDefaults fills in the settings that were left at zero, but for the predictor's width, which
// follows the encoder.
func (m IJEPA) WithDefaults() Method {
	m.Mask = m.Mask.WithDefaults()
	m.Predictor.Depth = cmp.Or(m.Predictor.Depth, 6)
	m.Tau = cmp.Or(m.Tau, .996)
	return m
}

// predictor is Predictor for tokens of some features: half of them by default, as a multiple of 4.
func (m IJEPA) predictor(features int) encoder.Transformer {
	p := m.Predictor
	p.Width = cmp.Or(p.Width, (features/2+3)/4*4)
	return p.WithDefaults()
}

// Name is "ijepa".
func (m IJEPA) Name() string { return "ijepa" }

// Check returns an error where a field is out of range.
func (m IJEPA) Check(batch Batch) error {
	d := IJEPA{}.WithDefaults().(IJEPA)
	return setting.Fraction("ssl.IJEPA: Tau", m.Tau, d.Tau)
}

// CheckEncoder returns an error where the encoder can't leave patches out, or where mask or
// predictor don't suit it.
func (m IJEPA) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.IJEPA", e); err != nil {
		return err
	}
	patch := e.(encoder.Masked).PatchSize()
	height, width := batch.ViewSize(0)
	if err := m.Mask.Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.IJEPA: Mask: %w", err)
	}
	if err := m.predictor(e.Dim()).Check(); err != nil {
		return fmt.Errorf("ssl.IJEPA: Predictor: %w", err)
	}
	return nil
}

// Views is one view: a crop of at least 0.3 of the image, as in the paper.
func (m IJEPA) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.3, 1}}, augment.Normalize{},
	}}
}

// Loss is section 3 of the paper:
//
//	context, targets = blocks of patches;  x = f(context), y = teacher(image), with its features normalised
//	loss = mean distance of predictor(x, the target's places) to y in the target, over the targets
func (m IJEPA) Loss(step *Step) *Node {
	images := step.Views[0]
	batch, patch := images.Shape().Dim(0), step.Encoder.(encoder.Masked).PatchSize()
	rows, columns := images.Shape().Dim(1)/patch, images.Shape().Dim(2)/patch

	blocks := m.Mask.Draw(step.Random, batch, rows, columns)
	keep := m.context(step.Random, blocks, batch, rows, columns)  // [batch, k]
	targets := MergeViews(blocks.Patches...)                      // [batch × targets, p]
	x := step.EncodeVisible(images, keep).Tokens                  // [batch, k, dim]
	predicted := m.predict(step, x, keep, targets, rows, columns) // [batch × targets, p, dim]

	y := withoutScale(step.Teacher.Encode(images).Tokens)     // [batch, patches, dim]
	y = tokensAt(repeatRows(y, len(blocks.Patches)), targets) // [batch × targets, p, dim]
	return SmoothDistance(predicted, y)
}

// context chooses the patches that the encoder sees: as many of the context's as are left at worst,
// at random.
//
//	-> int32 [batch, k]
func (m IJEPA) context(r *augment.Random, blocks augment.MultiBlock, batch, rows, columns int) *Node {
	target, context := m.Mask.Sizes(rows, columns)
	least := context[0]*context[1] - len(blocks.Patches)*target[0]*target[1]
	inContext := ConvertDType(Reshape(blocks.Context, batch, rows*columns), dtypes.Float32)
	_, keep := TopK(Add(inContext, r.Uniform(0, .5, batch, rows*columns)), least, 1)
	return ConvertDType(keep, dtypes.Int32)
}

// predict is the predictor, for each target by itself: it sees the context, and a learned token in
// each place of the target.
//
//	x: [batch, k, dim]; keep: [batch, k]; targets: [batch × n, p] -> [batch × n, p, dim]
func (m IJEPA) predict(step *Step, x, keep, targets *Node, rows, columns int) *Node {
	scope, g, features := step.Scope.At("predictor"), x.Graph(), x.Shape().Dim(2)
	predictor := m.predictor(features)
	n := targets.Shape().Dim(0) / x.Shape().Dim(0)
	place := predictor.Positions(g, rows, columns) // [1, patches, width]
	at := func(patches *Node) *Node {
		return tokensAt(BroadcastToDims(place, patches.Shape().Dim(0), rows*columns, predictor.Width), patches)
	}
	seen := repeatRows(Add(onTokens(scope.At("embed"), x, predictor.Width), at(keep)), n) // [batch × n, k, width]
	asked := Add(at(targets), maskToken(scope, g, predictor.Width))                       // [batch × n, p, width]
	tokens := ConvertDType(Concatenate([]*Node{seen, asked}, 1), step.Precision)
	tokens = ConvertDType(predictor.Apply(scope, tokens), dtypes.Float32)
	return onTokens(scope.At("project"), SliceAxis(tokens, 1, AxisRangeToEnd(keep.Shape().Dim(1))), features)
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m IJEPA) LossOnPatches() {}

// Embed returns the features as they are: the loss compares the encoder's tokens.
func (m IJEPA) Embed(_ *model.Scope, features *Node) *Node { return features }

// TeacherHead returns the features as they are: the teacher is an encoder alone.
func (m IJEPA) TeacherHead(_ *model.Scope, features *Node) *Node { return features }

// Momentum rises from Tau to 1 in a line.
func (m IJEPA) Momentum(progress *Node) *Node {
	return AddScalar(MulScalar(progress, 1-m.Tau), m.Tau)
}

// Collapse of I-JEPA is where teacher and predictor agree on the same vector for all patches.
func (m IJEPA) Collapse() Collapse {
	return Collapse{Try: "Tau nearer to 1, so that the teacher is slower; a smaller Predictor; a lower learning rate"}
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m IJEPA) TeacherIsEvaluated() {}

// Optimizer is the paper's AdamW, a learning rate of 1e-3 at a batch of 2048, whose weight decay
// rises along a cosine.
func (m IJEPA) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 1.25e-4, WeightDecay: .04, WeightDecayEnd: .4}
}

// SmoothDistance is the mean over all features of the smooth absolute difference, d²/2 up to 1 and
// d - 1/2 beyond (Girshick 2015, arXiv:1504.08083, equation 3), which the code of I-JEPA has for
// the distance of its equation 1. No gradient flows into the target. It is computed in float32.
//
//	prediction, target: [..., features] -> scalar
func SmoothDistance(prediction, target *Node) *Node {
	d := Abs(Sub(ConvertDType(prediction, dtypes.Float32), StopGradient(ConvertDType(target, dtypes.Float32))))
	return ReduceAllMean(smooth(d))
}

// smooth is d²/2 where distances are below 1, and d - 1/2 from there on, in every element.
func smooth(d *Node) *Node {
	near := MinScalar(d, 1)
	return Add(MulScalar(Square(near), .5), Sub(d, near))
}

// withoutScale normalises the features of each token to mean 0 and variance 1: a layer-norm without
// parameters.
//
//	x: [batch, tokens, features] -> float32 of the same shape
func withoutScale(x *Node) *Node {
	x = ConvertDType(x, dtypes.Float32)
	centred := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	return Div(centred, Sqrt(AddScalar(ReduceAndKeep(Square(centred), ReduceMean, -1), 1e-5)))
}

// tokensAt are some of each image's tokens, by products with zeros and ones: see encoder.ViT on why
// not Gather.
//
//	tokens: [batch, patches, features]; which: int32 [batch, k] -> [batch, k, features]
func tokensAt(tokens, which *Node) *Node {
	return Einsum("bkp,bpf->bkf", OneHot(which, tokens.Shape().Dim(1), tokens.DType()), tokens)
}

// repeatRows repeats each row, as MergeViews of the same views does.
//
//	x: [batch, ...] -> [batch × n, ...]
func repeatRows(x *Node, n int) *Node {
	views := make([]*Node, n)
	for v := range views {
		views[v] = x
	}
	return MergeViews(views...)
}
