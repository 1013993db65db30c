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

// DINOv2 learns as IBOT does, from whole images and from hidden patches, but sorts the two with
// heads of their own, gives all prototypes the same share of every batch in place of a running
// centre, and keeps the representations of a batch apart (KoLeo).
//
// Oquab et al. 2023, "DINOv2: Learning Robust Visual Features without Supervision",
// arXiv:2304.07193. The zero value is the 100 epochs of facebookresearch/dinov2
// (dinov2/configs/ssl_default_config.yaml, train/vitl16_short.yaml) with the separate heads and
// Sinkhorn–Knopp of the paper (train/vitl14.yaml), but for fewer prototypes and no local crops. It
// needs an encoder on patches, such as encoder.ViT with its class token; the authors leave out
// branches, with probability 0.3 in all blocks (encoder.ViT's StochasticDepth rises to it from the
// first to the last). What a run evaluates is the teacher, as there. All patches are compared with
// all prototypes: in large batches of many patches that takes most of the memory.
type DINOv2 struct {
	// DINO is what it has in common with that: crops, sizes of the two heads, temperatures,
	// teacher. Default: DINO's, but for Prototypes 8192, Tau 0.992 and LocalScale 0.32. The authors
	// take 65536 prototypes, 131072 with separate heads, and 8 Locals. TeacherTemperature is
	// reached after three tenths of the training.
	DINO DINO
	// MaskRatio is the range of the share of an image's patches that is hidden, each in (0, 1).
	// Default 0.1 to 0.5.
	MaskRatio [2]float64
	// Masked is the share of the global crops in which something is hidden, in (0, 1]. Default 0.5.
	Masked float64
	// Iterations is how often Sinkhorn–Knopp scales the targets, at least 1. Default 3.
	Iterations int
	// KoLeo is the weight of the regulariser, above 0, on each of the two global crops. Default 0.1;
	// a tiny number is none.
	KoLeo float64
}

var (
	_ EvaluatesTeacher = DINOv2{}
	_ NeedsEncoder     = DINOv2{}
)

// WithDefaults fills in the settings that were left at zero.
func (m DINOv2) WithDefaults() Method {
	m.DINO.Prototypes = cmp.Or(m.DINO.Prototypes, 8192)
	m.DINO.Tau = cmp.Or(m.DINO.Tau, .992)
	m.DINO.LocalScale = cmp.Or(m.DINO.LocalScale, .32)
	m.DINO = m.DINO.WithDefaults().(DINO)
	m.MaskRatio[0], m.MaskRatio[1] = cmp.Or(m.MaskRatio[0], .1), cmp.Or(m.MaskRatio[1], .5)
	m.Masked = cmp.Or(m.Masked, .5)
	m.Iterations = cmp.Or(m.Iterations, 3)
	m.KoLeo = cmp.Or(m.KoLeo, .1)
	return m
}

// Name is "dinov2".
func (m DINOv2) Name() string { return "dinov2" }

// Check returns an error where a field is out of range.
func (m DINOv2) Check(batch Batch) error {
	d := DINOv2{}.WithDefaults().(DINOv2)
	if err := m.DINO.check(batch, d.DINO); err != nil {
		return fmt.Errorf("ssl.DINOv2: %w", err)
	}
	return cmp.Or(
		setting.Fraction("ssl.DINOv2: MaskRatio[0]", m.MaskRatio[0], d.MaskRatio[0]),
		setting.Fraction("ssl.DINOv2: MaskRatio[1]", m.MaskRatio[1], d.MaskRatio[1]),
		setting.Must(m.MaskRatio[0] <= m.MaskRatio[1], "ssl.DINOv2: MaskRatio[0]", m.MaskRatio[0],
			fmt.Sprintf("at most MaskRatio[1], which is %g", m.MaskRatio[1]), d.MaskRatio[0]),
		setting.UpTo(1, "ssl.DINOv2: Masked", m.Masked, d.Masked),
		setting.Repeats(1, "ssl.DINOv2: Iterations", m.Iterations, d.Iterations),
		setting.Positive("ssl.DINOv2: KoLeo", m.KoLeo, d.KoLeo),
		twoImages("ssl.DINOv2", batch, "which are to be kept apart"),
	)
}

// CheckEncoder returns an error where the encoder can't hide patches or work on the crops, or where
// MaskRatio does not suit it.
func (m DINOv2) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.DINOv2", e); err != nil {
		return err
	}
	if err := m.DINO.CheckEncoder(e, batch); err != nil {
		return fmt.Errorf("ssl.DINOv2: %w", err)
	}
	height, width := batch.ViewSize(0)
	patch := e.(encoder.Masked).PatchSize()
	if err := m.mask(height/patch, width/patch).Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.DINOv2: MaskRatio: %w", err)
	}
	return nil
}

// mask draws blocks of at least 4 patches, as in the authors' code, unless there are fewer to hide.
func (m DINOv2) mask(rows, columns int) augment.BlockMask {
	most := int(m.MaskRatio[1] * float64(rows*columns))
	return augment.BlockMask{Ratio: m.MaskRatio[1], MinPatches: max(1, min(4, most))}
}

// Views are DINO's, but that the global crops hold at least DINO.LocalScale of the image without
// local ones too.
func (m DINOv2) Views(height, width int) []augment.Pipeline {
	views := m.DINO.Views(height, width)
	for _, global := range views[:globalCrops] {
		global[0] = augment.RandomResizedCrop{
			Size: min(height, width), Scale: [2]float64{m.DINO.LocalScale, 1}, Interpolation: augment.Bicubic,
		}
	}
	return views
}

