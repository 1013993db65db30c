package encoder

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// IGPT is the image GPT of Chen et al. 2020, "Generative Pretraining from Pixels" (ICML): a small
// version of the image becomes a sequence of pixels of few colours, row by row, and blocks of
// causal attention and perceptrons transform it, so that each place knows only the pixels before
// it. What enters at a place is the pixel before it, and a learned token at the first. Norms come
// before the branches.
//
// The paper's 512 colours are clusters of those of its images; here they are a uniform grid
// (Palette), which needs no look at the data and is coarser where colours are frequent.
//
// The zero value is the paper's iGPT-S, whose 1024 pixels take long. A sixteenth of them, as few as
// a ViT has patches, suits a CPU:
//
//	encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3} // 64 pixels of an image, 0.46 million parameters
//
// An encoder that is trained otherwise than pixel by pixel should have Layer at Depth: no loss
// reaches the blocks behind.
type IGPT struct {
	// Side is the number of pixels on each side of the small version, at least 2. Each is the mean
	// over a rectangle of the image, so Side divides the sides of the images. Time and memory grow
	// with up to its fourth power. Default 32.
	Side int
	// Levels is the number of values of each channel, in [2, 32]; there are Levels³ colours.
	// Default 8: 512, as many as the paper has.
	Levels int
	// Width is the number of features of a place, and so of the representation (the interface has
	// the name Dim). Default 512.
	Width int
	// Depth is the number of blocks. Default 24.
	Depth int
	// Heads is the number of attention heads. It divides Width. Default Width/64, as in iGPT-S, at
	// least 1.
	Heads int
	// MLPRatio is how many times wider the hidden layer of a block's perceptron is than a place.
	// Default 4.
	MLPRatio int
	// Layer is the number of blocks behind which the features are read, in [1, Depth], through the
	// norm that follows there. Default: half of Depth, rounded up, since the paper finds the layers
	// in the middle to separate classes best.
	Layer int
	// Mean and Std are those with which the images are normalised, as in Palette. Both zero: those
	// of CIFAR-10, which augment.Normalize has too.
	Mean, Std [3]float64
}

var _ Causal = IGPT{}

// WithDefaults fills in the settings that were left at zero.
func (e IGPT) WithDefaults() IGPT {
	e.Side = cmp.Or(e.Side, 32)
	e.Levels = cmp.Or(e.Levels, 8)
	e.Width = cmp.Or(e.Width, 512)
	e.Depth = cmp.Or(e.Depth, 24)
	e.Heads = cmp.Or(e.Heads, max(e.Width/64, 1))
	e.MLPRatio = cmp.Or(e.MLPRatio, 4)
	e.Layer = cmp.Or(e.Layer, e.middle())
	if e.Mean == [3]float64{} && e.Std == [3]float64{} {
		e.Mean, e.Std = [3]float64{.4914, .4822, .4465}, [3]float64{.2470, .2435, .2616}
	}
	return e
}

// middle is the Layer by default.
func (e IGPT) middle() int { return (e.Depth + 1) / 2 }

// Name is "igpt24-w512-h8-s32-l8" (depth, width, heads, side, levels), followed by what differs
// from the plain network: "-mlp2" (MLPRatio), "-at24" (Layer).
func (e IGPT) Name() string {
	e = e.WithDefaults()
	name := fmt.Sprintf("igpt%d-w%d-h%d-s%d-l%d", e.Depth, e.Width, e.Heads, e.Side, e.Levels)
	if e.MLPRatio != 4 {
		name += fmt.Sprintf("-mlp%d", e.MLPRatio)
	}
	if e.Layer != e.middle() {
		name += fmt.Sprintf("-at%d", e.Layer)
	}
	return name
}

// Check returns an error where a field is out of range, or where Side doesn't divide the image.
func (e IGPT) Check(height, width int) error {
	d := IGPT{}.WithDefaults()
	e = e.WithDefaults()
	return cmp.Or(
		setting.Pixels(2, "encoder.IGPT: Side", e.Side, d.Side),
		setting.Within(2, 32, "encoder.IGPT: Levels", float64(e.Levels), d.Levels),
		setting.Features(1, "encoder.IGPT: Width", e.Width, d.Width),
		setting.Repeats(1, "encoder.IGPT: Depth", e.Depth, d.Depth),
		checkHeads("encoder.IGPT: Heads", e.Heads, e.Width, "Width/64"),
		setting.Repeats(1, "encoder.IGPT: MLPRatio", e.MLPRatio, d.MLPRatio),
		setting.Must(e.Layer >= 1 && e.Layer <= e.Depth, "encoder.IGPT: Layer", e.Layer,
			fmt.Sprintf("in [1, %d], up to Depth", e.Depth), "half of it"),
		e.checkChannels(),
		setting.Must(height >= e.Side && width >= e.Side && height%e.Side == 0 && width%e.Side == 0, "encoder.IGPT: Side", e.Side,
			fmt.Sprintf("a divisor of both sides of the images, which are %d×%d", height, width), d.Side),
	)
}

