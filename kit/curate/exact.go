package curate

import (
	"crypto/sha256"

	"sslkit/data"
)

// Exact finds images whose pixels are all the same, by their SHA-256. Labels do
// not matter.
type Exact struct{}

// Groups finds the duplicates within a set. An empty set and an image that
// cannot be read are errors.
func (e Exact) Groups(set data.Set) (Groups, error) {
	hashes, err := pixelHashes("set", set)
	if err != nil {
		return nil, err
	}
	first, found := map[[32]byte]int{}, newForest(len(hashes))
	for i, hash := range hashes {
		if at, seen := first[hash]; seen {
			found.join(at, i)
		} else {
			first[hash] = i
		}
	}
	return found.groups(), nil
}

// Leaks finds the images of test that are in train, with similarity 1. Images
// of sets of different sizes are never the same. Errors are as those of Groups.
func (e Exact) Leaks(train, test data.Set) (Leaks, error) {
	trainHashes, err := pixelHashes("train", train)
	if err != nil {
		return nil, err
	}
	testHashes, err := pixelHashes("test", test)
	if err != nil {
		return nil, err
	}
	if h, w := train.Size(); !sameSize(test, h, w) {
		return nil, nil
	}
	byHash := map[[32]byte][]int{}
	for i, hash := range trainHashes {
		byHash[hash] = append(byHash[hash], i)
	}
	var leaks Leaks
	for j, hash := range testHashes {
		for _, i := range byHash[hash] {
			leaks = append(leaks, Leak{Train: i, Test: j, Similarity: 1})
		}
	}
	return leaks, nil
}

func sameSize(set data.Set, height, width int) bool {
	h, w := set.Size()
	return h == height && w == width
}

func pixelHashes(name string, set data.Set) ([][32]byte, error) {
	if set == nil {
		return nil, eachImage("Exact", name, nil, nil)
	}
	hashes := make([][32]byte, set.Len())
	err := eachImage("Exact", name, set, func(i int, pix []uint8) { hashes[i] = sha256.Sum256(pix) })
	return hashes, err
}
