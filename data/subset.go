package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"sslkit/kit/setting"
)

// Subset is a stratified choice of labelled images: the same number, or the
// same fraction, of every class. The zero value keeps every labelled image.
//
// Choices of one seed are nested: the images of PerClass 4 are among those of
// PerClass 25, so that a curve of accuracy against labels grows one set.
type Subset struct {
	PerClass int     // images of each class; 0: not limited. Exclusive with Fraction
	Fraction float64 // of each class, in (0, 1], rounded to nearest and at least one image; 0: not limited
	Seed     uint64  // which choice
}

// Indices returns the chosen images, sorted. labels holds a class in
// [0, classes) for every image, or -1 where there is none; those are never
// chosen. A class with fewer than PerClass images, or with none, is an error
// that names it.
func (s Subset) Indices(labels []int, classes int) ([]int, error) {
	if err := cmp.Or(
		setting.Must(s.PerClass >= 0, "data.Subset: PerClass", s.PerClass, "at least 1", "no limit"),
		setting.Must(s.Fraction >= 0 && s.Fraction <= 1, "data.Subset: Fraction", s.Fraction, "in (0, 1]", "no limit"),
	); err != nil {
		return nil, err
	}
	switch {
	case s.PerClass > 0 && s.Fraction > 0:
		return nil, fmt.Errorf("data.Subset: PerClass is %d and Fraction is %g; set one of them", s.PerClass, s.Fraction)
	case classes < 1:
		return nil, fmt.Errorf("data: a subset of %d classes: the images are unlabelled", classes)
	}
	byClass, err := groupByClass(labels, classes)
	if err != nil {
		return nil, err
	}
	var chosen []int
	for class, members := range byClass {
		want := len(members)
		if s.PerClass > 0 {
			want = s.PerClass
		}
		if s.Fraction > 0 {
			want = max(1, int(math.Round(s.Fraction*float64(len(members)))))
		}
		switch {
		case len(members) == 0:
			return nil, fmt.Errorf("data.Subset: class %d has no labelled image; a subset has at least one of each class", class)
		case want > len(members):
			return nil, fmt.Errorf("data.Subset: PerClass is %d; class %d has %d labelled images, so it must be at most %[3]d", want, class, len(members))
		}
		r := newRNG(s.Seed, forSubset, uint64(class), 0)
		r.shuffle(members)
		chosen = append(chosen, members[:want]...)
	}
	slices.Sort(chosen)
	return chosen, nil
}

// Hash is a short name for a subset: the first 16 hex digits of the SHA-256
// over its indices as little-endian 64-bit integers, in the order given.
func Hash(indices []int) string {
	h := sha256.New()
	var word [8]byte
	for _, i := range indices {
		binary.LittleEndian.PutUint64(word[:], uint64(i))
		h.Write(word[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// groupByClass lists the images of each class, in order; -1 is no class.
func groupByClass(labels []int, classes int) ([][]int, error) {
	byClass := make([][]int, classes)
	for i, label := range labels {
		if label < -1 || label >= classes {
			return nil, fmt.Errorf("data: image %d has label %d; it must be -1 (unlabelled) or in [0, %d)", i, label, classes)
		}
		if label >= 0 {
			byClass[label] = append(byClass[label], i)
		}
	}
	return byClass, nil
}

// limit chooses n images as evenly over the classes as they allow, sorted; n of
// 0 keeps all of them. The choice is fixed, and nested over n. It is what the
// Train, Validation and Test fields of sources mean: the first n images of a
// folder would all be of one class.
func limit(labels []int, n int) []int {
	if n == 0 || n >= len(labels) {
		all := make([]int, len(labels))
		for i := range all {
			all[i] = i
		}
		return all
	}
	classes := slices.Max(labels) + 1
	r := newRNG(0, forLimit, 0, 0)
	order := r.permutation(len(labels))
	// Deal each class's images out in rounds: the k-th of every class before
	// the k+1-th of any. Unlabelled images (-1) are a class of their own here.
	round := make([]int, len(labels))
	dealt := make([]int, classes+1)
	for _, i := range order {
		round[i] = dealt[labels[i]+1]
		dealt[labels[i]+1]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return round[a] - round[b] })
	chosen := order[:n]
	slices.Sort(chosen)
	return chosen
}
