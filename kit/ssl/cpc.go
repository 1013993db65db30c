package ssl

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// CPC reads an image like a page: from the patches down to some row it predicts, among all patches
// of the batch, those some rows below. The encoder sees each patch by itself.
//
// Oord et al. 2018, "Representation Learning with Contrastive Predictive Coding", arXiv:1807.03748,
// in the second version, Hénaff et al. 2019, arXiv:1905.09272, whose pseudo-code (appendix) this
// is, but only from top to bottom. The paper's encoders norm each patch by itself: a batch-norm
// sees the patches that are to be predicted, and may give them away. So encoder.ConvNeXt and
// encoder.ViT suit it better than encoder.ResNet.
type CPC struct {
	// Grid is the number of patches along each side, at least 2. They overlap by half: a patch is
	// 2/(Grid+1) of the side, and Grid+1 divides the view. Default 7, as in the paper. An image
	// costs Grid² patches; a small Grid has larger patches.
	Grid int
	// Nearest is how many rows below the first patches lie that are predicted, in [1, Grid-1]. The
	// next row overlaps by half with what was read. Default 3, or Grid-1 where that is less.
	Nearest int
	// Furthest is how many rows below the last of them lie, in [Nearest, Grid-1]. Default: Nearest.
	Furthest int
	// Hidden is the number of features in the blocks that read the rows. Default 256.
	Hidden int
	// Out is the number of features of the embedding in which patches are compared. Default 64.
	Out int
	// Patch is what is done to each patch by itself. Patches are normalised already. Default: flip,
	// so that lines that go on from patch to patch give less away.
	Patch augment.Pipeline
}

var (
	_ NeedsEncoder = CPC{}
	_ CanCollapse  = CPC{}
)

const (
	cpcBlocks = 5  // Residual blocks that read the rows, each of which sees one row further up.
	cpcScale  = .1 // Of the predictions, which are not normalised.
)

// WithDefaults fills in the settings that were left at zero.
func (m CPC) WithDefaults() Method {
	m.Grid = cmp.Or(m.Grid, 7)
	m.Nearest = cmp.Or(m.Nearest, min(3, m.Grid-1))
	m.Furthest = cmp.Or(m.Furthest, m.Nearest)
	m.Hidden = cmp.Or(m.Hidden, 256)
	m.Out = cmp.Or(m.Out, 64)
	if m.Patch == nil {
		m.Patch = augment.Pipeline{augment.Flip{}}
	}
	return m
}

// Name is "cpc".
func (m CPC) Name() string { return "cpc" }

// patch is the size of a patch of views of height × width pixels.
func (m CPC) patch(height, width int) (patchHeight, patchWidth int) {
	n := m.Grid + 1
	return 2 * (height / n), 2 * (width / n)
}

// Check returns an error where a field is out of range.
func (m CPC) Check(batch Batch) error {
	d := CPC{}.WithDefaults().(CPC)
	height, width := batch.ViewSize(0)
	fits := m.Grid >= 2 && m.Grid < min(height, width) && height%(m.Grid+1) == 0 && width%(m.Grid+1) == 0
	if err := cmp.Or(
		setting.Must(fits, "ssl.CPC: Grid", m.Grid,
			fmt.Sprintf("at least 2, and one less than what divides the view's %d×%d pixels", height, width), d.Grid),
		setting.Must(m.Nearest >= 1 && m.Nearest <= m.Grid-1, "ssl.CPC: Nearest", m.Nearest,
			fmt.Sprintf("in [1, %d]", m.Grid-1), min(d.Nearest, m.Grid-1)),
		setting.Must(m.Furthest >= m.Nearest && m.Furthest <= m.Grid-1, "ssl.CPC: Furthest", m.Furthest,
			fmt.Sprintf("in [%d, %d]", m.Nearest, m.Grid-1), "Nearest"),
		setting.Features(1, "ssl.CPC: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.CPC: Out", m.Out, d.Out),
		twoImages("ssl.CPC", batch, "since the others' patches are the negatives"),
	); err != nil {
		return err
	}
	h, w := m.patch(height, width)
	if err := m.Patch.Check(h, w); err != nil {
		return fmt.Errorf("ssl.CPC: Patch: %w", err)
	}
	return nil
}

// CheckEncoder returns an error where the encoder can't work on images as small as a patch.
func (m CPC) CheckEncoder(e encoder.Encoder, batch Batch) error {
	h, w := m.patch(batch.ViewSize(0))
	h, w = m.Patch.OutputSize(h, w)
	if err := e.Check(h, w); err != nil {
		return fmt.Errorf("ssl.CPC: patches of %d×%d (see Grid): %w", h, w, err)
	}
	return nil
}

// Views is one view: a crop of at least a third of the image, flip, jitter and grey.
func (m CPC) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.3, 1}}, augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8}, augment.Grey{P: .25},
		augment.Normalize{},
	}}
}

