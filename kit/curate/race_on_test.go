//go:build race

package curate

// smaller divides the sizes of sets in tests whose cost is pixels: the race
// detector slows these down tenfold.
const smaller = 8
