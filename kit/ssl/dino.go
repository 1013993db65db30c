package ssl

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// DINO learns representations by which a student sorts any crop of an image among prototypes as a
// slow twin sorts another, larger one. That the twin's output is centred keeps one prototype from
// taking everything, and that it is sharpened keeps all from taking the same.
//
// Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers",
// arXiv:2104.14294. The zero value is the paper's recipe with what solo-learn found for CIFAR-10.
// For a ViT take optim.AdamW{LR: 5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipEach: 3}, as the
// authors' code does. What a run evaluates is the teacher, as there.
type DINO struct {
	// Prototypes is the number of outputs, at least 2. Default 4096, solo-learn's for CIFAR-10; the
	// paper takes 65536.
	Prototypes int
	// Hidden and Out are the numbers of features of the head's two hidden layers, and of its
	// output, which is compared with the prototypes. Default 2048 and 256.
	Hidden, Out int
	// Temperature divides the student's logits, above 0. Default 0.1.
	Temperature float64
	// TeacherTemperature divides the teacher's, above 0, and below Temperature to sharpen: it rises
	// from TeacherStart in a line over the first tenth of the training. Default 0.07 and 0.04.
	// Where the loss stays at the logarithm of Prototypes, the outputs are uniform, a collapse:
	// take a lower one, such as 0.04. Small data and short trainings often want that.
	TeacherTemperature, TeacherStart float64
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 along a cosine. Default
	// 0.9995, solo-learn's for 1000 epochs on CIFAR-10; the paper takes 0.996. Shorter trainings
	// want a quicker teacher.
	Tau float64
	// FreezeLast is the fraction of the training, in (0, 1), during which the prototypes stand
	// still. Default 0.01: the paper's first epoch of 100; a tiny number is the first step alone.
	FreezeLast float64
	// Locals is the number of small crops beside the two global ones. Default 0, as solo-learn has
	// it on CIFAR-10; the paper takes 8, and SwAV on CIFAR-10 6 of 18 pixels.
	Locals int
	// LocalSize is the side of the small crops in pixels, a multiple of the patch of a ViT.
	// Default: half that of the images; the paper takes 96 of 224.
	LocalSize int
	// LocalScale is the largest share of the image in a local crop, and then the smallest in a
	// global one, in (0.05, 1). Default 0.4, as in the paper's code. Without local crops the global
	// ones are BYOL's.
	LocalScale float64
}

var (
	_ EvaluatesTeacher = DINO{}
	_ NeedsEncoder     = DINO{}
)

// WithDefaults fills in the settings that were left at zero, but for a LocalSize that follows the
// images.
func (m DINO) WithDefaults() Method {
	m.Prototypes, m.Hidden, m.Out = cmp.Or(m.Prototypes, 4096), cmp.Or(m.Hidden, 2048), cmp.Or(m.Out, 256)
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.TeacherTemperature, m.TeacherStart = cmp.Or(m.TeacherTemperature, .07), cmp.Or(m.TeacherStart, .04)
	m.Tau, m.FreezeLast, m.LocalScale = cmp.Or(m.Tau, .9995), cmp.Or(m.FreezeLast, .01), cmp.Or(m.LocalScale, .4)
	return m
}

// Name is "dino".
func (m DINO) Name() string { return "dino" }

// Check returns an error where a field is out of range.
func (m DINO) Check(batch Batch) error { return m.check(batch, DINO{}.WithDefaults().(DINO)) }

