package eval

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/kit/device"
)

// similarityBlock is how many similarities are held at a time: 80 MB as they come, 40 MB as they
// are kept.
const similarityBlock = 10_000_000

// similarityUnit is 1 in the whole numbers that similarities are kept as. They are so coarse (1e-9)
// that no device's rounding of the sums (1e-15) shows and equal embeddings are equally similar, and
// finer than the features' own float32.
const similarityUnit = 1 << 30

// allSimilarities visits every image of test with its cosine similarities to all images of train,
// [train.N], in units of 1/similarityUnit. An all-zero embedding has similarity 0 to everything.
// Several visits run at once, and similarity is the visitor's own for its duration only. The device
// holds 4·N·Dim bytes of train; products and sums are float64.
func allSimilarities(train, test Features, visit func(i int, similarity []int32)) error {
	backend, err := device.Open()
	if err != nil {
		return err
	}
	products, err := NewExec(backend, func(query, bank *Node) *Node {
		query, bank = ConvertDType(query, dtypes.Float64), ConvertDType(bank, dtypes.Float64)
		// [queries, dim] · [images, dim]ᵀ -> [queries, images]
		return DotGeneral(query, []int{1}, nil, bank, []int{1}, nil)
	})
	if err != nil {
		return err
	}
	defer products.Finalize()

	var bank []*tensors.Tensor
	defer func() { finalize(bank) }()
	for start := 0; start < train.N; start += bankBlock {
		bank = append(bank, paddedRows(train, start, min(bankBlock, train.N)))
	}
	trainLength, testLength := lengths(train), lengths(test)
	size := min(max(1, similarityBlock/train.N), queryBlock, test.N)
	kept := make([]int32, size*train.N)
	for start := 0; start < test.N; start += size {
		rows := min(size, test.N-start)
		query := paddedRows(test, start, size)
		for b, images := range bank {
			err := similarityBlockInto(kept, products, query, images, rows, b*bankBlock, testLength[start:], trainLength)
			if err != nil {
				query.MustFinalizeAll()
				return err
			}
		}
		query.MustFinalizeAll()
		parallel(rows, func(i int) { visit(start+i, kept[i*train.N:(i+1)*train.N]) })
	}
	return nil
}

// similarityBlockInto computes the similarities of a block of queries to a block of images, which
// start at column first of kept, [rows, len(imageLength)].
func similarityBlockInto(
	kept []int32, products *Exec, query, images *tensors.Tensor, rows, first int, queryLength, imageLength []float64,
) error {
	block, err := products.Exec1(query, images)
	if err != nil {
		return err
	}
	defer block.MustFinalizeAll()
	width, n := images.Shape().Dimensions[0], len(imageLength)
	valid := min(width, n-first) // what is beyond is padding
	return tensors.ConstFlatData(block, func(flat []float64) {
		parallel(rows, func(i int) {
			for j, product := range flat[i*width : i*width+valid] {
				kept[i*n+first+j] = similarityOf(product, queryLength[i], imageLength[first+j])
			}
		})
	})
}

// similarityOf is the cosine similarity of two embeddings from their scalar product and their
// lengths.
func similarityOf(product, a, b float64) int32 {
	return int32(math.RoundToEven(product / (a * b) * similarityUnit))
}

// paddedRows are `size` rows of f from start on as a tensor [size, dim], zeros where f has ended,
// so that all blocks have one shape and one program.
func paddedRows(f Features, start, size int) *tensors.Tensor {
	rows := make([]float32, size*f.Dim)
	copy(rows, f.X[start*f.Dim:min(f.N, start+size)*f.Dim])
	return tensors.FromFlatDataAndDimensions(rows, size, f.Dim)
}
