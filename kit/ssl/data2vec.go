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

// Data2Vec learns representations from which the features of hidden patches can be told: those that
// a slow twin, which sees the whole image, has in its upper blocks. What is told of a patch so
// depends on the whole image, and is no pixel.
//
// Baevski et al. 2022, "data2vec: A General Framework for Self-supervised Learning in Speech,
// Vision and Language", arXiv:2202.03555. The zero value is the authors' command for ViT-B
// (facebookresearch/data2vec_vision, beit/README.md). It needs an encoder on patches that shows its
// blocks and pools the mean of the patches, as the authors evaluate, such as encoder.ViT{Pool:
// encoder.MeanPatches}; the authors' has relative positions and layer scale, and leaves out
// branches (encoder.ViT: StochasticDepth 0.25).
type Data2Vec struct {
	// Mask draws the blocks of patches that are hidden. Default: Ratio 0.6; the authors hide up to
	// 120 of 196.
	Mask augment.BlockMask
	// Blocks is the number of the encoder's last blocks whose mean is told. Default: half of them, as
	// 6 of 12.
	Blocks int
	// Beta is where the distance of a feature goes from square to linear, above 0. Default 2.
	Beta float64
	// Tau is the teacher's momentum, in (0, 1). Default 0.9998, for 500,000 steps. Shorter trainings
	// want a quicker teacher.
	Tau float64
}

var (
	_ HasTeacher      = Data2Vec{}
	_ NeedsEncoder    = Data2Vec{}
	_ LearnsOnPatches = Data2Vec{}
)

// WithDefaults fills in the settings that were left at zero, but for those that follow the encoder.
func (m Data2Vec) WithDefaults() Method {
	m.Mask.Ratio = cmp.Or(m.Mask.Ratio, .6)
	m.Beta = cmp.Or(m.Beta, 2)
	m.Tau = cmp.Or(m.Tau, .9998)
	return m
}

// Name is "data2vec".
func (m Data2Vec) Name() string { return "data2vec" }

// Check returns an error where a field is out of range.
func (m Data2Vec) Check(batch Batch) error {
	d := Data2Vec{}.WithDefaults().(Data2Vec)
	return cmp.Or(
		setting.Repeats(0, "ssl.Data2Vec: Blocks", m.Blocks),
		setting.Divisor("ssl.Data2Vec: Beta", m.Beta, d.Beta),
		setting.Fraction("ssl.Data2Vec: Tau", m.Tau, d.Tau),
	)
}

// CheckEncoder returns an error where the encoder can't hide patches or does not show its blocks,
// or where the mask or Blocks do not suit it.
func (m Data2Vec) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.Data2Vec", e); err != nil {
		return err
	}
	layered, ok := e.(encoder.Layered)
	if !ok {
		return fmt.Errorf("ssl.Data2Vec learns from the blocks of the encoder, and %s does not show them; take an encoder.Layered, "+
			"such as encoder.ViT", e.Name())
	}
	patch := e.(encoder.Masked).PatchSize()
	height, width := batch.ViewSize(0)
	if err := m.Mask.Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.Data2Vec: Mask: %w", err)
	}
	return setting.Must(m.Blocks <= layered.Layers(), "ssl.Data2Vec: Blocks", m.Blocks,
		fmt.Sprintf("at most the encoder's %d", layered.Layers()), "half of them")
}

// Views is the authors' one view: a crop, flip, and jitter of .4/.4/.4 without hue.
func (m Data2Vec) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Interpolation: augment.Bicubic},
		augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, P: 1},
		augment.Normalize{},
	}}
}

// Loss is section 3.3 of the paper:
//
//	x = f(image with a mask token in place of the hidden patches)
//	y = norm(mean of norm(block) over the teacher's last blocks on the whole image), norms over the features without parameters
//	loss = smooth distance of linear(x) to y, on the hidden patches
func (m Data2Vec) Loss(step *Step) *Node {
	images := step.Views[0]
	batch := images.Shape().Dim(0)
	rows, columns := gridOf(step.Encoder, images)
	hidden := Reshape(m.Mask.Hidden(step.Random, batch, rows, columns), batch, rows*columns)
	x := step.EncodeHidden(images, hidden).Tokens                      // [batch, patches, dim]
	predicted := onTokens(step.Scope.At("head"), x, x.Shape().Dim(-1)) // [batch, patches, dim]
	return BlockDistance(predicted, m.target(step.Teacher, images), hidden, m.Beta)
}

// target is y of Loss.
//
//	-> [batch, patches, dim]
func (m Data2Vec) target(teacher Network, images *Node) *Node {
	blocks := cmp.Or(m.Blocks, (teacher.Encoder.(encoder.Layered).Layers()+1)/2)
	var sum *Node
	for i, layer := range teacher.EncodeLayers(images, blocks) {
		if layer = withoutScale(layer); i == 0 {
			sum = layer
		} else {
			sum = Add(sum, layer)
		}
	}
	return withoutScale(DivScalar(sum, float64(blocks)))
}

// BlockDistance is the mean over the features of the hidden patches of d²/2β where a distance d is
// below β, and d - β/2 from there on (the paper's equation 3). No gradient flows into the target.
// It is computed in float32.
//
//	prediction, target: [batch, patches, features]; hidden: [batch, patches], true or 1 where a patch counts -> scalar
func BlockDistance(prediction, target, hidden *Node, beta float64) *Node {
	d := Abs(Sub(ConvertDType(prediction, dtypes.Float32), StopGradient(ConvertDType(target, dtypes.Float32))))
	return maskedMean(MulScalar(ReduceMean(smooth(DivScalar(d, beta)), -1), beta), hidden)
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m Data2Vec) LossOnPatches() {}

// Embed returns the features as they are: the teacher's are compared with no head.
func (m Data2Vec) Embed(_ *model.Scope, features *Node) *Node { return features }

// TeacherHead returns the features as they are.
func (m Data2Vec) TeacherHead(_ *model.Scope, features *Node) *Node { return features }

// Momentum is Tau.
func (m Data2Vec) Momentum(progress *Node) *Node {
	return Scalar(progress.Graph(), progress.DType(), m.Tau)
}

// Collapse of data2vec is where all patches get the same features.
func (m Data2Vec) Collapse() Collapse {
	return Collapse{Try: "Tau nearer to 1, so that the teacher is slower; a larger Mask.Ratio; a longer warm-up; a lower learning rate"}
}

// Optimizer is the authors' AdamW: a learning rate of 2e-3 at a batch of 2048.
func (m Data2Vec) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 2.5e-4, WeightDecay: .05, ClipNorm: 3}
}
