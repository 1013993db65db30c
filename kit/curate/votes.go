package curate

import (
	"cmp"
	"fmt"
	"slices"

	"sslkit/kit/setting"
)

// NeighborVotes judges labels by those of the nearest images: the K with the
// highest cosine similarity, the image itself left out, each with one vote. It
// needs features in which neighbours mostly share a class, and no fitting.
type NeighborVotes struct {
	K int // neighbours that vote, at least 1. Default 10.
	// Majority is the share of votes for one other class above which a label is
	// suspect, in (0, 1). Default 0.5.
	Majority float64
}

// WithDefaults fills in the settings that were left at zero.
func (v NeighborVotes) WithDefaults() NeighborVotes {
	v.K = cmp.Or(v.K, 10)
	v.Majority = cmp.Or(v.Majority, 0.5)
	return v
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (v NeighborVotes) Check() error {
	d := NeighborVotes{}.WithDefaults()
	v = v.WithDefaults()
	return cmp.Or(
		setting.AtLeast(1, "curate.NeighborVotes: K", v.K, d.K),
		setting.Fraction("curate.NeighborVotes: Majority", v.Majority, d.Majority))
}

// Suspects lists the images whose neighbours agree on another class, the most
// suspect first. Their Score is the share of votes for the given label. x is
// [n, dim]; labels holds n classes, and images of -1 (unlabelled) neither vote
// nor are judged. Errors: mismatched lengths, values that are not finite, labels
// out of range, fewer than K+1 labelled images.
func (v NeighborVotes) Suspects(x []float32, n, dim int, labels []int, classes int) ([]Suspect, error) {
	votes, err := v.votes(x, n, dim, labels, classes)
	if err != nil {
		return nil, err
	}
	v = v.WithDefaults()
	var suspects []Suspect
	for i, label := range labels {
		if label < 0 {
			continue
		}
		row := votes[i*classes : (i+1)*classes]
		top := 0
		for class, count := range row {
			if count > row[top] {
				top = class
			}
		}
		if share := float64(row[top]) / float64(v.K); top != label && share > v.Majority {
			suspects = append(suspects, Suspect{Image: i, Given: label, Suggested: top, Score: float64(row[label]) / float64(v.K)})
		}
	}
	return ranked(suspects), nil
}

// Probabilities are out-of-sample probabilities for [ConfidentLearning], [n,
// classes]: the shares of the votes of each image's neighbours, with half a vote
// more for every class (Jeffreys' prior), since few neighbours rule nothing out.
// Arguments and errors are as those of Suspects.
func (v NeighborVotes) Probabilities(x []float32, n, dim int, labels []int, classes int) ([]float32, error) {
	votes, err := v.votes(x, n, dim, labels, classes)
	if err != nil {
		return nil, err
	}
	k := v.WithDefaults().K
	p := make([]float32, len(votes))
	for i, count := range votes {
		p[i] = (float32(count) + 0.5) / (float32(k) + 0.5*float32(classes))
	}
	return p, nil
}

// votes counts the labels of each image's neighbours: [n, classes].
func (v NeighborVotes) votes(x []float32, n, dim int, labels []int, classes int) ([]int, error) {
	const what = "NeighborVotes"
	if err := v.Check(); err != nil {
		return nil, err
	}
	if err := checkMatrix(what, "x", x, n, dim); err != nil {
		return nil, err
	}
	if err := checkLabels(what, labels, n, classes); err != nil {
		return nil, err
	}
	var bank []int // the labelled images
	for i, label := range labels {
		if label >= 0 {
			bank = append(bank, i)
		}
	}
	k := v.WithDefaults().K
	if len(bank) < k+1 {
		return nil, fmt.Errorf("curate.NeighborVotes: K is %d; it must be less than the %d labelled images", k, len(bank))
	}
	rows := unit(x, n, dim)
	bankRows := make([]float32, 0, len(bank)*dim)
	for _, i := range bank {
		bankRows = append(bankRows, rows[i*dim:(i+1)*dim]...)
	}
	near, similarities, indices := make([]neighbours, n), make([]float32, n*k), make([]int, n*k)
	for i := range near {
		near[i] = neighbours{similarity: similarities[i*k : i*k : (i+1)*k], index: indices[i*k : i*k : (i+1)*k]}
	}
	products(rows, bankRows, dim, func(i, start int, row []float32) {
		for c, similarity := range row {
			if j := bank[start+c]; j != i {
				near[i].offer(k, similarity, j)
			}
		}
	})
	votes := make([]int, n*classes)
	for i := range near {
		for _, j := range near[i].index {
			votes[i*classes+labels[j]]++
		}
	}
	return votes, nil
}

// neighbours are the k highest similarities offered, falling; of equal ones,
// those offered first.
type neighbours struct {
	similarity []float32
	index      []int
}

func (n *neighbours) offer(k int, similarity float32, index int) {
	if len(n.index) == k {
		if similarity <= n.similarity[k-1] {
			return
		}
		n.similarity, n.index = n.similarity[:k-1], n.index[:k-1]
	}
	at, _ := slices.BinarySearchFunc(n.similarity, similarity, func(held, offered float32) int {
		if held >= offered {
			return -1 // behind its equals
		}
		return 1
	})
	n.similarity = slices.Insert(n.similarity, at, similarity)
	n.index = slices.Insert(n.index, at, index)
}
