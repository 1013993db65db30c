package ssl

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// xyz turns linear red, green and blue into X, Y and Z (IEC 61966-2-1), each as a share of that of
// the white D65.
var xyz = [][]float64{
	{.4124564 / .95047, .3575761 / .95047, .1804375 / .95047},
	{.2126729, .7151522, .0721750},
	{.0193339 / 1.08883, .1191920 / 1.08883, .9503041 / 1.08883},
}

const labKnee = 6. / 29 // Where the cube root of CIE Lab goes over into a line.

// labAB are a and b of CIE Lab, which say the colour but not how light it is: from about -108 to
// 99.
//
//	colours: [batch, height, width, 3], sRGB in [0, 1] -> float32 [batch, height, width, 2]
func labAB(colours *Node) *Node {
	x := ConvertDType(colours, dtypes.Float32)
	scalar := func(v float64) *Node { return Scalar(x.Graph(), dtypes.Float32, v) }
	linear := Where(LessOrEqual(x, scalar(.04045)), DivScalar(x, 12.92),
		PowScalar(DivScalar(AddScalar(x, .055), 1.055), 2.4))
	t := Einsum("bhwc,dc->bhwd", linear, ConvertDType(Const(x.Graph(), xyz), dtypes.Float32)) // X, Y, Z
	f := Where(GreaterThan(t, scalar(labKnee*labKnee*labKnee)), PowScalar(MaxScalar(t, 1e-6), 1./3),
		AddScalar(DivScalar(t, 3*labKnee*labKnee), 4./29))
	at := func(i int) *Node { return SliceAxis(f, -1, AxisElem(i)) }
	return Concatenate([]*Node{MulScalar(Sub(at(0), at(1)), 500), MulScalar(Sub(at(1), at(2)), 200)}, -1)
}

// hostAB is labAB of one colour.
func hostAB(colour [3]float64) (a, b float64) {
	var f [3]float64
	for i, row := range xyz {
		var t float64
		for k, c := range colour {
			if c <= .04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+.055)/1.055, 2.4)
			}
			t += row[k] * c
		}
		if t > labKnee*labKnee*labKnee {
			f[i] = math.Cbrt(t)
		} else {
			f[i] = t/(3*labKnee*labKnee) + 4./29
		}
	}
	return 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
}

// colourBins are the classes of colours: the squares of the plane of a and b in which there are
// colours that sRGB has.
type colourBins struct {
	bin     float64
	half    int     // Squares on each side of 0, along each axis.
	class   []int32 // Of the squares, a by a: that of the nearest class where sRGB has no colour.
	classes int
}

// newColourBins finds them by looking at 52³ colours.
func newColourBins(bin float64) colourBins {
	c := colourBins{bin: bin, half: int(math.Ceil(110 / bin))}
	side := 2*c.half + 1
	c.class = make([]int32, side*side)
	for i := range c.class {
		c.class[i] = -1
	}
	for i := range 52 * 52 * 52 {
		a, b := hostAB([3]float64{float64(i/52/52) / 51, float64(i/52%52) / 51, float64(i%52) / 51})
		c.class[c.square(a)*side+c.square(b)] = 0
	}
	var held []int
	for square, class := range c.class {
		if class == 0 {
			c.class[square] = int32(len(held))
			held = append(held, square)
		}
	}
	c.classes = len(held)
	for square, class := range c.class {
		nearest := math.MaxInt
		for k, other := range held {
			da, db := square/side-other/side, square%side-other%side
			if d := da*da + db*db; class < 0 && d < nearest {
				nearest, c.class[square] = d, int32(k)
			}
		}
	}
	return c
}

// square is the number of the square along one axis.
func (c colourBins) square(v float64) int { return int(math.RoundToEven(v/c.bin)) + c.half }

// labels are the classes of colours.
//
//	ab: [batch, rows, columns, 2] -> int32 [batch × rows × columns]
func (c colourBins) labels(ab *Node) *Node {
	square := AddScalar(Round(DivScalar(ab, c.bin)), c.half)
	square = ConvertDType(ClipScalar(square, 0, float64(2*c.half)), dtypes.Int32)
	at := func(i int) *Node { return Reshape(SliceAxis(square, -1, AxisElem(i)), -1) }
	flat := Add(MulScalar(at(0), 2*c.half+1), at(1)) // [batch × rows × columns]
	return Gather(Const(ab.Graph(), c.class), InsertAxes(flat, -1))
}
