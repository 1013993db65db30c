package augment

import (
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"
)

// GaussianBlur blurs images with a Gaussian of random width (Chen et al. 2020, appendix A). Images are continued by their
// reflection at the borders, as torchvision's are.
type GaussianBlur struct {
	// Kernel is the side of the kernel in pixels, odd. 0: a tenth of the image's shorter side, made odd as in SimCLR's
	// code, at least 3: 3 at 32 pixels, 9 at 96, 23 at 224.
	Kernel int
	// Sigma is the range of the Gaussian's standard deviation in pixels. Zero: 0.1 to 2.
	Sigma [2]float64
	// P is the probability to blur an image, in [0, 1]. 0: 0.5.
	P float64
}

func (t GaussianBlur) sigma() [2]float64 { return orDefault(t.Sigma, [2]float64{.1, 2}) }

// radius is how many pixels the kernel reaches to each side.
func (t GaussianBlur) radius(height, width int) int {
	if t.Kernel == 0 {
		return max(1, min(height, width)/10/2)
	}
	return t.Kernel / 2
}

// Check implements Transform.
func (t GaussianBlur) Check(height, width int) error {
	if t.Kernel < 0 || t.Kernel > 0 && t.Kernel%2 == 0 {
		return fmt.Errorf("Kernel is %d: must be odd, or 0 for a tenth of the image", t.Kernel)
	}
	if radius := t.radius(height, width); radius >= min(height, width) {
		return fmt.Errorf("Kernel is %d: must be at most %d for images of %d x %d",
			2*radius+1, 2*min(height, width)-1, height, width)
	}
	return firstError(interval("Sigma", t.sigma(), math.Inf(1)), within("P", t.P, 0, 1))
}

// Draw returns standard deviations in pixels, [batch, 1], 0 where an image is not blurred.
func (t GaussianBlur) Draw(r *Random, batch, height, width int) *Node {
	sigma := t.sigma()
	return Mul(r.Bernoulli(orDefault(t.P, .5), batch, 1), r.Uniform(sigma[0], sigma[1], batch, 1))
}

// Apply implements Transform.
func (t GaussianBlur) Apply(images, params *Node) *Node {
	radius := t.radius(images.Shape().Dim(2), images.Shape().Dim(3))
	sigma := MaxScalar(column(params, 0), 1e-3) // so narrow that only the middle tap is left: the image itself
	taps := make([]*Node, radius+1)             // by distance, [batch]
	sum := ZerosLike(sigma)
	for d := range taps {
		taps[d] = Exp(MulScalar(Square(Div(MulScalar(OnesLike(sigma), d), sigma)), -.5))
		sum = Add(sum, taps[d])
		if d > 0 {
			sum = Add(sum, taps[d])
		}
	}
	for _, axis := range []int{3, 2} {
		images = blurAxis(images, taps, sum, axis)
	}
	return images
}

// blurAxis blurs along one axis with taps by distance, over their sum.
func blurAxis(images *Node, taps []*Node, sum *Node, axis int) *Node {
	radius, size := len(taps)-1, images.Shape().Dim(axis)
	piece := func(x *Node, from, to int) *Node { return SliceAxis(x, axis, AxisRange(from, to)) }
	padded := Concatenate([]*Node{
		Reverse(piece(images, 1, radius+1), axis),
		images,
		Reverse(piece(images, size-1-radius, size-1), axis),
	}, axis)
	out := ZerosLike(images)
	for offset := -radius; offset <= radius; offset++ {
		weight := Div(taps[max(offset, -offset)], sum)
		out = Add(out, Mul(perImage(weight, images), piece(padded, radius+offset, radius+offset+size)))
	}
	return out
}

// Host implements Transform.
func (t GaussianBlur) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	out := imaging.Clone(img)
	if params[0] == 0 {
		return out
	}
	sigma, size := float64(params[0]), img.Bounds().Size()
	radius := t.radius(size.Y, size.X)
	for y := range size.Y {
		for x := range size.X {
			var sum float64
			var c [3]float64
			for dy := -radius; dy <= radius; dy++ {
				for dx := -radius; dx <= radius; dx++ {
					w := math.Exp(-float64(dx*dx+dy*dy) / (2 * sigma * sigma))
					sum += w
					at := img.PixOffset(img.Rect.Min.X+reflect(x+dx, size.X), img.Rect.Min.Y+reflect(y+dy, size.Y))
					for k := range c {
						c[k] += w * float64(img.Pix[at+k])
					}
				}
			}
			for k, v := range c {
				out.Pix[out.PixOffset(x, y)+k] = toByte(v / sum / 255)
			}
		}
	}
	return out
}

// reflect folds i into [0, size) at the centres of the first and the last pixel.
func reflect(i, size int) int {
	if i < 0 {
		return -i
	}
	if i >= size {
		return 2*(size-1) - i
	}
	return i
}
