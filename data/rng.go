package data

import (
	"math"
	"math/bits"
)

// rng is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014). The package has its own generator because
// a data order and a procedural image must never change with a Go release, and
// because one is made for every image: the state is a single word.
type rng struct{ state uint64 }

// mix64 is SplitMix64's output function: a bijection that avalanches.
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

const golden = 0x9e3779b97f4a7c15

// newRNG derives an independent stream from a seed and three coordinates (what
// the stream is for, split, index, ...).
func newRNG(seed, purpose, a, b uint64) rng {
	h := seed
	for _, word := range [...]uint64{purpose, a, b} {
		h = mix64(mix64(h+golden) ^ word)
	}
	return rng{h}
}

func (r *rng) uint64() uint64 {
	r.state += golden
	return mix64(r.state)
}

// intn is uniform in [0, n) for n > 0. The bias of the multiply-shift is below
// n/2⁶⁴, far under anything measurable.
func (r *rng) intn(n int) int {
	hi, _ := bits.Mul64(r.uint64(), uint64(n))
	return int(hi)
}

// float is uniform in [0, 1).
func (r *rng) float() float64 { return float64(r.uint64()>>11) / (1 << 53) }

// between is uniform in [low, high).
func (r *rng) between(low, high float64) float64 { return low + (high-low)*r.float() }

// logBetween is in [low, high), its logarithm being uniform.
func (r *rng) logBetween(low, high float64) float64 {
	return low * math.Exp(r.float()*math.Log(high/low))
}

// chance is true with probability p.
func (r *rng) chance(p float64) bool { return r.float() < p }

// angle is uniform in [0, 2π).
func (r *rng) angle() float64 { return 2 * math.Pi * r.float() }

// shuffle is Fisher and Yates's, in place.
func (r *rng) shuffle(values []int) {
	for i := len(values) - 1; i > 0; i-- {
		j := r.intn(i + 1)
		values[i], values[j] = values[j], values[i]
	}
}

// permutation is a random order of 0..n-1.
func (r *rng) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	r.shuffle(p)
	return p
}

// What a stream is for: streams of different purposes never coincide, whatever
// the seed.
const (
	forOrder uint64 = iota + 1
	forSubset
	forLimit
	forClass
	forScene
	forView
	forVideo
	forPixels
	forInstances
	forCaption
	forSetAside
	forScenes
	forFewer
	forStreets
	forBackgrounds
	forPatternKinds
	forPatterns
)
