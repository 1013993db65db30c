package augment

import (
	"cmp"
	"image"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// RandAugment changes each image by a few operations drawn at random, each as likely as the others
// and all of one strength (Cubuk et al. 2019, arXiv:1909.13719). With Vary it is that of FixMatch.
//
// Operations and their ranges are those of torchvision.transforms.RandAugment: identity, shear and
// translation along either axis, rotation, brightness, colour, contrast, sharpness, posterise,
// solarise, autocontrast and equalise. As there, an image has 8 bits after each operation. Two
// things differ: shear and rotation interpolate bilinearly where torchvision's default is the
// nearest pixel (what comes in from outside is black in both), and a value is rounded to 8 bits,
// not cut off.
type RandAugment struct {
	// Ops is the number of operations for each image. Default 2. They can be the same.
	Ops int
	// P is the probability to carry out each operation that is drawn, in [0, 1]. Default 1;
	// FixMatch has 0.5.
	P float64
	// Magnitude is the strength of all operations, in [0, 30]. Default 9, or 30 with Vary.
	Magnitude int
	// Vary draws a strength for each operation, as FixMatch does: a tenth of Magnitude, two tenths,
	// up to nine tenths, each as likely. Brightness, colour, contrast and sharpness have a scale
	// from the least to the greatest, whose middle is no change; they take the same tenths of that.
	Vary bool
	// Translation is the greatest translation as a fraction of the width and height, in (0, 1].
	// Default 150/331, as in torchvision.
	Translation float64
}

// operation is one of RandAugment's.
type operation int

// The comments say what an operation does at the greatest magnitude. The first nine are as likely
// to do the opposite.
const (
	shearX     operation = iota // by 0.3 pixels a row, from the top
	shearY                      // by 0.3 pixels a column, from the left
	translateX                  // by Translation of the width, in whole pixels
	translateY                  // by Translation of the height
	rotate                      // by 30 degrees about the middle
	brighten                    // 1.9 times as far from black
	colourise                   // 1.9 times as far from grey
	contrastUp                  // 1.9 times as far from the mean grey
	sharpen                     // 1.9 times as far from the smoothed image
	posterise                   // to 4 bits
	solarise                    // invert every value
	stretch                     // autocontrast: each channel's least value becomes 0, its greatest 1
	equalise                    // each channel's values become about equally frequent
	identity
	operations
)

const (
	greatestMagnitude = 30
	parts             = 10 // Of the magnitude with Vary: 1 to 9 of them are drawn.
)

// Check implements Transform.
func (t RandAugment) Check(height, width int) error {
	d := RandAugment{Vary: t.Vary}.WithDefaults()
	t = t.WithDefaults()
	return cmp.Or(
		setting.Within(1, 16, "augment.RandAugment: Ops", float64(t.Ops), d.Ops),
		setting.Within(0, 1, "augment.RandAugment: P", t.P, d.P),
		setting.Within(0, greatestMagnitude, "augment.RandAugment: Magnitude", float64(t.Magnitude), d.Magnitude),
		setting.UpTo(1, "augment.RandAugment: Translation", t.Translation, d.Translation))
}

// Draw returns [batch, 2*Ops]: for each operation its number and its strength, in [-1, 1] as a
// fraction of the greatest one.
func (t RandAugment) Draw(r *Random, batch, height, width int) *Node {
	t = t.WithDefaults()
	var params []*Node
	magnitude := float64(t.Magnitude) / greatestMagnitude
	for range t.Ops {
		sign := AddScalar(MulScalar(r.Bernoulli(.5, batch), 2), -1)
		strength := MulScalar(sign, magnitude)
		drawn := r.Integers(int(operations), batch)
		if t.Vary {
			tenths := OnePlus(r.Integers(parts-1, batch)) // 1 to 9
			about := LogicalAnd(greaterThan(drawn, int(brighten)-1), lessThan(drawn, int(sharpen)+1))
			change := Where(about, AddScalar(MulScalar(tenths, 2), -parts), Mul(sign, tenths))
			strength = MulScalar(change, magnitude/parts)
		}
		if t.P < 1 {
			done := r.Bernoulli(t.P, batch)
			drawn = Where(Equal(done, OnesLike(done)), drawn, r.constant(float64(identity), batch))
		}
		params = append(params, drawn, strength)
	}
	return columns(params...)
}

// Apply implements Transform.
//
// Every image has an operation of its own, and a graph computes all that any could need. So one
// operation is one chain of passes for the batch, each of which leaves the images alone that have
// none of its operations: one resampling shows every geometry, one mixing of colours does
// brightness, colour and contrast, and a table of 256 values for each channel does all that is a
// function of the value. Two operations on 128 images of 32 x 32 take 20 to 30 ms on two CPU cores,
// a SimCLR view without blur 3.
func (t RandAugment) Apply(images, params *Node) *Node {
	t = t.WithDefaults()
	for i := range t.Ops {
		slot := slot{column(params, 2*i), column(params, 2*i+1)}
		height, width := images.Shape().Dim(2), images.Shape().Dim(3)
		images = sample(images, slot.maps(height, width, t.Translation))
		change := MulScalar(slot.strength, .9) // an enhancement's factor less 1
		brighter, coloured, contrasted := slot.is(brighten), slot.is(colourise), slot.is(contrastUp)
		images = mixColours(images,
			OnePlus(Mul(change, Add(brighter, Add(coloured, contrasted)))),
			Neg(Mul(change, coloured)),
			Neg(Mul(change, contrasted)))
		images = sharpenBy(images, Mul(change, slot.is(sharpen)))
		images = slot.lookUp(images)
	}
	return images
}

// slot is one operation of every image: its number and its strength in [-1, 1], both [batch].
type slot struct{ operation, strength *Node }

// is is 1 for the images whose operation it is, else 0.
func (s slot) is(o operation) *Node {
	return number(Equal(s.operation, MulScalar(OnesLike(s.operation), int(o))))
}

// wholePixel is added to a translation before it is cut down to whole pixels, so that one of 9
// pixels that rounding has made a little less is not one of 8.
const wholePixel = 1e-3

// maps are the affine maps [batch, 2, 3] of the geometric operations, the identity for the others.
func (s slot) maps(height, width int, translation float64) *Node {
	of := func(o operation, greatest float64) *Node { return Mul(s.is(o), MulScalar(s.strength, greatest)) }
	shift := func(o operation, size int) *Node {
		pixels := of(o, translation*float64(size))
		return Mul(Sign(pixels), Floor(AddScalar(Abs(pixels), wholePixel)))
	}
	angle := of(rotate, 30*math.Pi/180)
	cos, sin := Cos(angle), Sin(angle)
	middleX, middleY := float64(width)/2, float64(height)/2
	x := Sub(MulScalar(OneMinus(cos), middleX), MulScalar(sin, middleY))
	y := Add(MulScalar(OneMinus(cos), middleY), MulScalar(sin, middleX))
	return affineMap(
		cos, Add(sin, of(shearX, .3)), Add(x, shift(translateX, width)),
		Sub(of(shearY, .3), sin), cos, Add(y, shift(translateY, height)))
}

// sharpenBy moves images away from their smoothed version by a factor change [batch], 0 for no
// change. The kernel is Pillow's: 5 in the middle, 1 around it, over 13; the pixels at the border
// stay.
//
// The sum of the 3 x 3 pixels is two products with band matrices, so that XLA makes the image once
// and not for each of nine readers.
func sharpenBy(images, change *Node) *Node {
	g := images.Graph()
	dims := images.Shape().Dimensions
	band := func(size int) *Node { // [size, size], rows of the border 0
		rows := make([][]float32, size)
		for i := range rows {
			rows[i] = make([]float32, size)
			for k := i - 1; 0 < i && i < size-1 && k <= i+1; k++ {
				rows[i][k] = 1
			}
		}
		return Const(g, rows)
	}
	inside := make([][]float32, dims[2])
	for y := range inside {
		inside[y] = make([]float32, dims[3])
		for x := 1; 0 < y && y < dims[2]-1 && x < dims[3]-1; x++ {
			inside[y][x] = 1
		}
	}
	sum := Einsum("bchi,wi->bchw", images, band(dims[3]))
	sum = Einsum("bciw,hi->bchw", sum, band(dims[2]))
	own := Mul(images, BroadcastToDims(Reshape(Const(g, inside), 1, 1, dims[2], dims[3]), dims...))
	away := MulScalar(Sub(MulScalar(own, 9), sum), 1./13) // image less smoothed image, 0 at the border
	return ClipScalar(Add(images, Mul(perImage(change, away), away)), 0, 1)
}

// lookUp rounds images [batch, 3, height, width] to 8 bits and puts them through the tables of
// their operations.
func (s slot) lookUp(images *Node) *Node {
	dims := images.Shape().Dimensions
	levels := Round(MulScalar(Reshape(images, dims[0], 3, -1), 255)) // [batch, 3, pixels]
	tables := Reshape(s.tables(levels), dims[0]*3*256)
	at := binsOf(Reshape(levels, dims[0]*3, -1))
	return MulScalar(Reshape(Gather(tables, InsertAxes(at, -1)), dims...), 1./255)
}

// Host implements Transform. It rounds to 8 bits after each operation.
func (t RandAugment) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	t = t.WithDefaults()
	for i := range t.Ops {
		img = operate(img, operation(params[2*i]), float64(params[2*i+1]), t.Translation)
	}
	return img
}
