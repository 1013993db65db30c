package augment

import (
	"cmp"
	"image"
	"math"

	"github.com/disintegration/imaging"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Affine turns, moves and scales images about their centre, bilinearly; what comes in from outside
// is black.
type Affine struct {
	// Rotation in degrees: angles are uniform in [-Rotation, Rotation], positive ones clockwise. In
	// [0, 180].
	Rotation float64
	// Translation along each axis as a fraction of the image's width and height: shifts are uniform
	// in [-Translation, Translation] of either. In [0, 1].
	Translation float64
	// Scale is the range of the magnification, uniform. Default 1 to 1.
	Scale [2]float64
	// P is the probability to change an image, in [0, 1]. Default 1.
	P float64
}

// Check implements Transform.
func (t Affine) Check(height, width int) error {
	d := Affine{}.WithDefaults()
	return cmp.Or(
		setting.Within(0, 180, "augment.Affine: Rotation", t.Rotation),
		setting.Within(0, 1, "augment.Affine: Translation", t.Translation),
		interval("augment.Affine: Scale", t.WithDefaults().Scale, math.Inf(1), d.Scale),
		setting.Within(0, 1, "augment.Affine: P", t.P, d.P))
}

// OutputSize implements Geometric.
func (t Affine) OutputSize(height, width int) (int, int) { return height, width }

// Draw returns [batch, 4]: the angle in radians, the shifts right and down in pixels, the
// magnification.
func (t Affine) Draw(r *Random, batch, height, width int) *Node {
	t = t.WithDefaults()
	changed := r.Bernoulli(t.P, batch)
	symmetric := func(limit float64) *Node { return Mul(changed, r.Uniform(-limit, limit, batch)) }
	angle := symmetric(t.Rotation * math.Pi / 180)
	right := symmetric(t.Translation * float64(width))
	down := symmetric(t.Translation * float64(height))
	magnification := OnePlus(Mul(changed, r.Uniform(t.Scale[0]-1, t.Scale[1]-1, batch)))
	return columns(angle, right, down, magnification)
}

// Map implements Geometric: in = centre + R(-angle)/magnification * (out - centre - shift).
func (t Affine) Map(params *Node, height, width int) *Node {
	angle, right, down, magnification := column(params, 0), column(params, 1), column(params, 2), column(params, 3)
	cos, sin := Div(Cos(angle), magnification), Div(Sin(angle), magnification)
	x := Neg(AddScalar(right, float64(width)/2))
	y := Neg(AddScalar(down, float64(height)/2))
	return affineMap(
		cos, sin, AddScalar(Add(Mul(cos, x), Mul(sin, y)), float64(width)/2),
		Neg(sin), cos, AddScalar(Sub(Mul(cos, y), Mul(sin, x)), float64(height)/2))
}

// HostMap implements Geometric.
func (t Affine) HostMap(params []float32, height, width int) AffineMap {
	return turned(float64(params[0]), float64(params[3]), float64(width)/2, float64(height)/2, float64(params[1]), float64(params[2]))
}

// Apply implements Transform.
func (t Affine) Apply(images, params *Node) *Node {
	height, width := images.Shape().Dim(2), images.Shape().Dim(3)
	return sample(images, t.Map(params, height, width))
}

// sample shows images [batch, 3, height, width] through any affine maps [batch, 2, 3] on an output
// of the same size, by gathering the four pixels around each point; those outside the image are
// black.
func sample(images, maps *Node) *Node {
	g := images.Graph()
	dims := images.Shape().Dimensions
	batch, height, width := dims[0], dims[2], dims[3]
	shape := shapes.Make(dtypes.Float32, batch, height, width)
	outX, outY := AddScalar(Iota(g, shape, 2), .5), AddScalar(Iota(g, shape, 1), .5)
	through := func(row int) *Node {
		entry := func(col int) *Node {
			return perImage(Reshape(Slice(maps, AxisRange(), AxisElem(row), AxisElem(col)), batch), outX)
		}
		return AddScalar(Add(Add(Mul(entry(0), outX), Mul(entry(1), outY)), entry(2)), -.5) // in units of pixel indices
	}
	x, y := through(0), through(1)
	left, top := Floor(x), Floor(y)

	pixels := Reshape(TransposeAllDims(images, 0, 2, 3, 1), batch*height*width, 3)
	first := MulScalar(Iota(g, shapes.Make(dtypes.Int32, batch, height, width), 0), height*width) // the image's first pixel
	tap := func(dx, dy int) *Node {
		col, row := AddScalar(left, dx), AddScalar(top, dy)
		weight := Mul(OneMinus(Abs(Sub(x, col))), OneMinus(Abs(Sub(y, row))))
		c, r := ClipScalar(col, 0, float64(width-1)), ClipScalar(row, 0, float64(height-1))
		inside := LogicalAnd(Equal(c, col), Equal(r, row))
		weight = Where(inside, weight, ZerosLike(weight))
		index := Add(first, ConvertDType(Add(MulScalar(r, width), c), dtypes.Int32))
		values := Gather(pixels, InsertAxes(index, -1)) // [batch, height, width, 3]
		return Mul(values, BroadcastToDims(InsertAxes(weight, -1), batch, height, width, 3))
	}
	sum := Add(Add(tap(0, 0), tap(1, 0)), Add(tap(0, 1), tap(1, 1)))
	return ClipScalar(TransposeAllDims(sum, 0, 3, 1, 2), 0, 1)
}

// Host implements Transform.
func (t Affine) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	size := img.Bounds().Size()
	centreX, centreY := float64(size.X)/2, float64(size.Y)/2
	sin, cos := math.Sincos(-float64(params[0]))
	return sampleHost(img, func(x, y float64) (float64, float64) {
		// Back from the output point: undo the shift, then the turn and the magnification.
		dx := (x - centreX - float64(params[1])) / float64(params[3])
		dy := (y - centreY - float64(params[2])) / float64(params[3])
		return centreX + cos*dx - sin*dy, centreY + sin*dx + cos*dy
	})
}

// sampleHost is sample's twin for one image: each point of the output shows the point of the input
// that back gives for it.
func sampleHost(img *image.NRGBA, back func(x, y float64) (float64, float64)) *image.NRGBA {
	out, in := imaging.Clone(img), imaging.Clone(img)
	size := out.Bounds().Size()
	for row := range size.Y {
		for col := range size.X {
			x, y := back(float64(col)+.5, float64(row)+.5)
			x, y = x-.5, y-.5 // in units of pixel indices
			left, top := math.Floor(x), math.Floor(y)
			var c [3]float64
			for i := range 4 {
				px, py := left+float64(i%2), top+float64(i/2)
				if px < 0 || py < 0 || px >= float64(size.X) || py >= float64(size.Y) {
					continue
				}
				w := (1 - math.Abs(x-px)) * (1 - math.Abs(y-py))
				for k := range c {
					c[k] += w * float64(in.Pix[in.PixOffset(int(px), int(py))+k]) / 255
				}
			}
			for k, v := range c {
				out.Pix[out.PixOffset(col, row)+k] = toByte(v)
			}
		}
	}
	return out
}
