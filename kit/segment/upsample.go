package segment

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// bilinear is by how much each of `in` places counts at each of `out` pixels along one axis: [out,
// in], rows that sum to 1. It is linear interpolation between the middles of the places, and beyond
// the outermost middles their value, as torch.nn.functional.interpolate without align_corners.
func bilinear(in, out int) []float32 {
	weights := make([]float32, out*in)
	for o := range out {
		at := max((float64(o)+.5)*float64(in)/float64(out)-.5, 0)
		low := min(int(at), in-1)
		high := min(low+1, in-1)
		weights[o*in+low] += float32(1 - (at - float64(low)))
		weights[o*in+high] += float32(at - float64(low))
	}
	return weights
}

// upsample brings maps to the size of the images, bilinearly. They are two products with constants,
// whose gradients are products too.
//
//	x: [batch, rows, columns, classes] -> [batch, height, width, classes]
func upsample(x *Node, height, width int) *Node {
	rows, columns := x.Shape().Dim(1), x.Shape().Dim(2)
	down := Reshape(Const(x.Graph(), bilinear(rows, height)), height, rows)
	across := Reshape(Const(x.Graph(), bilinear(columns, width)), width, columns)
	x = Einsum("bijk,yi->byjk", x, down)
	return Einsum("byjk,xj->byxk", x, across)
}

// upsampled is upsample of one map on the host.
//
//	x: [rows, columns, classes] -> [height, width, classes]
func upsampled(x []float32, rows, columns, classes, height, width int) []float32 {
	down, across := bilinear(rows, height), bilinear(columns, width)
	wide := make([]float32, rows*width*classes)
	for i := range rows {
		for px := range width {
			for j := range columns {
				if w := across[px*columns+j]; w != 0 {
					for k := range classes {
						wide[(i*width+px)*classes+k] += w * x[(i*columns+j)*classes+k]
					}
				}
			}
		}
	}
	out := make([]float32, height*width*classes)
	for y := range height {
		for i := range rows {
			if w := down[y*rows+i]; w != 0 {
				for k := range width * classes {
					out[y*width*classes+k] += w * wide[i*width*classes+k]
				}
			}
		}
	}
	return out
}

// enlarged is a map of classes at the size of the images, each pixel that of the place that it lies
// in.
//
//	x: [rows, columns] -> [height, width]
func enlarged(x []uint8, rows, columns, height, width int) []uint8 {
	out := make([]uint8, height*width)
	for y := range height {
		for px := range width {
			out[y*width+px] = x[y*rows/height*columns+px*columns/width]
		}
	}
	return out
}

// highest is, for each row of x [n, classes], the class of the highest value; of equal ones the
// lowest.
func highest(x []float32, classes int) []uint8 {
	out := make([]uint8, len(x)/classes)
	for i := range out {
		row := x[i*classes : (i+1)*classes]
		for k, v := range row {
			if v > row[out[i]] {
				out[i] = uint8(k)
			}
		}
	}
	return out
}
