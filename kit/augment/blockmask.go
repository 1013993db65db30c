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

// BlockMask hides rectangular blocks of patches until about a given share of them is hidden (Bao et
// al. 2021, arXiv:2106.08254, algorithm 1; iBOT, Zhou et al. 2022, arXiv:2111.07832, has the same).
// Every image has blocks of its own.
//
// As in BEiT's code a block is dropped if it hides nothing new or more than is still to be hidden,
// so no image has more than Ratio of its patches hidden. The number of blocks tried is fixed, since
// a graph's is: on average over images the share that is hidden lies at most 0.01 below Ratio as
// rounded to whole patches. Towards the end, where BEiT's code mostly gives up, blocks shrink to
// what is left. A block may be as high or as wide as the grid; BEiT's code drops such blocks.
type BlockMask struct {
	// Ratio is the share of the patches that is hidden, in (0, 1). Default 0.4, as in BEiT.
	Ratio float64
	// MinPatches is the least area of a block in patches, but for the last ones. 0: the square of a
	// third of the grid's shorter side, as in iBOT: BEiT's 16 for 14 x 14, 4 for 8 x 8.
	MinPatches int
	// Aspect is the range of a block's height over its width, log-uniform. Default 0.3 to 1/0.3.
	Aspect [2]float64
}

const blockTries = 14

func (m BlockMask) minPatches(height, width int) int {
	third := min(height, width) / 3
	return cmp.Or(m.MinPatches, max(1, third*third))
}

// count is the most patches that are hidden.
func (m BlockMask) count(height, width int) int {
	return int(math.Round(m.WithDefaults().Ratio * float64(height*width)))
}

// Check returns an error that names the field and its allowed range if the mask does not suit a
// grid of height x width patches.
func (m BlockMask) Check(height, width int) error {
	d := BlockMask{}.WithDefaults()
	m = m.WithDefaults()
	count, least := m.count(height, width), m.minPatches(height, width)
	return cmp.Or(
		checkGrid("augment.BlockMask", height, width),
		setting.Fraction("augment.BlockMask: Ratio", m.Ratio, d.Ratio),
		interval("augment.BlockMask: Aspect", m.Aspect, math.Inf(1), d.Aspect),
		checkHidden("augment.BlockMask: Ratio", m.Ratio, count, height*width, d.Ratio),
		setting.Must(least >= 1 && least <= count, "augment.BlockMask: MinPatches", least,
			fmt.Sprintf("in [1, %d], up to the patches to hide", count), "the square of a third of the grid's shorter side"))
}

// Hidden draws which patches of each image are hidden, bool [batch, height, width]. It panics on
// settings that Check rejects.
func (m BlockMask) Hidden(r *Random, batch, height, width int) *Node {
	return m.HiddenCounts(r, r.constant(float64(m.count(height, width)), batch), height, width)
}

// HiddenCounts is Hidden where each image has a number of its own in place of Ratio: at most so
// many of its patches are hidden, whole numbers from 0, float32 [batch]. Blocks may be smaller than
// MinPatches where the number is.
func (m BlockMask) HiddenCounts(r *Random, counts *Node, height, width int) *Node {
	if err := m.Check(height, width); err != nil {
		panic(err)
	}
	batch := counts.Shape().Dim(0)
	aspect, least := m.WithDefaults().Aspect, float64(m.minPatches(height, width))
	sizes := r.Uniform(0, 1, batch, blockTries)
	aspects := Exp(r.Uniform(math.Log(aspect[0]), math.Log(aspect[1]), batch, blockTries))
	hidden := ConvertDType(Zeros(r.Graph(), shapes.Make(dtypes.Float32, batch, height, width)), dtypes.Bool)
	left := counts // patches still to be hidden, [batch]
	for try := range blockTries {
		low := MinScalar(left, least)
		area := Add(low, Mul(column(sizes, try), Sub(left, low)))
		rows := Round(Sqrt(Mul(area, column(aspects, try))))
		cols := Round(Sqrt(Div(area, column(aspects, try))))
		downRoom, acrossRoom := AddScalar(Neg(rows), float64(height)), AddScalar(Neg(cols), float64(width))
		block := rectangle(r.upTo(MaxScalar(downRoom, 0)), r.upTo(MaxScalar(acrossRoom, 0)), rows, cols, height, width)

		fresh := ReduceSum(number(LogicalAnd(block, LogicalNot(hidden))), 1, 2) // [batch]
		fits := LogicalAnd(greaterThan(Min(downRoom, acrossRoom), -1), LessOrEqual(fresh, left))
		left = Where(fits, Sub(left, fresh), left)
		hidden = LogicalOr(hidden, LogicalAnd(block, perImage(fits, block)))
	}
	return hidden
}
