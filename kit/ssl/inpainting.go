package ssl

import (
	"cmp"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// Inpainting learns representations from which the pixels of an erased block can be told, or, with
// Noise, an image without the noise that was added to it. It works with any encoder; a ViT must
// pool the mean of its patches, since no loss trains what a class token gives.
//
// Pathak et al. 2016, "Context Encoders: Feature Learning by Inpainting", arXiv:1604.07379, without
// the adversarial part, which the paper leaves out too where it learns features. The decoder here
// is lighter than the paper's: a perceptron at each place of the encoder's last map gives the
// pixels under it. So what an encoder wants to say of the image, it must say in the right place.
type Inpainting struct {
	// Side is the side of the erased block as a share of the image's, in (0, 1). Default 0.5: a
	// quarter of the image, as in the paper. The block lies anywhere, as the paper advises over its
	// first, central one.
	Side float64
	// Noise is the deviation of Gaussian noise, where a normalised image has one of about 1 itself.
	// Above 0 nothing is erased, and the whole image is to be restored: a denoising autoencoder
	// (Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising
	// Autoencoders"). Default 0: none.
	Noise float64
	// Hidden is the number of features of the decoder's hidden layer. Default: that of the encoder.
	Hidden int
}

var _ Reconstructs = Inpainting{}

// WithDefaults fills in the settings that were left at zero, but for Hidden, which follows the
// encoder.
func (m Inpainting) WithDefaults() Method {
	m.Side = cmp.Or(m.Side, .5)
	return m
}

// Name is "inpainting", or "denoising" with Noise.
func (m Inpainting) Name() string {
	if m.Noise > 0 {
		return "denoising"
	}
	return "inpainting"
}

// Check returns an error where a field is out of range.
func (m Inpainting) Check(batch Batch) error {
	d := Inpainting{}.WithDefaults().(Inpainting)
	height, width := batch.ViewSize(0)
	rows, columns := m.block(height, width)
	return cmp.Or(
		setting.Must(m.Side > 0 && m.Side < 1 && rows >= 1 && columns >= 1 && rows < height && columns < width,
			"ssl.Inpainting: Side", m.Side, "in (0, 1), for a block of a pixel or more that is smaller than the view", d.Side),
		setting.Within(0, 100, "ssl.Inpainting: Noise", m.Noise, "none, and a block is erased"),
		setting.FeaturesOr("the encoder's features", "ssl.Inpainting: Hidden", m.Hidden),
	)
}

// block is the size of the erased block in pixels.
func (m Inpainting) block(height, width int) (rows, columns int) {
	return int(math.Round(m.Side * float64(height))), int(math.Round(m.Side * float64(width)))
}

// Views is one view: a crop of at least a fifth of the image, and flip. It ends in
// augment.Normalize, so that the 0 in erased pixels is the mean.
func (m Inpainting) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.2, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is equation 1 of the paper, as a mean:
//
//	loss = squared error of decoder(f(image without the block)) to the image, in the block
func (m Inpainting) Loss(step *Step) *Node {
	images := step.Views[0]
	painted, _, lost := m.paint(step.Network, step.Random, images)

	dims := images.Shape().Dimensions
	pixels := func(x *Node) *Node { return Reshape(x, dims[0], dims[1]*dims[2], -1) }
	return MaskedSquares(pixels(painted), pixels(images), Squeeze(pixels(lost), -1))
}

// Reconstruct paints the block, or the whole image where Noise spoils all of it.
func (m Inpainting) Reconstruct(network Network, random *augment.Random, images *Node) Reconstruction {
	painted, spoilt, lost := m.paint(network, random, images)
	lost = BroadcastToShape(InsertAxes(lost, -1), painted.Shape())
	return Reconstruction{Shown: spoilt, Told: Where(lost, painted, ConvertDType(images, painted.DType()))}
}

// paint is what the decoder makes of spoilt images.
//
//	-> painted, spoilt: [batch, height, width, 3]; lost: bool [batch, height, width]
func (m Inpainting) paint(network Network, random *augment.Random, images *Node) (painted, spoilt, lost *Node) {
	spoilt, lost = m.spoil(random, images)
	painted = m.decode(network.Scope, network.Encode(spoilt).Map, images.Shape().Dim(1), images.Shape().Dim(2))
	return painted, spoilt, lost
}

// spoil erases a block or adds noise, and tells which pixels are to be restored.
//
//	images: [batch, height, width, 3] -> the same shape; bool [batch, height, width]
func (m Inpainting) spoil(r *augment.Random, images *Node) (spoilt, lost *Node) {
	g, dims := images.Graph(), images.Shape().Dimensions
	shape := shapes.Make(dtypes.Float32, dims[:3]...)
	if m.Noise > 0 {
		noise := ConvertDType(MulScalar(gaussian(r, dims...), m.Noise), images.DType())
		return Add(images, noise), Equal(Zeros(g, shape), Zeros(g, shape)) // All of them.
	}
	rows, columns := m.block(dims[1], dims[2])
	inside := func(axis, size int) *Node { // Where an axis runs through the block: bool [batch, height, width].
		first := BroadcastToDims(r.Integers(dims[axis]-size+1, dims[0], 1, 1), shape.Dimensions...)
		at := Sub(Iota(g, shape, axis), first)
		return LogicalAnd(GreaterOrEqual(at, ZerosLike(at)), LessThan(at, FillScalar(g, shape, float64(size))))
	}
	lost = LogicalAnd(inside(1, rows), inside(2, columns))
	return Where(BroadcastToDims(InsertAxes(lost, -1), dims...), ZerosLike(images), images), lost
}

// decode makes an image of the encoder's map: each place gives a square of pixels, and what juts
// out of the image is cut off.
//
//	x: [batch, h, w, dim] -> [batch, height, width, 3]
func (m Inpainting) decode(scope *model.Scope, x *Node, height, width int) *Node {
	batch, h, w, features := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	down, across := (height+h-1)/h, (width+w-1)/w
	decoder := encoder.MLP{Hidden: cmp.Or(m.Hidden, features), Out: down * across * 3, Layers: 2}
	x = decoder.Apply(scope.At("decoder"), Reshape(x, batch*h*w, features))  // [batch × h × w, down × across × 3]
	image := augment.Assemble(Reshape(x, batch, h*w, down, across, 3), h, w) // [batch, h × down, w × across, 3]
	return Slice(image, AxisRange(), AxisRange(0, height), AxisRange(0, width), AxisRange())
}

// gaussian draws numbers of mean 0 and deviation 1 (Box & Muller 1958).
func gaussian(r *augment.Random, dims ...int) *Node {
	length := Sqrt(MulScalar(Log(OneMinus(r.Uniform(0, 1, dims...))), -2)) // Uniform is below 1.
	return Mul(length, Cos(r.Uniform(0, 2*math.Pi, dims...)))
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m Inpainting) LossOnPatches() {}

// Embed returns the features as they are: Inpainting compares pixels.
func (m Inpainting) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is Adam, as in the paper, with the learning rate that Adam's authors propose. The
// authors' code (pathak22/context-encoder), with the adversary, has 2e-4 and a Beta1 of 0.5 for 64
// images.
func (m Inpainting) Optimizer() optim.Optimizer { return optim.AdamW{LR: 1e-3} }