// checkChannels checks the statistics of the colours.
func (e IGPT) checkChannels() error {
	for i := range e.Mean {
		if err := cmp.Or(
			setting.Within(0, 1, fmt.Sprintf("encoder.IGPT: Mean[%d]", i), e.Mean[i]),
			setting.Divisor(fmt.Sprintf("encoder.IGPT: Std[%d]", i), e.Std[i], "CIFAR-10's, where Mean and Std are all 0"),
		); err != nil {
			return err
		}
	}
	return nil
}

// Dim is Width.
func (e IGPT) Dim() int { return e.WithDefaults().Width }

// Palette is the colours of the pixels; see Causal.
func (e IGPT) Palette() Palette {
	e = e.WithDefaults()
	return Palette{Levels: e.Levels, Mean: e.Mean, Std: e.Std}
}

// Cost counts the whole network, of whose multiply-adds Encode needs only those of the first Layer
// blocks: the parameters without the layer that tells colours, which is not part of the encoder,
// and the multiply-adds with the two matrix products of attention, whose masked half is computed
// too. Looking the colours up takes none.
func (e IGPT) Cost(height, width int) Cost {
	e = e.WithDefaults()
	pixels, d, hidden := int64(e.Side*e.Side), int64(e.Width), int64(e.Width*e.MLPRatio)
	products := 3*d*d + d*d + 2*d*hidden // The weights of a block that multiply: qkv, the projection behind attention, the MLP.
	biases := 3*d + d + hidden + d
	norms := 4 * d
	return Cost{
		Params:       (int64(e.Palette().Size())+1+pixels)*d + int64(e.Depth)*(products+biases+norms) + 2*d,
		MultiplyAdds: int64(e.Depth) * (pixels*products + 2*pixels*pixels*d),
	}
}

// Encode builds the network; see Encoder. A place of Map, and so of Tokens, knows only the pixels
// before it; Pooled is their mean. Side must divide the images.
func (e IGPT) Encode(scope *model.Scope, images *Node) Output {
	e = e.WithDefaults()
	x, _ := e.transform(scope, images.DType(), e.pixels(images))
	return Output{
		Pooled: ReduceMean(x, 1),
		Map:    Reshape(x, x.Shape().Dim(0), e.Side, e.Side, e.Width),
		Tokens: x,
	}
}

// EncodePast builds the network and gives what the last layer says at each place; see Causal.
func (e IGPT) EncodePast(scope *model.Scope, images *Node) (past, next *Node) {
	e = e.WithDefaults()
	next = e.pixels(images)
	_, past = e.transform(scope, images.DType(), next)
	return past, next
}

// pixels are the colours of the small version, row by row.
//
//	images: [batch, height, width, 3] -> int32 [batch, Side × Side]
func (e IGPT) pixels(images *Node) *Node {
	dims := images.Shape().Dimensions
	if err := e.Check(dims[1], dims[2]); err != nil { // The trainer checks the images of the data, not each view.
		panic(err)
	}
	x := Reshape(ConvertDType(images, dtypes.Float32), dims[0], e.Side, dims[1]/e.Side, e.Side, dims[2]/e.Side, dims[3])
	return Reshape(e.Palette().Indices(ReduceMean(x, 2, 4)), dims[0], e.Side*e.Side)
}

// transform is the network behind the quantisation. All blocks are built for both results, so that
// they bring the same variables into being; what a result doesn't need is not computed.
//
//	colours: int32 [batch, pixels] -> features: what Layer says, last: what the last layer says, [batch, pixels, dim] each
func (e IGPT) transform(scope *model.Scope, dtype dtypes.DType, colours *Node) (features, last *Node) {
	x := e.embed(scope, dtype, colours)
	for i := range e.Depth {
		block := scope.At("blocks").At("%d", i)
		if i == e.Layer {
			features = layerNorm(block.At("norm1"), x)
		}
		x = causalBlock(block, x, e.Heads, e.Width*e.MLPRatio)
	}
	last = layerNorm(scope.At("norm"), x)
	if e.Layer == e.Depth {
		features = last
	}
	return features, last
}

// embed turns colours into what enters the first block: at each place the vector of the colour
// before it, and the place's own.
//
//	colours: int32 [batch, pixels] -> [batch, pixels, dim]
func (e IGPT) embed(scope *model.Scope, dtype dtypes.DType, colours *Node) *Node {
	g, batch, pixels := colours.Graph(), colours.Shape().Dim(0), colours.Shape().Dim(1)
	variable := func(name string, rows int) *Node {
		return ConvertDType(small(scope, name, 1, rows, e.Width).NodeValue(g), dtype)
	}
	start, place := variable("start_token", 1), variable("pos_embed", pixels)
	table := Squeeze(variable("colour_embed", e.Palette().Size()), 0) // [colours, dim]
	before := Slice(colours, AxisRange(), AxisRange(0, pixels-1))     // [batch, pixels - 1]
	// A product with zeros and ones, not Gather: see ViT.
	x := einsum("bpc,cd->bpd", OneHot(before, e.Palette().Size(), dtype), table) // [batch, pixels - 1, dim]
	x = Concatenate([]*Node{BroadcastToDims(start, batch, 1, e.Width), x}, 1)    // [batch, pixels, dim]
	return Add(x, place)
}
