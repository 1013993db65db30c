package eval

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"

	"sslkit/data"
)

// Copies of test images among the labelled ones are an error from this share of either on. Public
// sets hold a few of their own (of Fashion-MNIST's, for instance); Result.Copies tells below it.
const copiesAllowed = 0.01

// leakDims is the least number of features by which images can be told apart.
const leakDims = 8

// checkSubset says whether the labelled images are those that SubsetHash names.
func checkSubset(f Features) error {
	if f.SubsetHash == "" || f.Indices == nil {
		return nil
	}
	if hash := data.Hash(f.Indices); hash != f.SubsetHash {
		return fmt.Errorf("eval: features %q: SubsetHash is %s, and Indices hash to %s: these are other labelled images than "+
			"were drawn",
			f.Name, f.SubsetHash, hash)
	}
	seen := make(map[int]bool, f.N)
	for i, p := range f.Indices {
		if p < 0 {
			return fmt.Errorf("eval: features %q: Indices[%d] is %d; it must be 0 or more", f.Name, i, p)
		}
		if seen[p] {
			return fmt.Errorf("eval: features %q: Indices[%d] is %d for the second time: the labelled subset holds an image twice",
				f.Name, i, p)
		}
		seen[p] = true
	}
	return nil
}

// copies counts the test images whose features are, bit for bit, those of a training image. An
// encoder maps equal images to equal features, and others hardly ever; rows of zeros, and rows that
// more than two training images share (a collapsed encoder, blank images), do not count. Too many
// of them are an error: test images were put among the labelled ones.
func copies(train, test Features) (int, error) {
	if train.Dim < leakDims || test.sameImages {
		return 0, nil
	}
	seed := maphash.MakeSeed()
	buffer := make([]byte, 0, 4*train.Dim)
	hash := func(row []float32) (uint64, bool) {
		buffer = buffer[:0]
		zero := true
		for _, v := range row {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
			zero = zero && v == 0
		}
		return maphash.Bytes(seed, buffer), zero
	}
	type place struct{ first, times int }
	rows := make(map[uint64]place, train.N)
	for i := range train.N {
		h, zero := hash(train.Row(i))
		if zero {
			continue
		}
		p, known := rows[h]
		if !known {
			p.first = i
		}
		p.times++
		rows[h] = p
	}
	found, trainRow, testRow := 0, 0, 0
	for j := range test.N {
		h, zero := hash(test.Row(j))
		if p, known := rows[h]; known && !zero && p.times <= 2 {
			if found == 0 {
				trainRow, testRow = p.first, j
			}
			found++
		}
	}
	if share := float64(found) / float64(min(train.N, test.N)); found > 0 && share >= copiesAllowed {
		return found, fmt.Errorf("eval: label leak: %d of %d test images of %q are among the %d labelled images of %q, as row "+
			"%d is row %d: "+
			"package curate finds such images", found, test.N, test.Name, train.N, train.Name, testRow, trainRow)
	}
	return found, nil
}
