package result

import (
	"fmt"
	"regexp"
	"strings"
)

// Figure is a value with its interval in prose, in three groups: "+5.0 points [0.6, 9.3]".
var Figure = regexp.MustCompile(`([−+-]?\d+(?:\.\d+)?)\s*(?:%|points|)\s*\[([−+-]?\d+(?:\.\d+)?),\s+([−+-]?\d+(?:\.\d+)?)\]`)

// MostDigits are those behind the point that prose rounds to at most.
const MostDigits = 2

// Rounded are the value and the bounds of a row as prose has them, with so many digits behind the
// point, or told from the other side, as of a difference with its sides exchanged.
func (r Row) Rounded(digits int, otherSide bool) [3]string {
	numbers := [3]float64{r.Value, r.Low, r.High}
	if otherSide {
		numbers = [3]float64{-r.Value, -r.High, -r.Low}
	}
	var out [3]string
	for i, v := range numbers {
		out[i] = fmt.Sprintf("%.*f", digits, v)
	}
	return out
}

// Plain are the three numbers of a match of Figure, without the signs that prose has.
func Plain(match []string) [3]string {
	var out [3]string
	for i := range out {
		out[i] = strings.NewReplacer("−", "-", "+", "").Replace(match[i+1])
	}
	return out
}
