package data

import "fmt"

// Instances is a Set in which several images may show one object: the pictures
// of a patient, of a product, of a place. The sets of [Shapes] and
// [ImageFolder] are.
type Instances interface {
	Set
	// ReadInstances fills pix, of n·height·width·3 bytes, with image i and n-1
	// other images of its object: [n, height, width, 3]. The others are a random
	// choice and order, a pure function of draw, in which none comes again
	// before all have come. Where the object has no other image, image i is
	// repeated.
	ReadInstances(i, n int, draw uint64, pix []uint8) error
}

// checkInstances is the argument check that every ReadInstances begins with.
func checkInstances(set Set, i, n int, pix []uint8) error {
	if n < 1 {
		return fmt.Errorf("data: %s: the images of an object are %d; they must be at least 1", set.Name(), n)
	}
	return checkSeveral(set, i, n, pix)
}

// repeated reads image i once and copies it to all n places of pix.
func repeated(set Set, i, n int, pix []uint8) error {
	size := len(pix) / n
	if err := set.Read(i, pix[:size]); err != nil {
		return err
	}
	for k := 1; k < n; k++ {
		copy(pix[k*size:(k+1)*size], pix[:size])
	}
	return nil
}

// chooseOthers chooses n of the numbers 0..others-1, for others ≥ 1: none comes
// again before all have come.
func chooseOthers(draw uint64, others, n int) []int {
	chosen := make([]int, 0, n)
	for round := uint64(0); len(chosen) < n; round++ {
		r := newRNG(draw, forInstances, uint64(others), round)
		order := r.permutation(others)
		chosen = append(chosen, order[:min(others, n-len(chosen))]...)
	}
	return chosen
}
