package corrupt

import (
	"math/rand/v2"
	"testing"

	"sslkit/data"
)

// shapes are the first n test images of the procedural world, of size×size pixels.
func shapes(t testing.TB, n, size int) [][]uint8 {
	t.Helper()
	set, err := data.Shapes{Size: size}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	images := make([][]uint8, n)
	for i := range images {
		images[i] = make([]uint8, size*size*3)
		if err := set.Read(i, images[i]); err != nil {
			t.Fatal(err)
		}
	}
	return images
}

// apply is Apply of a square image.
func apply(t testing.TB, c Corruption, severity int, pix []uint8, size int, seed uint64) []uint8 {
	t.Helper()
	out, err := Apply(c, severity, pix, size, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flat is a square image of one grey.
func flat(size int, v uint8) []uint8 {
	pix := make([]uint8, size*size*3)
	for i := range pix {
		pix[i] = v
	}
	return pix
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// moments returns mean and variance.
func moments(pix []uint8) (mean, variance float64) {
	for _, v := range pix {
		mean += float64(v) / float64(len(pix))
	}
	for _, v := range pix {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(pix))
	}
	return mean, variance
}
