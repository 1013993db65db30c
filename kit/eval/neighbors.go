package eval

import (
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/kit/device"
)

// Similarities are computed a block of queries against a block of the bank at a
// time: a block of them is 40 MB however large the sets are, and large enough
// for the matrix product to run at the device's full speed.
const (
	queryBlock = 1_000
	bankBlock  = 10_000
)

// Neighborhood holds the k nearest bank images of each of N queries.
type Neighborhood struct {
	N, K       int       // N queries with K neighbours each.
	Index      []int     // Index is [N, K]: rows of the bank, nearest first.
	Similarity []float64 // Similarity is [N, K]: their cosine similarities, in [-1, 1].
}

// Row is the neighbours of query i, nearest first, and their similarities.
func (n Neighborhood) Row(i int) (index []int, similarity []float64) {
	return n.Index[i*n.K : (i+1)*n.K], n.Similarity[i*n.K : (i+1)*n.K]
}

// Neighbors finds, for each image of test, the k images of train with the
// highest cosine similarity; of equal ones the lower index comes first. An
// all-zero embedding has similarity 0 to everything. Labels are not used. With
// train and test the same features each image finds itself: ask for one more.
//
// The device computes all similarities in float32 and a few more candidates
// than asked for are kept; these are compared again in float64, so the order
// does not depend on how the device rounds.
func Neighbors(train, test Features, k int) (Neighborhood, error) {
	for _, f := range []Features{train, test} {
		if err := f.Check(); err != nil {
			return Neighborhood{}, err
		}
	}
	if train.Dim != test.Dim {
		return Neighborhood{}, fmt.Errorf("eval: Dim is %d in train features %q and %d in test features %q", train.Dim, train.Name, test.Dim, test.Name)
	}
	if k < 1 || k > train.N {
		return Neighborhood{}, fmt.Errorf("eval: K is %d; it must be from 1 to the %d images of train features %q", k, train.N, train.Name)
	}
	candidates, err := search(train, test, min(train.N, k+k/4+8))
	if err != nil {
		return Neighborhood{}, fmt.Errorf("eval: searching neighbours of %q in %q: %w", test.Name, train.Name, err)
	}
	out := Neighborhood{N: test.N, K: k, Index: make([]int, test.N*k), Similarity: make([]float64, test.N*k)}
	trainLength, testLength := lengths(train), lengths(test)
	parallel(test.N, func(i int) {
		best := nearestIn(out.Index, out.Similarity, i, k)
		best.rescore(candidates[i].index, func(j int) float64 {
			return dot(test.Row(i), train.Row(j)) / (testLength[i] * trainLength[j])
		})
	})
	return out, nil
}

// rescore keeps the k best of the candidates by their exact similarities. They
// come in the order of the device's rounded ones; sorted first, equal ones keep
// the lower index.
func (n *nearest) rescore(candidates []int, similarity func(j int) float64) {
	slices.Sort(candidates)
	for _, j := range candidates {
		n.offer(similarity(j), j)
	}
}

