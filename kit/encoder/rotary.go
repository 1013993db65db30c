package encoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Rotary positions (Su et al. 2021, arXiv:2104.09864) as DINOv3 has them, in
// facebookresearch/dinov3, dinov3/layers/rope_position_encoding.py: the coordinates of the patches'
// centres go from -1 to 1 along each side of the image, whatever its size; a quarter of the pairs of
// a head's features turns by the row and as many by the column, with periods from 1 to almost 100.
// The published weights were trained with coordinates at random scales, from 1/2 to 2 times these
// (pos_embed_rope_rescale_coords); shifts and jitters, which the code has too, were off. Here the scale
// is always 1, as it is there outside training. The authors' files keep the periods rounded to
// bfloat16, as timm's pos_embed_sincos.py says, and their code computes with what the file has; here, in
// timm and in transformers periods are not rounded, so that features differ a little.

// rotaryBase is what the periods go up to.
const rotaryBase = 100

// rotation turns queries and keys by the places of their tokens.
type rotation struct {
	cosine, sine *Node // float32 [1 or batch, 1, tokens, features of a head / 2].
}

// rotaryAngles are the angles of the patches in a grid.
//
//	-> [rows × columns][features of a head / 2], in radians: first those of the row, then those of the column
func rotaryAngles(rows, columns, features int) [][]float64 {
	var angles [][]float64
	for row := range rows {
		for column := range columns {
			var all []float64
			for _, coordinate := range []float64{(float64(row)+.5)/float64(rows)*2 - 1, (float64(column)+.5)/float64(columns)*2 - 1} {
				for k := range features / 4 {
					period := math.Pow(rotaryBase, float64(4*k)/float64(features))
					all = append(all, 2*math.Pi*coordinate/period)
				}
			}
			angles = append(angles, all)
		}
	}
	return angles
}

// rotation is that of the patches in keep, all where it is nil, in a grid of rows × columns; the
// tokens before them are not turned. It is nil where Positions is not Rotary.
//
//	keep: int32 [batch, k] or nil
func (v ViT) rotation(g *Graph, rows, columns int, keep *Node) *rotation {
	if v.Positions != Rotary {
		return nil
	}
	half := v.Width / v.Heads / 2
	of := func(function func(float64) float64) *Node {
		values := make([][]float32, rows*columns)
		for i, angles := range rotaryAngles(rows, columns, 2*half) {
			for _, angle := range angles {
				values[i] = append(values[i], float32(function(angle)))
			}
		}
		x := Const(g, values) // [patches, half]
		if keep == nil {
			x = InsertAxes(x, 0, 0)
		} else {
			x = InsertAxes(einsum("bkp,pf->bkf", OneHot(keep, rows*columns, dtypes.Float32), x), 1)
		}
		if v.leading() == 0 {
			return x
		}
		still := x.Shape().Clone() // Of the class token and the registers.
		still.Dimensions[2] = v.leading()
		return Concatenate([]*Node{FillScalar(g, still, function(0)), x}, 2)
	}
	return &rotation{cosine: of(math.Cos), sine: of(math.Sin)}
}

// turn turns each feature of the first half with its partner in the second.
//
//	x: [batch, heads, tokens, features] -> the same shape, in the same dtype
func (r *rotation) turn(x *Node) *Node {
	half := x.Shape().Dim(3) / 2
	x32 := ConvertDType(x, dtypes.Float32)
	first, second := SliceAxis(x32, 3, AxisRange(0, half)), SliceAxis(x32, 3, AxisRangeToEnd(half))
	turned := Concatenate([]*Node{
		Sub(Mul(first, r.cosine), Mul(second, r.sine)),
		Add(Mul(second, r.cosine), Mul(first, r.sine)),
	}, 3)
	return ConvertDType(turned, x.DType())
}
