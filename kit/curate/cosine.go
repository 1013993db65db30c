package curate

import (
	"cmp"
	"sync"

	"sslkit/kit/setting"
)

// Cosine finds images that are near each other in the features of an encoder,
// by the cosine similarity of their rows. What that finds depends on the
// encoder: one that was trained to be blind to a change (a crop, a colour)
// finds copies with it, and also images that merely show the same. All pairs are
// compared.
type Cosine struct {
	// Threshold is the similarity from which on images are copies, in (0, 1].
	// Default 0.98, measured on the thumbnails of images as features; encoders
	// whose features are all alike need more.
	Threshold float64
}

// WithDefaults fills in the settings that were left at zero.
func (c Cosine) WithDefaults() Cosine {
	c.Threshold = cmp.Or(c.Threshold, 0.98)
	return c
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (c Cosine) Check() error {
	return setting.UpTo(1, "curate.Cosine: Threshold", c.WithDefaults().Threshold, Cosine{}.WithDefaults().Threshold)
}

// rounding is what products of float32 rows of length 1 may lack of 1.
const rounding = 1e-6

// Groups finds the duplicates within a set by its features x, [n, dim]. A row
// of zeros is near nothing.
func (c Cosine) Groups(x []float32, n, dim int) (Groups, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := checkMatrix("Cosine", "x", x, n, dim); err != nil {
		return nil, err
	}
	threshold := float32(c.WithDefaults().Threshold - rounding)
	rows, found := unit(x, n, dim), newForest(n)
	products(rows, rows, dim, func(i, start int, row []float32) {
		for k, similarity := range row {
			if j := start + k; j < i && similarity >= threshold {
				found.join(i, j)
			}
		}
	})
	return found.groups(), nil
}

// Leaks finds the images of test that are in train, by features of the same
// encoder: train is [nTrain, dim], test is [nTest, dim].
func (c Cosine) Leaks(train []float32, nTrain int, test []float32, nTest, dim int) (Leaks, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := checkMatrix("Cosine", "train", train, nTrain, dim); err != nil {
		return nil, err
	}
	if err := checkMatrix("Cosine", "test", test, nTest, dim); err != nil {
		return nil, err
	}
	threshold := float32(c.WithDefaults().Threshold - rounding)
	var mu sync.Mutex
	var leaks Leaks
	products(unit(test, nTest, dim), unit(train, nTrain, dim), dim, func(j, start int, row []float32) {
		for k, similarity := range row {
			if similarity >= threshold {
				mu.Lock()
				leaks = append(leaks, Leak{Train: start + k, Test: j, Similarity: float64(min(similarity, 1))})
				mu.Unlock()
			}
		}
	})
	return leaks.sorted(), nil
}
