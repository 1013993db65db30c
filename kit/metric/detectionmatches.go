package metric

import (
	"cmp"
	"math"
	"slices"
)

// DetectionMatches says of every detection whether it found an object, for the figures of
// [DetectionMatches.Summary]. Make them by [MatchDetections]; they do not change, and several
// goroutines may ask them.
type DetectionMatches struct {
	images int
	// classes holds the matches of a class, image by image; nil where nothing of it is or was found.
	classes [][]*imageMatches
}

// imageMatches are those of one class in one image.
type imageMatches struct {
	scores []float64 // Falling, the most that count (100).
	// found and ignored have a bit for each threshold, of each detection by size range.
	found, ignored [sizes][]uint16
	objects        [sizes]int // That are to be found, by size range.
}

// Sizes of objects by COCO, as ranges of their area that include both ends.
const (
	anySize = iota
	small
	medium
	large
	sizes
)

var sizeRanges = [sizes][2]float64{{0, 1e5 * 1e5}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e5 * 1e5}}

// mostDetections is how many of one class count in an image: those of the highest scores.
const mostDetections = 100

// iouThresholds are 0.5, 0.55 to 0.95, and recallLevels 0, 0.01 to 1, rounded as NumPy's linspace
// rounds them.
var (
	iouThresholds = spread(.5, .95, 10)
	recallLevels  = spread(0, 1, 101)
)

func spread(from, to float64, n int) []float64 {
	out := make([]float64, n)
	step := (to - from) / float64(n-1)
	for i := range out {
		out[i] = float64(float64(i)*step) + from
	}
	out[n-1] = to
	return out
}

// MatchDetections finds out which detections found which objects, as COCO does, at ten thresholds of
// the intersection over union: within a class and an image, from the highest score to the lowest,
// each detection takes the object that it overlaps most and that none has taken. Detections of one
// score keep their order. Only the 100 of the highest scores of a class count in an image.
//
// What matches a crowd, an ignored object, or one outside a range of sizes is ignored in that range,
// and so is what matches nothing and is itself outside.
//
// It follows pycocotools 2.0.11, and the figures agree with it.
func MatchDetections(images []DetectionImage, classes int, by Overlap) (*DetectionMatches, error) {
	if err := checkDetections("MatchDetections", images, classes, by); err != nil {
		return nil, err
	}
	m := &DetectionMatches{images: len(images), classes: make([][]*imageMatches, classes)}
	for class := range m.classes {
		m.classes[class] = make([]*imageMatches, len(images))
		for i, image := range images {
			m.classes[class][i] = image.match(class, by)
		}
	}
	return m, nil
}

// Len is the number of images.
func (m *DetectionMatches) Len() int { return m.images }

// match matches the detections of one class in one image.
func (image DetectionImage) match(class int, by Overlap) *imageMatches {
	var objects []Object
	for _, object := range image.Objects {
		if object.Class == class {
			if object.Area == 0 {
				object.Area = by.area(object.Box, object.Mask)
			}
			objects = append(objects, object)
		}
	}
	var detections []Detection
	for _, d := range image.Detections {
		if d.Class == class {
			detections = append(detections, d)
		}
	}
	if len(objects)+len(detections) == 0 {
		return nil
	}
	slices.SortStableFunc(detections, func(a, b Detection) int { return cmp.Compare(b.Score, a.Score) })
	detections = detections[:min(len(detections), mostDetections)]

	m := &imageMatches{}
	iou := make([][]float64, len(detections))
	areas := make([]float64, len(detections))
	for d := range detections {
		m.scores = append(m.scores, detections[d].Score)
		areas[d] = by.area(detections[d].Box, detections[d].Mask)
		iou[d] = make([]float64, len(objects))
		for o := range objects {
			iou[d][o] = by.iou(&detections[d], &objects[o])
		}
	}
	for size, span := range sizeRanges {
		outside := func(area float64) bool { return area < span[0] || area > span[1] }
		m.found[size], m.ignored[size] = make([]uint16, len(detections)), make([]uint16, len(detections))
		// Objects that are ignored are looked at last.
		var order []int
		ignored := make([]bool, len(objects))
		for o, object := range objects {
			if ignored[o] = object.Crowd || object.Ignored || outside(object.Area); !ignored[o] {
				order = append(order, o)
			}
		}
		m.objects[size] = len(order)
		for o := range objects {
			if ignored[o] {
				order = append(order, o)
			}
		}
		for t, threshold := range iouThresholds {
			taken := make([]bool, len(objects))
			for d := range detections {
				best := -1
				least := math.Min(threshold, 1-1e-10)
				for _, o := range order {
					if taken[o] && !objects[o].Crowd && !objects[o].Ignored {
						continue
					}
					if best >= 0 && !ignored[best] && ignored[o] {
						break // Nothing that is ignored is preferred to an object.
					}
					if iou[d][o] >= least { // Of equals, the last.
						best, least = o, iou[d][o]
					}
				}
				if best >= 0 {
					taken[best] = true
					m.found[size][d] |= 1 << t
				}
				if best >= 0 && ignored[best] || best < 0 && outside(areas[d]) {
					m.ignored[size][d] |= 1 << t
				}
			}
		}
	}
	return m
}
