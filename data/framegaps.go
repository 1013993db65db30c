package data

import (
	"math"
	"path"
	"strconv"
	"strings"
)

// missingFrames is how many frames are missing behind each of a video's, by the
// numbers of their names, which are in natural order. The smallest difference
// between the numbers of two neighbours is the step from one frame to the next;
// another is rounded to steps, since times in names are not evenly spaced.
// Neighbours whose names differ in more than one number have nothing between them.
func missingFrames(names []string) []int {
	differences, step := make([]float64, len(names)), math.Inf(1)
	for i := 1; i < len(names); i++ {
		differences[i-1] = difference(names[i-1], names[i])
		if differences[i-1] > 0 {
			step = min(step, differences[i-1])
		}
	}
	missing := make([]int, len(names))
	for i, d := range differences {
		if d > 0 {
			missing[i] = int(math.Round(min(d/step, math.MaxInt32))) - 1
		}
	}
	return missing
}

// difference is that between the numbers in two names that differ in one number
// alone; else 0.
func difference(a, b string) float64 {
	x, y := numbersIn(a), numbersIn(b)
	if len(x) != len(y) {
		return 0
	}
	found := 0.
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		p, errP := strconv.ParseUint(x[i], 10, 64)
		q, errQ := strconv.ParseUint(y[i], 10, 64)
		if errP != nil || errQ != nil || found != 0 {
			return 0
		}
		found = float64(q) - float64(p)
	}
	return found
}

// numbersIn cuts a file's name, without its extension, into numbers and what is
// between them.
func numbersIn(name string) []string {
	name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	var parts []string
	for name != "" {
		run := digits(name)
		if run == "" {
			if i := strings.IndexAny(name, "0123456789"); i > 0 {
				run = name[:i]
			} else {
				run = name
			}
		}
		parts, name = append(parts, run), name[len(run):]
	}
	return parts
}
