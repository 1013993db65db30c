package metric

import (
	"math"
	"slices"
)

// sortScores sorts finite values upwards. Ranking is all the cost of ROC-AUC
// in a bootstrap, so many values are sorted by their bits, eleven at a time:
// twice as fast as by comparisons at 10,000.
func sortScores(x []float64) {
	const digit = 11
	if len(x) < 512 { // below this, clearing the counters costs more than it saves
		slices.Sort(x)
		return
	}
	// The bits of positive floats order as the floats do; those of negative ones
	// the other way round. Adding zero makes -0 the 0 it equals.
	keys, other := make([]uint64, len(x)), make([]uint64, len(x))
	var counts [6][1 << digit]uint32
	for i, v := range x {
		key := math.Float64bits(v + 0)
		key ^= uint64(int64(key)>>63) | 1<<63
		keys[i] = key
		for pass := range counts {
			counts[pass][key>>(pass*digit)&(1<<digit-1)]++
		}
	}
	for pass := range counts {
		shift := pass * digit
		places := &counts[pass]
		if int(places[keys[0]>>shift&(1<<digit-1)]) == len(x) {
			continue // all alike here: float32 scores leave the low bits zero
		}
		var start uint32
		for d, n := range places {
			places[d] = start
			start += n
		}
		for _, key := range keys {
			d := key >> shift & (1<<digit - 1)
			other[places[d]] = key
			places[d]++
		}
		keys, other = other, keys
	}
	for i, key := range keys {
		key ^= uint64(int64(^key)>>63) | 1<<63
		x[i] = math.Float64frombits(key)
	}
}
