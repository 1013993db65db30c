package metric

import (
	"fmt"
	"math"
)

// Box is a rectangle of an image in pixels, as COCO writes it: its upper left corner, with x to the
// right and y downwards, and its size.
type Box struct{ X, Y, Width, Height float64 }

// Area is the width times the height, in square pixels. It is rounded before it is added to another,
// so that every processor gives the same bits.
func (b Box) Area() float64 { return float64(b.Width * b.Height) }

// BoxIoU is the area that two boxes share over the area that either covers, in [0, 1]; 0 where they
// share none, two boxes without an area included.
func BoxIoU(a, b Box) float64 {
	shared := overlap(a, b)
	if shared == 0 {
		return 0
	}
	return shared / (a.Area() + b.Area() - shared)
}

// overlap is the area that two boxes share, rounded as Area is.
func overlap(a, b Box) float64 {
	width := math.Min(a.X+a.Width, b.X+b.Width) - math.Max(a.X, b.X)
	height := math.Min(a.Y+a.Height, b.Y+b.Height) - math.Max(a.Y, b.Y)
	if width <= 0 || height <= 0 {
		return 0
	}
	return float64(width * height)
}

// check says what is wrong with a box that cannot be compared with others.
func (b Box) check() error {
	for _, v := range []float64{b.X, b.Y, b.Width, b.Height} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("Box is %v; it must be finite", b)
		}
	}
	if b.Width < 0 || b.Height < 0 {
		return fmt.Errorf("Box is %v; its Width and Height must be at least 0", b)
	}
	return nil
}
