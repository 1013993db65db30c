package encoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The position embeddings of a ViT are one variable, timm's pos_embed, for the grid of Size: fixed
// ones too, so that they travel with the weights and are interpolated to other grids as learned
// ones are.

// storedGrid is the number of patches on each side of the stored grid.
func (v ViT) storedGrid() int { return v.Size / v.Patch }

// classPosition is the number of embeddings before those of the patches. The class token has one,
// as published, where NoClassPosition does not leave it out. Beside registers it has none, as in
// timm's networks with registers, where it is part of cls_token (the two are only added).
func (v ViT) classPosition() int {
	if v.hasClassToken() && v.Registers == 0 && !v.NoClassPosition {
		return 1
	}
	return 0
}

// positionDims is the shape of pos_embed.
func (v ViT) positionDims() []int {
	return []int{1, v.classPosition() + v.storedGrid()*v.storedGrid(), v.Width}
}

// positions returns the embeddings of the class token, nil where it has none, and of the patches in
// a grid of rows × columns, nil where Positions is Rotary.
//
//	class: [1, 1, dim]; patches: [1, rows × columns, dim]
func (v ViT) positions(scope *model.Scope, g *Graph, rows, columns int) (class, patches *Node) {
	if v.Positions == Rotary {
		return nil, nil
	}
	var all *Node
	if v.Positions == SineCosine {
		fixed := scope.WithInitializer(func(g *Graph, shape shapes.Shape) *Node {
			return Reshape(Const(g, sineCosine(v.classPosition(), v.storedGrid(), v.Width)), shape.Dimensions...)
		}).VariableWithShape("pos_embed", shapes.Make(dtypes.Float32, v.positionDims()...))
		all = fixed.SetTrainable(false).NodeValue(g)
	} else {
		all = small(scope, "pos_embed", v.positionDims()...).NodeValue(g)
	}
	if v.classPosition() > 0 {
		class = Slice(all, AxisRange(), AxisElem(0))
		all = Slice(all, AxisRange(), AxisRangeToEnd(1))
	}
	return class, resampleGrid(all, v.storedGrid(), rows, columns)
}

// resampleGrid interpolates a square grid of vectors to one of rows × columns, by cubic convolution
// with antialiasing along each axis.
//
//	x: [1, side × side, dim] -> [1, rows × columns, dim]
func resampleGrid(x *Node, side, rows, columns int) *Node {
	if rows == side && columns == side {
		return x
	}
	byRow, byColumn := resampling(side, rows), resampling(side, columns) // [rows, side], [columns, side]
	matrix := make([][]float32, rows*columns)                            // [rows × columns, side × side]
	for to := range matrix {
		for from := range side * side {
			matrix[to] = append(matrix[to], byRow[to/columns][from/side]*byColumn[to%columns][from%side])
		}
	}
	return ExpandAxes(Dot(Const(x.Graph(), matrix), Squeeze(x, 0)).Product(), 0)
}

// resampling is the matrix [to, from] that resizes a line of samples: Keys' cubic convolution with
// a = -1/2, widened by the scale where samples become fewer, and cut off at the ends. It is what
// Pillow's BICUBIC does and, with antialiasing, PyTorch's interpolate, and so what timm does to
// position embeddings.
func resampling(from, to int) [][]float32 {
	scale := float64(from) / float64(to)
	wide := max(scale, 1)
	matrix := make([][]float32, to)
	for i := range matrix {
		centre := (float64(i) + .5) * scale
		weights, sum := make([]float64, from), 0.
		for j := range weights {
			weights[j] = cubic((float64(j) + .5 - centre) / wide)
			sum += weights[j]
		}
		matrix[i] = make([]float32, from)
		for j, w := range weights {
			matrix[i][j] = float32(w / sum)
		}
	}
	return matrix
}

// cubic is Keys' kernel (1981) with a = -1/2; it is 0 beyond ±2.
func cubic(x float64) float64 {
	const a = -.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	default:
		return 0
	}
}

// sineCosine are the fixed embeddings of MoCo v3 and MAE (He et al. 2021, arXiv:2111.06377, in its
// code): the first half of the features says the column, the second the row, each with sines and
// then cosines of frequencies from 1 down to 1/10000. The class token's are zeros.
//
//	[(class + side × side) × dim]
func sineCosine(class, side, dim int) []float32 {
	embedding := make([]float32, (class+side*side)*dim)
	quarter := dim / 4
	for row := range side {
		for column := range side {
			e := embedding[(class+row*side+column)*dim:]
			for k := range quarter {
				frequency := math.Pow(10_000, -float64(k)/float64(quarter))
				e[k] = float32(math.Sin(float64(column) * frequency))
				e[quarter+k] = float32(math.Cos(float64(column) * frequency))
				e[2*quarter+k] = float32(math.Sin(float64(row) * frequency))
				e[3*quarter+k] = float32(math.Cos(float64(row) * frequency))
			}
		}
	}
	return embedding
}