// check is Check where d are the defaults.
func (m DINO) check(batch Batch, d DINO) error {
	return cmp.Or(
		setting.Must(m.LocalScale > .05 && m.LocalScale < 1, "ssl.DINO: LocalScale", m.LocalScale, "in (0.05, 1)", d.LocalScale),
		setting.Features(2, "ssl.DINO: Prototypes", m.Prototypes, d.Prototypes),
		setting.Features(1, "ssl.DINO: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.DINO: Out", m.Out, d.Out),
		setting.Divisor("ssl.DINO: Temperature", m.Temperature, d.Temperature),
		setting.Divisor("ssl.DINO: TeacherTemperature", m.TeacherTemperature, d.TeacherTemperature),
		setting.Divisor("ssl.DINO: TeacherStart", m.TeacherStart, d.TeacherStart),
		setting.Fraction("ssl.DINO: Tau", m.Tau, d.Tau),
		setting.Fraction("ssl.DINO: FreezeLast", m.FreezeLast, d.FreezeLast),
		checkCrops("ssl.DINO", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		cropSizes("ssl.DINO", batch),
	)
}

// CheckEncoder returns an error where the encoder can't work on crops of these sizes.
func (m DINO) CheckEncoder(e encoder.Encoder, batch Batch) error {
	for i := range batch.Views {
		if err := e.Check(batch.ViewSize(i)); err != nil {
			return fmt.Errorf("ssl.DINO: view %d (LocalSize is the side of those from 2 on): %w", i, err)
		}
	}
	return nil
}

// Views are the two global crops, then the local ones. Without local crops they are BYOL's. With
// them, the global ones hold at least LocalScale of the image.
func (m DINO) Views(height, width int) []augment.Pipeline {
	views := BYOLViews(min(height, width))
	if m.Locals == 0 {
		return views
	}
	size := cmp.Or(m.LocalSize, max(min(height, width)/2, 1))
	local := BYOLViews(size)[0]
	local[0] = augment.RandomResizedCrop{Size: size, Scale: [2]float64{.05, m.LocalScale}, Interpolation: augment.Bicubic}
	for i, transform := range local {
		if _, ok := transform.(augment.GaussianBlur); ok {
			local[i] = augment.GaussianBlur{P: .5} // Appendix E: half as often as the first global crop.
		}
	}
	for _, global := range views {
		global[0] = augment.RandomResizedCrop{
			Size: min(height, width), Scale: [2]float64{m.LocalScale, 1}, Interpolation: augment.Bicubic,
		}
	}
	for range min(m.Locals, mostViews) { // Check refuses more.
		views = append(views, local)
	}
	return views
}

// Loss is algorithm 1 of the paper, with its multi-crop:
//
//	s = student(all crops), t = teacher(global crops)
//	loss = mean of H(softmax((t - C) / Tt), softmax(s / Ts)) over all pairs of different crops
//	C = 0.9 C + 0.1 mean(t)
func (m DINO) Loss(step *Step) *Node {
	students := encodeCrops(step, func(h *Node) *Node { return m.logits(step, h) }) // a crop each: [batch, prototypes]
	seen := step.Teacher.Encode(step.Views[:globalCrops]...).Pooled                 // [2 batch, dim]
	teacher := m.TeacherHead(step.Teacher.Scope, seen)                              // [2 batch, prototypes]
	centre := newCentre(step.Scope.At("centre"), m.Prototypes)
	targets := SplitViews(centre.sharpen(teacher, m.teacherTemperature(step.Progress)), globalCrops)
	centre.follow(teacher)
	return SelfDistillation(students, targets, m.Temperature)
}

// logits are the student's, whose prototypes stand still at first.
//
//	features: [n, dim] -> [n, prototypes]
func (m DINO) logits(step *Step, features *Node) *Node {
	return m.logitsIn(step.Scope, step.Progress, features)
}

// logitsIn are those of a head with its variables in scope.
//
//	progress: as Step.Progress; features: [n, dim] -> [n, prototypes]
func (m DINO) logitsIn(scope *model.Scope, progress, features *Node) *Node {
	frozen := LessThan(progress, Scalar(progress.Graph(), progress.DType(), m.FreezeLast))
	head := m.head()
	return head.compare(scope, head.embed(scope, features), frozen)
}

// head is the one that student and teacher have.
func (m DINO) head() prototypeHead {
	return prototypeHead{m.Hidden, m.Out, m.Prototypes}
}

// teacherTemperature rises in a line over the first tenth of the training: 30 of the paper's 300
// epochs.
func (m DINO) teacherTemperature(progress *Node) *Node { return m.warmedTemperature(progress, .1) }

// warmedTemperature rises in a line over a share of the training.
func (m DINO) warmedTemperature(progress *Node, warmup float64) *Node {
	risen := MinScalar(MulScalar(progress, 1/warmup), 1)
	return AddScalar(MulScalar(risen, m.TeacherTemperature-m.TeacherStart), m.TeacherStart)
}

// Embed is the head up to the vectors of length 1 that are compared with the prototypes.
//
//	[batch, dim] -> [batch, out]
func (m DINO) Embed(scope *model.Scope, features *Node) *Node {
	return m.head().embed(scope, features)
}

// TeacherHead is the whole head: the teacher has prototypes of its own.
//
//	[n, dim] -> [n, prototypes]
func (m DINO) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.head().apply(scope, features)
}

// Momentum rises from Tau to 1 along a cosine.
func (m DINO) Momentum(progress *Node) *Node { return cosineRamp(progress, m.Tau, 1) }

// Collapse of DINO is a teacher that says the same of all images: too soft, or ruled by one
// prototype.
func (m DINO) Collapse() Collapse {
	return Collapse{Try: "a lower TeacherTemperature, so that the targets are sharper; Tau nearer to 1; fewer Prototypes; " +
		"a lower learning rate, or ClipEach in optim.AdamW"}
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m DINO) TeacherIsEvaluated() {}

// Optimizer is LARS as solo-learn runs it on CIFAR-10 with a ResNet.
func (m DINO) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-6, ClipLR: true}
}