// Loss is the paper's pseudo-code:
//
//	z = f of each patch;  c = context(z), each of which has seen its row and those above
//	for k: predictions of the patches k rows below, W_k c, against the targets W z, by InfoNCE
func (m CPC) Loss(step *Step) *Node {
	patches := OverlappingPatches(step.Views[0], m.Grid) // [batch × grid², h, w, 3]
	patches = m.Patch.Apply(step.Random, patches)
	z := step.Encode(patches).Pooled // [batch × grid², dim]
	grid := []int{step.Views[0].Shape().Dim(0), m.Grid, m.Grid, -1}
	targets := Reshape(m.Embed(step.Scope, z), grid...) // [batch, grid, grid, out]
	context := m.context(step.Scope.At("context"), Reshape(z, grid...))

	var losses []*Node
	for k := m.Nearest; k <= m.Furthest; k++ {
		predictions := everywhere(context, func(x *Node) *Node {
			return encoder.MLP{Out: m.Out, Layers: 1}.Apply(step.Scope.At("predict%d", k), x)
		}) // [batch, grid, grid, out]
		losses = append(losses, BelowNCE(MulScalar(predictions, cpcScale), targets, k))
	}
	return ReduceSum(Stack(losses, 0))
}

// OverlappingPatches cuts images into grid × grid patches that overlap by half, row by row.
//
//	images: [batch, height, width, channels] -> [batch × grid², 2 height/(grid+1), 2 width/(grid+1), channels]
func OverlappingPatches(images *Node, grid int) *Node {
	dims := images.Shape().Dimensions
	h, w := dims[1]/(grid+1), dims[2]/(grid+1) // Of half a patch.
	var patches []*Node
	for row := range grid {
		for column := range grid {
			patches = append(patches,
				Slice(images, AxisRange(), AxisRange(row*h, (row+2)*h), AxisRange(column*w, (column+2)*w), AxisRange()))
		}
	}
	return MergeViews(patches...)
}

// context reads the patches' representations row by row: what stands at a place has seen no row
// below it (PixelCNN, Oord et al. 2016, arXiv:1601.06759). Its convolutions are linear layers on
// neighbours side by side.
//
//	z: [batch, rows, columns, dim] -> the same shape
func (m CPC) context(scope *model.Scope, z *Node) *Node {
	for i := range cpcBlocks {
		block := scope.At("%d", i)
		layer := func(name string, x *Node, out int) *Node {
			return everywhere(x, func(x *Node) *Node { return encoder.MLP{Out: out, Layers: 1}.Apply(block.At("%s", name), x) })
		}
		c := MaxScalar(layer("in", z, m.Hidden), 0)
		c = layer("across", Concatenate([]*Node{shifted(c, 2, 1), c, shifted(c, 2, -1)}, -1), m.Hidden) // 1 × 3
		c = layer("down", Concatenate([]*Node{shifted(c, 1, 1), c}, -1), m.Hidden)                      // 2 × 1, above and here
		z = Add(z, layer("out", MaxScalar(c, 0), z.Shape().Dim(-1)))
	}
	return MaxScalar(z, 0)
}

// shifted moves x by one place along an axis, forwards or backwards, and fills in zeros.
func shifted(x *Node, axis, by int) *Node {
	last := x.Shape().Dim(axis) - 1
	zeros := ZerosLike(SliceAxis(x, axis, AxisRange(0, 1)))
	if by > 0 {
		return Concatenate([]*Node{zeros, SliceAxis(x, axis, AxisRange(0, last))}, axis)
	}
	return Concatenate([]*Node{SliceAxis(x, axis, AxisRange(1, last+1)), zeros}, axis)
}

// everywhere applies a layer at each place.
//
//	x: [batch, rows, columns, dim] -> [batch, rows, columns, any]
func everywhere(x *Node, layer func(x *Node) *Node) *Node {
	dims := x.Shape().Dimensions
	return Reshape(layer(Reshape(x, -1, dims[3])), dims[0], dims[1], dims[2], -1)
}

// BelowNCE is InfoNCE for predictions of the patches k rows below: the mean, over all places that
// have such a patch, of the cross-entropy of telling it by dot product from all the patches of the
// batch. It is computed in float32.
//
//	predictions, targets: [batch, rows, columns, dim] -> scalar
func BelowNCE(predictions, targets *Node, k int) *Node {
	g, dims := targets.Graph(), targets.Shape().Dimensions
	rows, columns, dim := dims[1], dims[2], dims[3]
	predictions = SliceAxis(ConvertDType(predictions, dtypes.Float32), 1, AxisRange(0, rows-k))
	all := Reshape(ConvertDType(targets, dtypes.Float32), -1, dim)               // [batch × rows × columns, dim]
	logits := Dot(Reshape(predictions, -1, dim), Transpose(all, 0, 1)).Product() // [batch × (rows-k) × columns, all]
	number := Reshape(Iota(g, shapes.Make(dtypes.Int32, dims[0]*rows*columns), 0), dims[0], rows, columns)
	labels := Reshape(SliceAxis(number, 1, AxisRange(k, rows)), -1) // Of the patch k rows below.
	return CrossEntropy(logits, labels, 0)
}

// Embed is the linear map into the space in which patches are compared.
//
//	[n, dim] -> [n, out]
func (m CPC) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Out: m.Out, Layers: 1}.Apply(scope.At("target"), features)
}

// Collapse would be that all patches look alike.
func (m CPC) Collapse() Collapse {
	return Collapse{Try: "a larger Batch, whose patches are the negatives; a lower learning rate; an encoder without batch-norm"}
}

// Optimizer is Adam, as in both papers, at the rate of the first (section 3.2): 2e-4 for 512 images,
// which is 1e-4 for 256.
func (m CPC) Optimizer() optim.Optimizer { return optim.AdamW{LR: 1e-4} }