// search finds k candidates for each row of test by float32 similarities.
func search(train, test Features, k int) ([]nearest, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	similarity, err := NewExec(backend, func(query, bank *Node) *Node {
		// [queries, dim] · [images, dim]ᵀ -> [queries, images]
		return DotGeneral(query, []int{1}, nil, bank, []int{1}, nil)
	})
	if err != nil {
		return nil, err
	}
	defer similarity.Finalize()

	bank := slices.Collect(unitBlocks(train, bankBlock))
	defer finalize(bank)
	found, index, held := make([]nearest, test.N), make([]int, test.N*k), make([]float64, test.N*k)
	for i := range found {
		found[i] = nearestIn(index, held, i, k)
	}
	todo := found
	for query := range unitBlocks(test, queryBlock) {
		rows := todo[:min(queryBlock, len(todo))]
		todo = todo[len(rows):]
		if err := scanBank(rows, similarity, query, bank, train.N); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scanBank offers each of a block of queries, which it finalizes, all n images of the bank.
func scanBank(rows []nearest, similarity *Exec, query *tensors.Tensor, bank []*tensors.Tensor, n int) error {
	defer query.MustFinalizeAll()
	for b, images := range bank {
		block, err := similarity.Exec1(query, images)
		if err != nil {
			return err
		}
		start := b * bankBlock
		width := images.Shape().Dimensions[0]
		valid := min(width, n-start) // what is beyond is padding
		err = tensors.ConstFlatData(block, func(flat []float32) {
			parallel(len(rows), func(i int) {
				rows[i].scan(flat[i*width:i*width+valid], start)
			})
		})
		block.MustFinalizeAll()
		if err != nil {
			return err
		}
	}
	return nil
}

// unitBlocks are the rows of f, each of length 1, as tensors [size, dim]. The
// last one is padded with zeros, so that all have one shape and one program.
func unitBlocks(f Features, size int) iter.Seq[*tensors.Tensor] {
	size = min(size, f.N)
	return func(yield func(*tensors.Tensor) bool) {
		block := make([]float32, size*f.Dim) // copied into each tensor
		for start := 0; start < f.N; start += size {
			rows := min(size, f.N-start)
			parallel(rows, func(i int) {
				row := f.Row(start + i)
				scale := 1 / length(row)
				for j, v := range row {
					block[i*f.Dim+j] = float32(float64(v) * scale)
				}
			})
			clear(block[rows*f.Dim:])
			if !yield(tensors.FromFlatDataAndDimensions(block, size, f.Dim)) {
				return
			}
		}
	}
}

func finalize(blocks []*tensors.Tensor) {
	for _, block := range blocks {
		block.MustFinalizeAll()
	}
}

// nearest keeps the k highest similarities offered, in falling order; of equal
// ones, those offered first.
type nearest struct {
	k          int
	similarity []float64
	index      []int
}

// nearestIn keeps its k in row i of what is given, [n, k].
func nearestIn(index []int, similarity []float64, i, k int) nearest {
	return nearest{k: k, similarity: similarity[i*k : i*k : (i+1)*k], index: index[i*k : i*k : (i+1)*k]}
}

// scan offers a row of similarities to the images from start on.
func (n *nearest) scan(row []float32, start int) {
	threshold := float32(math.Inf(-1))
	if len(n.index) == n.k {
		threshold = float32(n.similarity[n.k-1])
	}
	for j, s := range row {
		// Nearly every image fails this test: it is the whole cost of the scan.
		if s <= threshold {
			continue
		}
		n.offer(float64(s), start+j)
		if len(n.index) == n.k {
			threshold = float32(n.similarity[n.k-1])
		}
	}
}

func (n *nearest) offer(similarity float64, index int) {
	if len(n.index) == n.k {
		if similarity <= n.similarity[n.k-1] {
			return
		}
		n.similarity, n.index = n.similarity[:n.k-1], n.index[:n.k-1]
	}
	at, _ := slices.BinarySearchFunc(n.similarity, similarity, func(held, offered float64) int {
		if held >= offered {
			return -1 // behind its equals
		}
		return 1
	})
	n.similarity = slices.Insert(n.similarity, at, similarity)
	n.index = slices.Insert(n.index, at, index)
}

// lengths are the Euclidean lengths of the rows of f.
func lengths(f Features) []float64 {
	out := make([]float64, f.N)
	parallel(f.N, func(i int) { out[i] = length(f.Row(i)) })
	return out
}

// length is the Euclidean length of row, or 1 where it is zero everywhere, so
// that a division by it leaves zeros.
func length(row []float32) float64 {
	if squared := dot(row, row); squared > 0 {
		return math.Sqrt(squared)
	}
	return 1
}

func dot(a, b []float32) float64 {
	b = b[:len(a)]
	var sum float64
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// parallel calls do(0) to do(n-1) on all cores, which take a share at a time as
// they come free.
func parallel(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	share := max(1, n/(16*max(workers, 1)))
	var taken atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for {
				end := int(taken.Add(int64(share)))
				if end-share >= n {
					return
				}
				for i := end - share; i < min(end, n); i++ {
					do(i)
				}
			}
		})
	}
	wait.Wait()
}
