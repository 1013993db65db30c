package augment

import (
	"cmp"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// GaussianBlur blurs images with a Gaussian of random width (Chen et al. 2020, appendix A). Images
// are continued by their reflection at the borders, as torchvision's are.
type GaussianBlur struct {
	// Kernel is the side of the kernel in pixels, odd. 0: a tenth of the image's shorter side, made
	// odd as in SimCLR's code, at least 3: 3 at 32 pixels, 9 at 96, 23 at 224.
	Kernel int
	// Sigma is the range of the Gaussian's standard deviation in pixels. Default 0.1 to 2.
	Sigma [2]float64
	// P is the probability to blur an image, in [0, 1]. Default 0.5.
	P float64
}

// radius is how many pixels the kernel reaches to each side.
func (t GaussianBlur) radius(height, width int) int {
	if t.Kernel == 0 {
		return max(1, min(height, width)/10/2)
	}
	return t.Kernel / 2
}

// Check implements Transform.
func (t GaussianBlur) Check(height, width int) error {
	d := GaussianBlur{}.WithDefaults()
	const kernel, tenth = "augment.GaussianBlur: Kernel", "a tenth of the image"
	radius, short := t.radius(height, width), min(height, width)
	return cmp.Or(
		setting.Must(t.Kernel == 0 || t.Kernel > 0 && t.Kernel%2 == 1, kernel, t.Kernel, "odd and at least 1", tenth),
		setting.Must(radius < short, kernel, 2*radius+1,
			fmt.Sprintf("at most %d for images of %d x %d", 2*short-1, height, width), tenth),
		interval("augment.GaussianBlur: Sigma", t.WithDefaults().Sigma, math.Inf(1), d.Sigma),
		setting.Within(0, 1, "augment.GaussianBlur: P", t.P, d.P))
}

// Draw returns standard deviations in pixels, [batch, 1], 0 where an image is not blurred.
func (t GaussianBlur) Draw(r *Random, batch, height, width int) *Node {
	t = t.WithDefaults()
	return Mul(r.Bernoulli(t.P, batch, 1), r.Uniform(t.Sigma[0], t.Sigma[1], batch, 1))
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
