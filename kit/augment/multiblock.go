package augment

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// MultiBlockMask draws a few target blocks of patches and one large context block less the targets:
// I-JEPA's multi-block masking (Assran et al. 2023, arXiv:2301.08243, section 3 and appendix A).
//
// I-JEPA draws the size of the blocks once a batch. A graph's shapes are fixed, so here all batches
// have blocks of one size, in the middle of I-JEPA's ranges; where they lie is drawn for every
// image and block.
type MultiBlockMask struct {
	// Targets is the number of target blocks. Default 4.
	Targets int
	// TargetScale is the share of the grid in one target block, in (0, 1). Default 0.175, the
	// middle of 0.15 to 0.2.
	TargetScale float64
	// TargetAspect is a target block's height over its width. Default: the geometric middle of 0.75
	// to 1.5, about 1.06.
	TargetAspect float64
	// ContextScale is the share of the grid in the context block, a square on a square grid, in (0,
	// 1]. Default 0.925, the middle of 0.85 to 1. As in I-JEPA's code the block is at least one
	// patch smaller than the grid either way.
	ContextScale float64
}

// MultiBlock is what a MultiBlockMask draws for a batch.
type MultiBlock struct {
	// Context is true where the context encoder sees a patch: in the context block and in no
	// target. Bool [batch, height, width]; at least one patch an image, but their number differs.
	Context *Node
	// Targets is true in each target block, bool [batch, height, width] a block.
	Targets []*Node
	// Patches are the numbers of each target's patches row by row, int32 [batch, rows*cols] a
	// block.
	Patches []*Node
}

// Sizes are the rows and columns of a target block and of the context block on a grid of height x
// width patches. No block is larger than its scale: 6 x 5 and 13 x 13 on 14 x 14 patches, 3 x 3 and
// 7 x 7 on 8 x 8.
func (m MultiBlockMask) Sizes(height, width int) (target, context [2]int) {
	m = m.WithDefaults()
	size := func(scale, aspect float64) [2]int {
		area := scale * float64(height*width)
		rows := min(max(int(math.Round(math.Sqrt(area*aspect))), 1), max(height-1, 1))
		cols := min(max(int(area)/rows, 1), max(width-1, 1))
		return [2]int{rows, cols}
	}
	return size(m.TargetScale, m.TargetAspect), size(m.ContextScale, float64(height)/float64(width))
}

// Check returns an error that names the field and its allowed range if the mask does not suit a
// grid of height x width patches: the targets must leave some of the context wherever they lie.
func (m MultiBlockMask) Check(height, width int) error {
	d := MultiBlockMask{}.WithDefaults()
	m = m.WithDefaults()
	err := cmp.Or(
		checkGrid("augment.MultiBlockMask", height, width),
		setting.Repeats(1, "augment.MultiBlockMask: Targets", m.Targets, d.Targets),
		setting.Fraction("augment.MultiBlockMask: TargetScale", m.TargetScale, d.TargetScale),
		setting.Positive("augment.MultiBlockMask: TargetAspect", m.TargetAspect, d.TargetAspect),
		setting.UpTo(1, "augment.MultiBlockMask: ContextScale", m.ContextScale, d.ContextScale))
	if err != nil {
		return err
	}
	target, context := m.Sizes(height, width)
	most := (context[0]*context[1] - 1) / (target[0] * target[1])
	return setting.Must(m.Targets <= most, "augment.MultiBlockMask: Targets", m.Targets,
		fmt.Sprintf("in [1, %d], so that targets of %d x %d patches leave some of a context of %d x %d",
			most, target[0], target[1], context[0], context[1]), d.Targets)
}

// Draw draws the blocks of each image. It panics on settings that Check rejects.
func (m MultiBlockMask) Draw(r *Random, batch, height, width int) MultiBlock {
	if err := m.Check(height, width); err != nil {
		panic(err)
	}
	m = m.WithDefaults()
	target, context := m.Sizes(height, width)
	place := func(size [2]int) (top, left, block *Node) {
		top, left = r.Integers(height-size[0]+1, batch), r.Integers(width-size[1]+1, batch)
		return top, left, rectangle(top, left, r.constant(float64(size[0]), batch), r.constant(float64(size[1]), batch), height, width)
	}
	var blocks MultiBlock
	_, _, blocks.Context = place(context)
	shape := shapes.Make(dtypes.Float32, batch, target[0], target[1])
	for range m.Targets {
		top, left, block := place(target)
		row := Add(Iota(r.Graph(), shape, 1), spread(top, shape))
		col := Add(Iota(r.Graph(), shape, 2), spread(left, shape))
		patches := ConvertDType(Add(MulScalar(row, width), col), dtypes.Int32)
		blocks.Patches = append(blocks.Patches, Reshape(patches, batch, target[0]*target[1]))
		blocks.Targets = append(blocks.Targets, block)
		blocks.Context = LogicalAnd(blocks.Context, LogicalNot(block))
	}
	return blocks
}
