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

// SimMIM learns representations from which the pixels of hidden patches can be told, as MAE does,
// but simpler: the encoder sees a mask token in place of what is hidden, and one linear layer
// behind it makes the pixels. All patches go through the encoder, which takes about three times as
// long as MAE's quarter.
//
// Xie et al. 2021, "SimMIM: A Simple Framework for Masked Image Modeling", arXiv:2111.09886. The
// zero value is the authors' recipe for 100 epochs. It needs an encoder on patches that pools their
// mean, as the authors' code does for evaluation, such as encoder.ViT{Pool: encoder.MeanPatches}:
// no loss trains what a class token gives.
type SimMIM struct {
	// Ratio is the share of the image that is hidden, in (0, 1). Default 0.6.
	Ratio float64
	// Square is the side in patches of the squares that are hidden as one. Default: a seventh of
	// the grid, as in the paper (2 patches of 16 in 224 pixels), rounded down to what divides the
	// grid: 1 in 32 pixels with patches of 4.
	Square int
}

var (
	_ NeedsEncoder    = SimMIM{}
	_ LearnsOnPatches = SimMIM{}
	_ Reconstructs    = SimMIM{}
)

// WithDefaults fills in the settings that were left at zero, but for a Square that follows the
// grid.
func (m SimMIM) WithDefaults() Method {
	m.Ratio = cmp.Or(m.Ratio, .6)
	return m
}

// Name is "simmim".
func (m SimMIM) Name() string { return "simmim" }

// Check returns an error where a field is out of range.
func (m SimMIM) Check(batch Batch) error {
	d := SimMIM{}.WithDefaults().(SimMIM)
	return cmp.Or(
		setting.Fraction("ssl.SimMIM: Ratio", m.Ratio, d.Ratio),
		setting.Must(m.Square >= 0, "ssl.SimMIM: Square", m.Square, "at least 1", "a seventh of the grid"),
	)
}

// CheckEncoder returns an error where the encoder can't hide patches, or where the squares don't
// suit its grid.
func (m SimMIM) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.SimMIM", e); err != nil {
		return err
	}
	patch := e.(encoder.Masked).PatchSize()
	height, width := batch.ViewSize(0)
	rows, columns := height/patch, width/patch
	square := m.square(rows, columns)
	if rows%square != 0 || columns%square != 0 {
		return fmt.Errorf("ssl.SimMIM: Square is %d; it must divide the grid of %d × %d patches", square, rows, columns)
	}
	if err := m.mask().Check(rows/square, columns/square); err != nil {
		return fmt.Errorf("ssl.SimMIM: %w", err)
	}
	return nil
}

// square is Square, or what it is by default.
func (m SimMIM) square(rows, columns int) int {
	if m.Square != 0 {
		return m.Square
	}
	square := max(min(rows, columns)/7, 1)
	for rows%square != 0 || columns%square != 0 {
		square--
	}
	return square
}

func (m SimMIM) mask() augment.RandomMask { return augment.RandomMask{Ratio: m.Ratio} }

// Views is the paper's one view: a crop of at least 0.67 of the image, and flip.
func (m SimMIM) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.67, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is section 3 of the paper:
//
//	z = f(image with a mask token in place of the hidden patches)
//	loss = mean absolute error of linear(z) to the pixels, on the hidden patches
func (m SimMIM) Loss(step *Step) *Node {
	pixels, hidden, patch := m.tell(step.Network, step.Random, step.Views[0])
	return MaskedDistances(pixels, pixelPatches(step.Views[0], patch), hidden)
}

// Reconstruct shows the pixels as the last layer tells them.
func (m SimMIM) Reconstruct(network Network, random *augment.Random, images *Node) Reconstruction {
	pixels, hidden, patch := m.tell(network, random, images)
	return reconstruction(images, pixels, hidden, patch)
}

// tell is what one layer makes of the tokens in the places of hidden patches, and of the others.
//
//	-> pixels: [batch, patches, patch² × 3]; hidden: bool [batch, patches]
func (m SimMIM) tell(network Network, random *augment.Random, images *Node) (pixels, hidden *Node, patch int) {
	patch = network.Encoder.(encoder.Masked).PatchSize()
	hidden = m.hidden(random, images.Shape().Dim(0), images.Shape().Dim(1)/patch, images.Shape().Dim(2)/patch)
	z := network.EncodeHidden(images, hidden).Tokens // [batch, patches, dim]
	return onTokens(network.Scope.At("pixels"), z, patch*patch*3), hidden, patch
}

// hidden draws which patches are hidden: all of a square or none.
//
//	-> bool [batch, rows × columns]
func (m SimMIM) hidden(r *augment.Random, batch, rows, columns int) *Node {
	square := m.square(rows, columns)
	down, across := rows/square, columns/square
	squares := Reshape(m.mask().Hidden(r, batch, down*across), batch, down, 1, across, 1)
	patches := BroadcastToDims(squares, batch, down, square, across, square)
	return Reshape(patches, batch, rows*columns)
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m SimMIM) LossOnPatches() {}

// Embed returns the features as they are: SimMIM compares pixels.
func (m SimMIM) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is AdamW as in the authors' configurations of 100 epochs: a learning rate of 8e-4 at a
// batch of 2048, and gradients no longer than 5. For 800 epochs they halve the rate.
func (m SimMIM) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 1e-4, WeightDecay: .05, ClipNorm: 5}
}

// MaskedDistances is the mean absolute error over the features of the hidden patches (equation 1 of
// the SimMIM paper). It is computed in float32.
//
//	prediction, target: [batch, patches, features]; hidden: [batch, patches], true or 1 where a patch counts -> scalar
func MaskedDistances(prediction, target, hidden *Node) *Node {
	difference := Sub(ConvertDType(prediction, dtypes.Float32), ConvertDType(target, dtypes.Float32))
	return maskedMean(ReduceMean(Abs(difference), -1), hidden)
}