// Loss is that of the authors' dinov2/train/ssl_meta_arch.py:
//
//	s, sᵖ = student(global crops with hidden patches);  t, tᵖ = Sinkhorn(teacher(global crops) / Tt)
//	loss = DINO's of s and t between different crops + H(tᵖ, sᵖ) on the hidden patches of the same crop
//	       + KoLeo × sum over the global crops of KoLeo(the student's representations)
//
// The images of both global crops share the prototypes, and so do the hidden patches of all images.
func (m DINOv2) Loss(step *Step) *Node {
	global := step.Views[:globalCrops]
	images := MergeViews(global...) // [2 batch, height, width, 3]
	rows, columns := gridOf(step.Encoder, images)
	hidden := m.hidden(step.Random, images.Shape().Dim(0), rows, columns) // [2 batch, patches]

	students, seen := m.DINO.encodeHiding(step, images, hidden) // A crop each: [batch, prototypes]
	studentPatches := m.DINO.logitsIn(patchScope(step.Scope), step.Progress, tokenRows(seen.Tokens))

	all := step.Teacher.Encode(global...)
	teacher := m.DINO.TeacherHead(step.Teacher.Scope, all.Pooled)                               // [2 batch, prototypes]
	teacherPatches := m.DINO.TeacherHead(patchScope(step.Teacher.Scope), tokenRows(all.Tokens)) // [2 batch × patches, prototypes]
	temperature := m.temperature(step.Progress)
	targets := SplitViews(balanced(Div(teacher, temperature), nil, m.Iterations), globalCrops)
	patchTargets := balanced(Div(teacherPatches, temperature), Reshape(hidden, -1), m.Iterations)

	loss := Add(SelfDistillation(students, targets, m.DINO.Temperature),
		PatchDistillation(studentPatches, patchTargets, hidden, m.DINO.Temperature))
	for _, features := range SplitViews(seen.Pooled, globalCrops) {
		loss = Add(loss, MulScalar(KoLeo(features), m.KoLeo))
	}
	return loss
}

// temperature is the teacher's: it rises over 30 of the authors' 100 epochs.
func (m DINOv2) temperature(progress *Node) *Node { return m.DINO.warmedTemperature(progress, .3) }

// hidden draws the hidden patches as the authors' dinov2/data/collate.py: blocks in a share of
// Masked of the images, each with a ratio from another of as many equal parts of MaskRatio.
//
//	-> bool [images, rows × columns]
func (m DINOv2) hidden(r *augment.Random, images, rows, columns int) *Node {
	g := r.Graph()
	masked := max(1, float64(int(m.Masked*float64(images))))                            // The number of images with hidden patches.
	rank := ConvertDType(Reshape(r.Permutations(1, images), images), dtypes.Float32)    // Of the images in a random order.
	along := DivScalar(Add(rank, r.Uniform(0, 1, images)), masked)                      // Below 1 for as many as masked.
	ratio := AddScalar(MulScalar(along, m.MaskRatio[1]-m.MaskRatio[0]), m.MaskRatio[0]) // [images]
	counts := Floor(MulScalar(ratio, float64(rows*columns)))
	counts = Where(LessThan(rank, Scalar(g, dtypes.Float32, masked)), counts, ZerosLike(counts))
	return Reshape(m.mask(rows, columns).HiddenCounts(r, counts, rows, columns), images, rows*columns)
}

// patchScope is where the head of the patches is.
func patchScope(scope *model.Scope) *model.Scope { return scope.At("patches") }

// Embed is the head of the image up to the vectors that are compared with its prototypes.
//
//	[batch, dim] -> [batch, out]
func (m DINOv2) Embed(scope *model.Scope, features *Node) *Node {
	return m.DINO.Embed(scope, features)
}

// TeacherHead is both heads beside each other: that of the image, that of the patches.
//
//	[n, dim] -> [n, 2 prototypes]
func (m DINOv2) TeacherHead(scope *model.Scope, features *Node) *Node {
	return Concatenate([]*Node{m.DINO.TeacherHead(scope, features), m.DINO.TeacherHead(patchScope(scope), features)}, -1)
}

// Momentum rises from DINO.Tau to 1 along a cosine.
func (m DINOv2) Momentum(progress *Node) *Node { return m.DINO.Momentum(progress) }

// Collapse of DINOv2 is of targets that are too soft.
func (m DINOv2) Collapse() Collapse {
	return Collapse{Try: "a lower DINO.TeacherTemperature, so that the targets are sharper; a larger KoLeo; fewer DINO.Prototypes; " +
		"DINO.Tau nearer to 1; a lower learning rate"}
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m DINOv2) TeacherIsEvaluated() {}

// Optimizer is the authors' AdamW with decay per layer: 4e-3 for 1024 images, in proportion to the
// root of the batch.
func (m DINOv2) Optimizer() optim.Optimizer {
	return optim.PerVariable{
		Optimizer: optim.AdamW{LR: 2e-3, Scaling: optim.SquareRoot256, WeightDecay: .04, WeightDecayEnd: .4, ClipNorm: 3},
		Rates:     optim.LayerDecay{Factor: .9},
	}
}
