package augment

import (
	"fmt"
	"image"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"
)

// Rotate90 turns images [batch, height, width, channels] counter-clockwise by a number of quarter
// turns, as numpy's and torch's rot90 do: an odd number exchanges height and width. turns may be
// any whole number; -1 is clockwise.
//
// The rotation pretext task asks which of the turns 0 to 3 an image was given (Gidaris et al. 2018,
// arXiv:1803.07728).
func Rotate90(images *Node, turns int) *Node {
	images.AssertRank(4)
	return rotate90(images, turns, 1, 2)
}

// rotate90 is Rotate90 for images whose rows and columns lie on the given axes.
func rotate90(images *Node, turns, rows, cols int) *Node {
	switch (turns%4 + 4) % 4 {
	case 1:
		return Reverse(Transpose(images, rows, cols), rows)
	case 2:
		return Reverse(images, rows, cols)
	case 3:
		return Reverse(Transpose(images, rows, cols), cols)
	}
	return images
}

// QuarterTurns turns each image by 0, 1, 2 or 3 quarter turns, each as likely as the others. Images
// must be square, so that those of a batch keep one size.
type QuarterTurns struct{}

// Check implements Transform.
func (t QuarterTurns) Check(height, width int) error {
	if height != width {
		return fmt.Errorf("augment.QuarterTurns: images are %d x %d; they must be square to be turned by single quarters", height, width)
	}
	return nil
}

// OutputSize implements Geometric.
func (t QuarterTurns) OutputSize(height, width int) (int, int) { return height, width }

// Draw returns the number of quarter turns counter-clockwise, 0 to 3: [batch, 1].
func (t QuarterTurns) Draw(r *Random, batch, height, width int) *Node { return r.Integers(4, batch, 1) }

// Map implements Geometric: in = centre + R * (out - centre), R being the turn with its exact
// cosine and sine.
func (t QuarterTurns) Map(params *Node, height, width int) *Node {
	turns := column(params, 0)
	is := func(n int) *Node { return number(Equal(turns, MulScalar(OnesLike(turns), n))) }
	cos, sin := Sub(is(0), is(2)), Sub(is(1), is(3))
	x := MulScalar(OneMinus(Sub(cos, sin)), float64(width)/2)
	y := MulScalar(OneMinus(Add(cos, sin)), float64(height)/2)
	return affineMap(cos, Neg(sin), x, sin, cos, y)
}

// HostMap implements Geometric.
func (t QuarterTurns) HostMap(params []float32, height, width int) AffineMap {
	w, h := float64(width), float64(height)
	switch params[0] {
	case 1:
		return AffineMap{{0, -1, w}, {1, 0, 0}}
	case 2:
		return AffineMap{{-1, 0, w}, {0, -1, h}}
	case 3:
		return AffineMap{{0, 1, 0}, {-1, 0, h}}
	}
	return AffineMap{{1, 0, 0}, {0, 1, 0}}
}

// Apply implements Transform.
func (t QuarterTurns) Apply(images, params *Node) *Node {
	turns := column(params, 0)
	turned := images
	for n := 1; n < 4; n++ {
		is := number(Equal(turns, MulScalar(OnesLike(turns), n)))
		turned = choose(is, rotate90(images, n, 2, 3), turned)
	}
	return turned
}

// Host implements Transform.
func (t QuarterTurns) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	switch params[0] {
	case 1:
		return imaging.Rotate90(img)
	case 2:
		return imaging.Rotate180(img)
	case 3:
		return imaging.Rotate270(img)
	}
	return imaging.Clone(img)
}
