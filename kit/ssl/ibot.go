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

// IBOT learns as DINO does, and at once from hidden patches: the student, which sees a mask token
// in their place, sorts each of them among prototypes as the teacher, which sees all, does. So
// tokens of patches learn what they show, as that of the image does.
//
// Zhou et al. 2021, "iBOT: Image BERT Pre-Training with Online Tokenizer", arXiv:2111.07832. The
// zero value is the paper's recipe but for local crops, of which the paper takes 10 (DINO.Locals).
// It needs an encoder on patches, such as encoder.ViT with its class token. What a run evaluates is
// the teacher, as there. All patches are
// compared with all prototypes: in large batches of many patches that takes most of the memory.
type IBOT struct {
	// DINO is what both have in common: crops, head (one for the image and the patches),
	// temperatures, teacher. Default: DINO's, but for Prototypes 8192, Tau 0.996 and, as in the
	// authors' commands for ImageNet, LocalScale 0.25.
	DINO DINO
	// Mask draws the blocks of patches that are hidden. Default: Ratio 0.3, the middle of the
	// paper's 0.1 to 0.5, since a graph has one.
	Mask augment.BlockMask
	// Masked is the share of the global crops in which something is hidden, in (0, 1]. Default 0.5.
	Masked float64
}

var (
	_ EvaluatesTeacher = IBOT{}
	_ NeedsEncoder     = IBOT{}
)

// WithDefaults fills in the settings that were left at zero, but for those of the mask that follow
// the grid.
func (m IBOT) WithDefaults() Method {
	m.DINO.Prototypes = cmp.Or(m.DINO.Prototypes, 8192)
	m.DINO.Tau = cmp.Or(m.DINO.Tau, .996)
	m.DINO.LocalScale = cmp.Or(m.DINO.LocalScale, .25)
	m.DINO = m.DINO.WithDefaults().(DINO)
	m.Mask.Ratio = cmp.Or(m.Mask.Ratio, .3)
	m.Masked = cmp.Or(m.Masked, .5)
	return m
}

// Name is "ibot".
func (m IBOT) Name() string { return "ibot" }

// Check returns an error where a field is out of range.
func (m IBOT) Check(batch Batch) error {
	d := IBOT{}.WithDefaults().(IBOT)
	if err := m.DINO.check(batch, d.DINO); err != nil {
		return fmt.Errorf("ssl.IBOT: %w", err)
	}
	return setting.UpTo(1, "ssl.IBOT: Masked", m.Masked, d.Masked)
}

// CheckEncoder returns an error where the encoder can't hide patches or work on the crops, or where
// the mask does not suit it.
func (m IBOT) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.IBOT", e); err != nil {
		return err
	}
	if err := m.DINO.CheckEncoder(e, batch); err != nil {
		return fmt.Errorf("ssl.IBOT: %w", err)
	}
	patch := e.(encoder.Masked).PatchSize()
	height, width := batch.ViewSize(0)
	if err := m.Mask.Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.IBOT: Mask: %w", err)
	}
	return nil
}

// Views are DINO's, but that without local crops the global ones hold at least 0.14 of the image,
// as in the authors' code.
func (m IBOT) Views(height, width int) []augment.Pipeline {
	views := m.DINO.Views(height, width)
	if m.DINO.Locals == 0 {
		for _, global := range views {
			global[0] = augment.RandomResizedCrop{
				Size: min(height, width), Scale: [2]float64{.14, 1}, Interpolation: augment.Bicubic,
			}
		}
	}
	return views
}

// Loss is algorithm 1 of the paper (appendix A), with multi-crop:
//
//	s, sᵖ = student(global crops with hidden patches);  t, tᵖ = teacher(global crops)
//	loss = DINO's of s and t between different crops + H(tᵖ, sᵖ) on the hidden patches of the same crop
//	C, Cᵖ follow t, tᵖ
func (m IBOT) Loss(step *Step) *Node {
	global := step.Views[:globalCrops]
	images := MergeViews(global...) // [2 batch, height, width, 3]
	rows, columns := gridOf(step.Encoder, images)
	hidden := m.hidden(step.Random, images.Shape().Dim(0), rows, columns)

	students, seen := m.DINO.encodeHiding(step, images, hidden)   // A crop each: [batch, prototypes]
	studentPatches := m.DINO.logits(step, tokenRows(seen.Tokens)) // [2 batch × patches, prototypes]

	all := step.Teacher.Encode(global...)
	teacher := m.TeacherHead(step.Teacher.Scope, all.Pooled)                   // [2 batch, prototypes]
	teacherPatches := m.TeacherHead(step.Teacher.Scope, tokenRows(all.Tokens)) // [2 batch × patches, prototypes]

	temperature := m.DINO.teacherTemperature(step.Progress)
	centre := newCentre(step.Scope.At("centre"), m.DINO.Prototypes)
	patchCentre := newCentre(step.Scope.At("patch_centre"), m.DINO.Prototypes)
	targets := SplitViews(centre.sharpen(teacher, temperature), globalCrops)
	patchTargets := patchCentre.sharpen(teacherPatches, temperature)
	centre.follow(teacher)
	patchCentre.follow(teacherPatches)

	return Add(SelfDistillation(students, targets, m.DINO.Temperature),
		PatchDistillation(studentPatches, patchTargets, hidden, m.DINO.Temperature))
}

