package augment

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// CheckTiles returns an error unless images of height x width pixels can be cut into rows x cols
// tiles of one size.
func CheckTiles(height, width, rows, cols int) error {
	if rows < 1 || cols < 1 || rows*cols < 2 {
		return fmt.Errorf("augment: the tiles are %d x %d; there must be at least 2", rows, cols)
	}
	if height%rows != 0 || width%cols != 0 {
		return fmt.Errorf("augment: images are %d x %d; to be cut into %d x %d tiles, their height must be a multiple of %d and width of %d",
			height, width, rows, cols, rows, cols)
	}
	return nil
}

// Tiles cuts images [batch, height, width, channels] into a grid of tiles, counted row by row:
// [batch, rows*cols, height/rows, width/cols, channels]. It panics on sizes that CheckTiles
// rejects.
func Tiles(images *Node, rows, cols int) *Node {
	images.AssertRank(4)
	dims := images.Shape().Dimensions
	if err := CheckTiles(dims[1], dims[2], rows, cols); err != nil {
		panic(err)
	}
	h, w := dims[1]/rows, dims[2]/cols
	x := Reshape(images, dims[0], rows, h, cols, w, dims[3])
	x = TransposeAllDims(x, 0, 1, 3, 2, 4, 5) // [batch, rows, cols, h, w, channels]
	return Reshape(x, dims[0], rows*cols, h, w, dims[3])
}

// CropTiles cuts a height x width piece out of every tile [batch, tiles, h, w, channels], at a
// place of its own, uniform over whole pixels. The gaps that it leaves, from 0 to twice what is cut
// off, keep a jigsaw from being solved by lines and colours that go on across a border (Noroozi and
// Favaro 2016, arXiv:1603.09246, section 3: 64 of 75 pixels).
func CropTiles(r *Random, tiles *Node, height, width int) *Node {
	tiles.AssertRank(5)
	dims := tiles.Shape().Dimensions
	batch, n, h, w, channels := dims[0], dims[1], dims[2], dims[3], dims[4]
	if height < 1 || height > h || width < 1 || width > w {
		panic(fmt.Errorf("augment: crops are %d x %d; they must be at least 1 x 1 and at most the tiles' %d x %d", height, width, h, w))
	}
	which := Iota(r.Graph(), shapes.Make(dtypes.Float32, batch*n), 0)
	at := columns(which, r.Integers(h-height+1, batch*n), r.Integers(w-width+1, batch*n)) // [batch*n, 3]
	x := GatherSlices(Reshape(tiles, batch*n, h, w, channels), []int{0, 1, 2}, ConvertDType(at, dtypes.Int32),
		[]int{1, height, width}, false) // [batch*n, 1, height, width, channels]
	return Reshape(x, batch, n, height, width, channels)
}

// Shuffle puts the tiles [batch, tiles, ...] of each image in an order of its own: place i of the
// result shows tile order[i]. order is int32 [batch, tiles], such as Random.Permutations draws.
func Shuffle(tiles, order *Node) *Node {
	batch, n := tiles.Shape().Dim(0), tiles.Shape().Dim(1)
	order.AssertDims(batch, n)
	image := Iota(tiles.Graph(), shapes.Make(order.DType(), batch, n), 0)
	return Gather(tiles, Stack([]*Node{image, order}, -1))
}

// Assemble puts tiles [batch, rows*cols, h, w, channels] together to images [batch, rows*h, cols*w,
// channels]. It is the inverse of Tiles.
func Assemble(tiles *Node, rows, cols int) *Node {
	tiles.AssertDims(-1, rows*cols, -1, -1, -1)
	dims := tiles.Shape().Dimensions
	x := Reshape(tiles, dims[0], rows, cols, dims[2], dims[3], dims[4])
	x = TransposeAllDims(x, 0, 1, 3, 2, 4, 5) // [batch, rows, h, cols, w, channels]
	return Reshape(x, dims[0], rows*dims[2], cols*dims[3], dims[4])
}
