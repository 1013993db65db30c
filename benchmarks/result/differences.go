package result

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Differences lists in what the rows of two results differ, a line each: all of them but what was
// measured by the clock or of the memory (Cost), and the commit. Figures are compared to the bit.
func Differences(a, b Result) []string {
	var lines []string
	if len(a.Rows) != len(b.Rows) {
		lines = append(lines, fmt.Sprintf("%d rows, and %d", len(a.Rows), len(b.Rows)))
	}
	for i := range min(len(a.Rows), len(b.Rows)) {
		one, other := withoutCost(a.Rows[i]), withoutCost(b.Rows[i])
		if !bytes.Equal(one, other) {
			lines = append(lines, fmt.Sprintf("row %d: %s, and %s", i+1, one, other))
		}
	}
	return lines
}

// withoutCost is a row without what differs from run to run. JSON has the shortest digits that give
// a float64 back, so that equal texts are equal bits.
func withoutCost(r Row) []byte {
	r.Cost, r.Commit = nil, ""
	text, err := json.Marshal(r)
	if err != nil { // Of a number that isn't one.
		return fmt.Appendf(nil, "%+v", r)
	}
	return text
}