// gridOf is the number of rows and columns of patches that an encoder.Masked makes of images.
func gridOf(e encoder.Encoder, images *Node) (rows, columns int) {
	patch := e.(encoder.Masked).PatchSize()
	return images.Shape().Dim(1) / patch, images.Shape().Dim(2) / patch
}

// encodeHiding gives the student's logits of all crops, and what it saw of the global ones, of
// which patches are hidden.
//
//	images: [2 batch, height, width, 3], the global crops merged; hidden: bool [2 batch, patches]
//	-> crops × [batch, prototypes]; seen: representations of [2 batch]
func (m DINO) encodeHiding(step *Step, images, hidden *Node) (students []*Node, seen encoder.Output) {
	seen = step.EncodeHidden(images, hidden)
	students = SplitViews(m.logits(step, seen.Pooled), globalCrops)
	if local := step.Views[globalCrops:]; len(local) > 0 {
		students = append(students, SplitViews(m.logits(step, step.Encode(local...).Pooled), len(local))...)
	}
	return students, seen
}

// hidden draws the hidden patches: blocks in some of the images, nothing in the others.
//
//	-> bool [images, rows × columns]
func (m IBOT) hidden(r *augment.Random, images, rows, columns int) *Node {
	blocks := Reshape(m.Mask.Hidden(r, images, rows, columns), images, rows*columns)
	some := ConvertDType(r.Bernoulli(m.Masked, images, 1), dtypes.Bool)
	return LogicalAnd(blocks, BroadcastToDims(some, images, rows*columns))
}

// tokenRows puts the tokens of all images below each other: [images, patches, dim] -> [images ×
// patches, dim].
func tokenRows(tokens *Node) *Node { return Reshape(tokens, -1, tokens.Shape().Dim(-1)) }

// PatchDistillation is iBOT's loss of hidden patches (its equation 2, as a mean over the hidden
// patches of each image, and then over the images, those in which nothing is hidden counting as 0:
// so it is in the paper's code). No gradient flows into the targets. It is computed in float32.
//
//	student: logits, [images × patches, prototypes]; target: probabilities of the same shape;
//	hidden: [images, patches], true or 1 where a patch counts -> scalar
func PatchDistillation(student, target, hidden *Node, temperature float64) *Node {
	hidden = ConvertDType(hidden, dtypes.Float32)
	losses := Reshape(distillation(student, target, temperature), hidden.Shape().Dimensions...) // [images, patches]
	return ReduceAllMean(Div(ReduceSum(Mul(losses, hidden), -1), MaxScalar(ReduceSum(hidden, -1), 1)))
}

// Embed is DINO's head.
//
//	[batch, dim] -> [batch, out]
func (m IBOT) Embed(scope *model.Scope, features *Node) *Node {
	return m.DINO.Embed(scope, features)
}

// TeacherHead is DINO's, for the image and for its patches.
//
//	[n, dim] -> [n, prototypes]
func (m IBOT) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.DINO.TeacherHead(scope, features)
}

// Momentum rises from DINO.Tau to 1 along a cosine.
func (m IBOT) Momentum(progress *Node) *Node { return m.DINO.Momentum(progress) }

// Collapse of iBOT is DINO's.
func (m IBOT) Collapse() Collapse {
	return Collapse{Try: "a lower DINO.TeacherTemperature, so that the targets are sharper; DINO.Tau nearer to 1; " +
		"fewer DINO.Prototypes; a lower learning rate, or a smaller ClipEach in the optimiser"}
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m IBOT) TeacherIsEvaluated() {}

// Optimizer is the paper's AdamW, whose weight decay rises along a cosine, with the clipping of the
// authors' code: of each variable's gradient by itself.
func (m IBOT) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipEach: 3}
}
