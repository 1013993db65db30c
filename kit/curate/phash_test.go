package curate

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPHash compares the hash with one by the cosine transform's definition,
// summed over all pixels.
func TestPHash(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var grey [hashSide * hashSide]float64
		for k := range grey {
			grey[k] = 255 * random.Float64()
		}
		var low []float64
		for v := range 8 {
			for u := range 8 {
				sum := 0.0
				for y := range 32 {
					for x := range 32 {
						sum += grey[y*32+x] * math.Cos(math.Pi*(float64(x)+0.5)*float64(u)/32) * math.Cos(math.Pi*(float64(y)+0.5)*float64(v)/32)
					}
				}
				low = append(low, sum)
			}
		}
		sorted := slices.Sorted(slices.Values(low))
		var want uint64
		for i, v := range low {
			if v > (sorted[31]+sorted[32])/2 {
				want |= 1 << i
			}
		}
		if got := pHash(&grey); got != want || bits.OnesCount64(got) != 32 {
			t.Fatalf("hash %016x, want %016x", got, want)
		}
		// Brightness moves only the frequency 0, which is far above the median,
		// and contrast scales all.
		brighter := grey
		for k := range brighter {
			brighter[k] = 20 + 0.8*grey[k]
		}
		if got := pHash(&brighter); got != want {
			t.Errorf("brighter: hash %016x, want %016x", got, want)
		}
	}
}
