package curate

import (
	"math"
	"slices"
)

// hashSide is the side of the grey image that is transformed, and hashKept that
// of the square of low frequencies that is kept.
const (
	hashSide = 32
	hashKept = 8
)

// cosines are the rows of the discrete cosine transform (DCT-II) of the lowest
// frequencies, cos(π(2x+1)u / 2·side).
var cosines = func() (c [hashKept][hashSide]float64) {
	for u := range c {
		for x := range c[u] {
			c[u][x] = math.Cos(math.Pi * float64(2*x+1) * float64(u) / (2 * hashSide))
		}
	}
	return c
}()

// pHash is the perceptual hash of grey values [side, side]: the lowest 8×8
// frequencies of its cosine transform, a bit each, set where it is above their
// median. Zauner, "Implementation and benchmarking of perceptual image hash
// functions" (2010).
func pHash(grey *[hashSide * hashSide]float64) uint64 {
	var rows [hashKept][hashSide]float64 // over the columns
	for u := range hashKept {
		for y := range hashSide {
			for x, c := range cosines[u] {
				rows[u][y] += c * grey[y*hashSide+x]
			}
		}
	}
	var low [hashKept * hashKept]float64
	for v := range hashKept {
		for u := range hashKept {
			for y, c := range cosines[v] {
				low[v*hashKept+u] += c * rows[u][y]
			}
		}
	}
	sorted := low
	slices.Sort(sorted[:])
	median := (sorted[31] + sorted[32]) / 2
	var hash uint64
	for i, v := range low {
		if v > median {
			hash |= 1 << i
		}
	}
	return hash
}
