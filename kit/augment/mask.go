package augment

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// RandomMask hides a random subset of an image's patches, all subsets of its size alike: the mask
// of MAE (He et al. 2022, arXiv:2111.06377) and SimMIM (Xie et al. 2022, arXiv:2111.09886). Every
// image has a subset of its own, and all subsets have the same number of patches, so that what is
// kept is a batch of one shape.
type RandomMask struct {
	// Ratio is the share of the patches that is hidden, in (0, 1). Default 0.75, as in MAE; SimMIM
	// has 0.6.
	Ratio float64
}

// Check returns an error that names the field and its allowed range if the mask does not suit a
// grid of height x width patches: at least one patch must be hidden and one kept.
func (m RandomMask) Check(height, width int) error {
	d := RandomMask{}.WithDefaults()
	m = m.WithDefaults()
	patches := height * width
	return cmp.Or(
		checkGrid("augment.RandomMask", height, width),
		setting.Fraction("augment.RandomMask: Ratio", m.Ratio, d.Ratio),
		checkHidden("augment.RandomMask: Ratio", m.Ratio, m.Count(patches), patches, d.Ratio))
}

// Count is how many of an image's patches are hidden: Ratio*patches, rounded up as in the code of
// MAE and SimMIM, but for what rounding of numbers makes more than a whole one.
func (m RandomMask) Count(patches int) int {
	return int(math.Ceil(m.WithDefaults().Ratio*float64(patches) - 1e-9))
}

// Split draws which patches of each image are kept and which are masked: the numbers of patches, in
// random order, int32 [batch, patches-Count] and [batch, Count]. It panics on settings that Check
// rejects.
func (m RandomMask) Split(r *Random, batch, patches int) (keep, masked *Node) {
	if err := m.Check(1, patches); err != nil {
		panic(err)
	}
	order := r.Permutations(batch, patches)
	kept := patches - m.Count(patches)
	return Slice(order, AxisRange(), AxisRange(0, kept)), Slice(order, AxisRange(), AxisRange(kept))
}

// Hidden is Split's masked patches as a map, bool [batch, patches]: from the same state it hides
// the same ones.
func (m RandomMask) Hidden(r *Random, batch, patches int) *Node {
	keep, masked := m.Split(r, batch, patches)
	place := Restore(keep, masked)
	return GreaterOrEqual(place, Scalar(place.Graph(), dtypes.Int32, keep.Shape().Dim(1)))
}

// Restore returns each patch's place in the list of the kept patches followed by the masked ones,
// int32 [batch, patches]: gathering by it puts a decoder's tokens, the kept ones and then the mask
// tokens, in the order of the image. keep and masked come from Split.
func Restore(keep, masked *Node) *Node { return argsort(Concatenate([]*Node{keep, masked}, 1)) }

// checkGrid returns an error unless there are two patches or more.
func checkGrid(mask string, height, width int) error {
	if height < 1 || width < 1 || height*width < 2 {
		return fmt.Errorf("%s: the grid is %d x %d patches; it must have at least 2", mask, height, width)
	}
	return nil
}

// checkHidden returns an error unless the ratio hides a patch and keeps one.
func checkHidden(field string, ratio float64, hidden, patches int, zero float64) error {
	return setting.Must(hidden > 0 && hidden < patches, field, ratio,
		fmt.Sprintf("such that it hides at least one patch and keeps one; it hides %d of %d", hidden, patches), zero)
}
