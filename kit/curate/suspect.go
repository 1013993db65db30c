package curate

import (
	"cmp"
	"slices"
)

// Suspect is an image whose label is probably wrong.
type Suspect struct {
	Image     int     // its row
	Given     int     // the label that it has
	Suggested int     // the label that it probably should have
	Score     float64 // how well the given label fits, in [0, 1]; the lower, the more suspect
}

// ranked sorts suspects, the worst first; of equal ones the lower image.
func ranked(suspects []Suspect) []Suspect {
	slices.SortFunc(suspects, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Image, b.Image))
	})
	return suspects
}
