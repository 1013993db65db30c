package segment

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/setting"
)

// Neighbours gives each patch the classes of the nearest patches of labelled images, with no training
// at all: dense nearest-neighbour retrieval (Balažević et al. 2023, arXiv:2306.01667, "Hummingbird").
//
// It follows vpariza/open-hummingbird-eval, hbird/hbird_eval.py: every patch remembers the shares of
// the classes among its pixels; a patch to be judged takes the mean of those of the K that are nearest
// by cosine, weighted by the softmax of the cosine over Temperature; and the shares are enlarged
// bilinearly to pixels, where the highest wins. Five things differ: remembered images are not augmented, where
// they are cropped and jittered there; the search is exact, which ScaNN's, its default, is not; pixels of
// data.IgnoredPixel have no share, where they are background there, and a patch of them alone is not
// remembered; a memory that does not hold all patches takes them at random, not by the rareness of
// their classes; and a class that is neither there nor predicted is left out of the mean IoU, where it
// counts 0 there and predicted classes are first matched with true ones.
type Neighbours struct {
	// K is the number of neighbours, at least 1. Default 30, or all where there are fewer.
	K int
	// Temperature divides the cosines, above 0. Default 0.02.
	Temperature float64
	// Memory is the most patches that are remembered, at least 1. Default 1,024,000; all
	// there.
	Memory int
	// Seed decides which patches are remembered where Memory does not hold all.
	Seed uint64
}

// searchBatch is the number of images whose neighbours are held at once: K of each patch.
const searchBatch = 128

// WithDefaults fills in what was left at zero.
func (n Neighbours) WithDefaults() Neighbours {
	n.K = cmp.Or(n.K, 30)
	n.Temperature = cmp.Or(n.Temperature, .02)
	n.Memory = cmp.Or(n.Memory, 1_024_000)
	return n
}

// Evaluate remembers the training split and judges the test split. Its errors are those of
// [Frozen.Patches], a setting out of range, a source without masks or without one of the splits, splits
// of other sizes or classes, and training images without a pixel that counts.
func (n Neighbours) Evaluate(frozen Frozen, source data.Source) (Result, error) {
	fail := func(err error) (Result, error) { return Result{}, fmt.Errorf("nearest patches: %w", err) }
	d := Neighbours{}.WithDefaults()
	n = n.WithDefaults()
	if err := cmp.Or(
		setting.AtLeast(1, "segment.Neighbours: K", n.K, d.K),
		setting.Divisor("segment.Neighbours: Temperature", n.Temperature, d.Temperature),
		setting.AtLeast(1, "segment.Neighbours: Memory", n.Memory, d.Memory),
	); err != nil {
		return fail(err)
	}
	set, test, err := openBoth(source)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	defer test.Close()
	bank, err := frozen.Patches(set)
	if err != nil {
		return fail(err)
	}
	asked, err := frozen.Patches(test)
	if err != nil {
		return fail(err)
	}
	classes := len(set.MaskClasses())
	memory, shares, err := n.remember(bank, set, classes)
	if err != nil {
		return fail(err)
	}
	k := min(n.K, memory.N)
	var masks [][]uint8
	patches := asked.Rows * asked.Columns
	for start := 0; start < test.Len(); start += searchBatch {
		end := min(start+searchBatch, test.Len())
		x := asked.X[start*patches*asked.Dim : end*patches*asked.Dim]
		near, err := eval.Neighbors(memory, eval.Features{X: x, N: (end - start) * patches, Dim: asked.Dim, Name: asked.Name}, k)
		if err != nil {
			return fail(err)
		}
		scores := make([]float32, near.N*classes)
		for p := range near.N {
			index, similarity := near.Row(p)
			vote(scores[p*classes:(p+1)*classes], index, similarity, shares, n.Temperature)
		}
		for i := range end - start {
			of := scores[i*patches*classes : (i+1)*patches*classes]
			masks = append(masks, highest(upsampled(of, asked.Rows, asked.Columns, classes, test.height, test.width), classes))
		}
	}
	protocol := fmt.Sprintf("nearest patches (K %d, cosine, T %g, %d of %d remembered)", k, n.Temperature, memory.N, bank.N*bank.Rows*bank.Columns)
	result, err := judge(protocol, test, masks, asked.Encoder)
	if err != nil {
		return fail(err)
	}
	return result, nil
}

// remember are the patches to search in, and for each the shares of the classes: [N, classes].
func (n Neighbours) remember(bank Patches, set masked, classes int) (eval.Features, []float32, error) {
	patches := bank.Rows * bank.Columns
	all := make([]float32, 0, bank.N*patches*classes)
	var known []int
	for i, mask := range set.masks {
		shares := sharesOf(mask, bank.Rows, bank.Columns, classes, set.height, set.width)
		for p := range patches {
			if slices.Max(shares[p*classes:(p+1)*classes]) > 0 {
				known = append(known, i*patches+p)
			}
		}
		all = append(all, shares...)
	}
	if len(known) == 0 {
		return eval.Features{}, nil, fmt.Errorf("no pixel of %s has a class", set.Name())
	}
	if len(known) > n.Memory {
		random := rand.New(rand.NewPCG(n.Seed, 0))
		random.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		known = known[:n.Memory]
		slices.Sort(known)
	}
	memory := eval.Features{N: len(known), Dim: bank.Dim, Name: bank.Name}
	var shares []float32
	for _, p := range known {
		memory.X = append(memory.X, bank.row(p)...)
		shares = append(shares, all[p*classes:(p+1)*classes]...)
	}
	return memory, shares, nil
}

// vote adds up the shares of the neighbours, weighted by the softmax of similarity/temperature.
func vote(scores []float32, index []int, similarity []float64, shares []float32, temperature float64) {
	weights, sum := make([]float64, len(index)), 0.
	for j, s := range similarity {
		weights[j] = math.Exp((s - similarity[0]) / temperature) // The first is the nearest.
		sum += weights[j]
	}
	for j, bank := range index {
		for c := range scores {
			scores[c] += float32(weights[j] / sum * float64(shares[bank*len(scores)+c]))
		}
	}
}

// sharesOf are, for each patch of a mask, the shares of the classes among its pixels that count, all 0
// where none does: [rows, columns, classes].
func sharesOf(mask []uint8, rows, columns, classes, height, width int) []float32 {
	shares, counted := make([]float32, rows*columns*classes), make([]float32, rows*columns)
	for i, class := range mask {
		if class == data.IgnoredPixel {
			continue
		}
		patch := i/width*rows/height*columns + i%width*columns/width
		shares[patch*classes+int(class)]++
		counted[patch]++
	}
	for i := range shares {
		if n := counted[i/classes]; n > 0 {
			shares[i] /= n
		}
	}
	return shares
}
