package augment

import (
	"fmt"
	"image"

	"github.com/disintegration/imaging"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Interpolation is the filter that a resampling weighs its input pixels with. When an image
// shrinks, the filter is widened by the same factor (antialiasing), as Pillow and imaging do.
type Interpolation int

const (
	// Bilinear is the triangle filter, torchvision's default.
	Bilinear Interpolation = iota
	// Bicubic is Keys' cubic convolution filter with a = -1/2 (IEEE Trans. ASSP 29, 1981), Pillow's
	// BICUBIC. It can overshoot; results are clamped to [0, 1].
	Bicubic
)

// String returns "bilinear" or "bicubic".
func (f Interpolation) String() string {
	if f == Bicubic {
		return "bicubic"
	}
	return "bilinear"
}

// MarshalText makes a saved pipeline readable.
func (f Interpolation) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (f *Interpolation) UnmarshalText(text []byte) error {
	for _, known := range []Interpolation{Bilinear, Bicubic} {
		if string(text) == known.String() {
			*f = known
			return nil
		}
	}
	return fmt.Errorf("augment: Interpolation is %q; it must be %q or %q", text, Bilinear, Bicubic)
}

func (f Interpolation) check(field string) error {
	return setting.Must(f == Bilinear || f == Bicubic, field, int(f), "Bilinear or Bicubic")
}

// kernel is the filter's value at distance x >= 0, in pixels.
func (f Interpolation) kernel(x *Node) *Node {
	if f == Bilinear {
		return MaxScalar(OneMinus(x), 0)
	}
	x = MinScalar(x, 2) // where both the cubic and its slope are 0
	near := OnePlus(Mul(Square(x), AddScalar(MulScalar(x, 1.5), -2.5)))
	far := AddScalar(Mul(x, AddScalar(Mul(x, AddScalar(MulScalar(x, -.5), 2.5)), -4)), 2)
	return Where(LessThan(x, OnesLike(x)), near, far)
}

// filter is the same one of imaging.
func (f Interpolation) filter() imaging.ResampleFilter {
	if f == Bicubic {
		return imaging.CatmullRom
	}
	return imaging.Linear
}

// resample shows images [batch, 3, height, width] through maps [batch, 2, 3] that have no rotation
// or shear. An output pixel reads only input pixels of the rectangle that the whole output shows: a
// crop knows nothing of what lies around it.
//
// Both passes are products with one small dense matrix an image: at 32 x 32 pixels on a CPU, about
// half the time of a whole SimCLR view without blur.
func resample(images, maps *Node, height, width int, f Interpolation) *Node {
	inHeight, inWidth := images.Shape().Dim(2), images.Shape().Dim(3)
	entry := func(row, col int) *Node {
		return Reshape(Slice(maps, AxisRange(), AxisElem(row), AxisElem(col)), -1)
	}
	across := f.weights(entry(0, 0), entry(0, 2), width, inWidth) // [batch, width, inWidth]
	down := f.weights(entry(1, 1), entry(1, 2), height, inHeight) // [batch, height, inHeight]
	x := Einsum("bchi,bwi->bchw", images, across)
	if f == Bicubic {
		x = ClipScalar(x, 0, 1) // as Pillow and imaging, whose images between the passes hold 8 bits
	}
	x = Einsum("bciw,bhi->bchw", x, down)
	return ClipScalar(x, 0, 1)
}

// weights returns what each output pixel takes of each input pixel along one axis, [batch, out,
// in], where the output point x shows the input's scale*x + offset.
func (f Interpolation) weights(scale, offset *Node, out, in int) *Node {
	shape := shapes.Make(dtypes.Float32, scale.Shape().Dim(0), out, in)
	g := scale.Graph()
	spread := func(v *Node) *Node { return perImage(v, Iota(g, shape, 1)) }

	pixel := AddScalar(Iota(g, shape, 2), .5)
	centre := Add(Mul(spread(scale), AddScalar(Iota(g, shape, 1), .5)), spread(offset))
	widen := spread(Reciprocal(MaxScalar(Abs(scale), 1)))
	w := f.kernel(Mul(Abs(Sub(pixel, centre)), widen))

	end := Add(offset, MulScalar(scale, float64(out)))
	inside := LogicalAnd(
		GreaterThan(pixel, spread(Min(offset, end))),
		LessThan(pixel, spread(Max(offset, end))))
	w = Where(inside, w, ZerosLike(w))
	return Div(w, ReduceAndKeep(w, ReduceSum, -1))
}

// box is the rectangle that a crop takes of each image, as parameters [batch, 4]: top, left,
// height, width in pixels. boxMap is the map that shows it on an output of the given size.
func boxMap(box *Node, height, width int) *Node {
	top, left := column(box, 0), column(box, 1)
	zero := ZerosLike(top)
	return affineMap(
		DivScalar(column(box, 3), float64(width)), zero, left,
		zero, DivScalar(column(box, 2), float64(height)), top)
}

// boxHostMap is boxMap for the box of one image on the host.
func boxHostMap(box []float32, height, width int) AffineMap {
	return AffineMap{
		{float64(box[3]) / float64(width), 0, float64(box[1])},
		{0, float64(box[2]) / float64(height), float64(box[0])},
	}
}

// boxApply shows images [batch, 3, in height, in width] through their boxes on an output of the
// given size.
func boxApply(images, box *Node, height, width int, f Interpolation) *Node {
	return resample(images, boxMap(box, height, width), height, width, f)
}

// boxHost crops and resizes on the host.
func boxHost(img *image.NRGBA, box []float32, height, width int, f Interpolation) *image.NRGBA {
	top, left := int(box[0]), int(box[1])
	at := image.Rect(left, top, left+int(box[3]), top+int(box[2]))
	return imaging.Resize(imaging.Crop(img, at), width, height, f.filter())
}
