package detect

import (
	"cmp"
	"slices"

	"sslkit/data"
)

// What is kept of the boxes that a detector says of an image.
const (
	leastScore = .05  // tianzhi0549/FCOS asks this of the class alone (INFERENCE_TH); torchvision takes 0.2 of the score.
	mostBoxes  = 1000 // Of all levels; both take that many of each.
	overlap    = .6   // Of two boxes of a class, above which the less sure one goes, as both have it.
	mostFound  = 100
)

// Found is one object that a detector finds in an image.
type Found struct {
	Class int       // In [0, classes).
	Score float64   // In [0, 1]; higher is surer.
	Box   data.Rect // In pixels of the image.
}

// decode reads a row of fcos.FCOS.Predict: at each place a box, and a score for each class. It gives
// the 100 surest of what is left by [ClasswiseNMS] of the 1000 surest boxes with a score of at least
// 0.05, from the surest to the least sure.
func decode(row []float32, classes int) ([]Found, error) {
	var found []Found
	for at := 0; at < len(row); at += 4 + classes {
		box := data.Rect{X0: row[at], Y0: row[at+1], X1: row[at+2], Y1: row[at+3]}
		for class, score := range row[at+4 : at+4+classes] {
			if score >= leastScore && box.Area() > 0 {
				found = append(found, Found{class, float64(score), box})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
	found = found[:min(len(found), mostBoxes)]
	boxes, scores, of := make([]data.Rect, len(found)), make([]float32, len(found)), make([]int, len(found))
	for i, f := range found {
		boxes[i], scores[i], of[i] = f.Box, float32(f.Score), f.Class
	}
	kept, err := ClasswiseNMS(boxes, scores, of, overlap)
	if err != nil {
		return nil, err
	}
	chosen := make([]Found, min(len(kept), mostFound))
	for i := range chosen {
		chosen[i] = found[kept[i]]
	}
	return chosen, nil
}
