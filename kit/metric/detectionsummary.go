package metric

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// DetectionSummary are COCO's twelve figures of a detector, each in [0, 1]: means over classes and
// thresholds. NaN stands where there is no object of the size, for which pycocotools says -1.
type DetectionSummary struct {
	// AP is the average precision over ten thresholds of the intersection over union, 0.5 to 0.95,
	// which other benchmarks call mAP; AP50 and AP75 are at one threshold.
	AP, AP50, AP75 float64
	// Of objects below 32×32 pixels, from there to 96×96, and above.
	APSmall, APMedium, APLarge float64
	// Average recall with the 1, 10 and 100 surest detections of each class in an image.
	AR1, AR10, AR100 float64
	// Average recall with 100, by size.
	ARSmall, ARMedium, ARLarge float64
	// ClassAP is AP by class; NaN for a class without objects, which counts in no mean.
	ClassAP []float64
}

// Summary is of some images, of all with nil; an image may be named more than once, as the resamples
// of a bootstrap do. Its errors are [ErrUndefined] where there is no object in these images, and an
// index outside [0, Len()).
func (m *DetectionMatches) Summary(images []int) (DetectionSummary, error) {
	var s DetectionSummary
	images, err := m.chosen("Summary", images)
	if err != nil {
		return s, err
	}
	var ap [sizes]average
	var ap50, ap75, ar1, ar10 average
	var ar [sizes]average
	for class := range m.classes {
		var ofClass average
		ranked := m.ranked(class, images, mostDetections)
		for size := range sizes {
			precision, recall := ranked.curves(size)
			for t, p := range precision {
				ap[size].add(p...)
				ar[size].add(recall[t])
				if size != anySize {
					continue
				}
				ofClass.add(p...)
				switch t {
				case 0:
					ap50.add(p...)
				case 5:
					ap75.add(p...)
				}
			}
		}
		s.ClassAP = append(s.ClassAP, ofClass.mean())
		_, recall := m.ranked(class, images, 1).curves(anySize)
		ar1.add(recall...)
		_, recall = m.ranked(class, images, 10).curves(anySize)
		ar10.add(recall...)
	}
	if ap[anySize].n == 0 {
		return DetectionSummary{}, fmt.Errorf("metric.DetectionMatches.Summary: no object is in these images: %w", ErrUndefined)
	}
	s.AP, s.AP50, s.AP75 = ap[anySize].mean(), ap50.mean(), ap75.mean()
	s.APSmall, s.APMedium, s.APLarge = ap[small].mean(), ap[medium].mean(), ap[large].mean()
	s.AR1, s.AR10, s.AR100 = ar1.mean(), ar10.mean(), ar[anySize].mean()
	s.ARSmall, s.ARMedium, s.ARLarge = ar[small].mean(), ar[medium].mean(), ar[large].mean()
	return s, nil
}

// AP is that of [DetectionMatches.Summary] alone, quicker. Its interval over images:
//
//	ap, err := metric.BootstrapOf(matches.Len(), 1000, 1, matches.AP)
func (m *DetectionMatches) AP(images []int) (float64, error) {
	images, err := m.chosen("AP", images)
	if err != nil {
		return 0, err
	}
	var ap average
	for class := range m.classes {
		precision, _ := m.ranked(class, images, mostDetections).curves(anySize)
		for _, p := range precision {
			ap.add(p...)
		}
	}
	if ap.n == 0 {
		return 0, fmt.Errorf("metric.DetectionMatches.AP: no object is in these images: %w", ErrUndefined)
	}
	return ap.mean(), nil
}

func (m *DetectionMatches) chosen(name string, images []int) ([]int, error) {
	if images == nil {
		return indices(m.images), nil
	}
	for i, image := range images {
		if image < 0 || image >= m.images {
			return nil, fmt.Errorf("metric.DetectionMatches.%s: images[%d] is %d; it must be in [0, %d)", name, i, image, m.images)
		}
	}
	return images, nil
}

// average is a mean of what was added.
type average struct {
	sum float64
	n   int
}

func (a *average) add(values ...float64) {
	for _, v := range values {
		a.sum += v
	}
	a.n += len(values)
}

func (a *average) mean() float64 {
	if a.n == 0 {
		return math.NaN()
	}
	return a.sum / float64(a.n)
}

// rankedDetections are those of one class in some images, from the highest score to the lowest; of
// one score in the order of the images.
type rankedDetections struct {
	rows    []rankedDetection
	objects [sizes]int
}

// rankedDetection is one of them, with a bit for each threshold by size range; a bootstrap walks over
// millions, so that they lie one behind another.
type rankedDetection struct {
	score          float64
	place          int
	found, ignored [sizes]uint16
}

// ranked takes the `most` surest of each image.
func (m *DetectionMatches) ranked(class int, images []int, most int) rankedDetections {
	var r rankedDetections
	for _, i := range images {
		of := m.classes[class][i]
		if of == nil {
			continue
		}
		for at, score := range of.scores[:min(len(of.scores), most)] {
			row := rankedDetection{score: score, place: len(r.rows)}
			for size := range sizes {
				row.found[size], row.ignored[size] = of.found[size][at], of.ignored[size][at]
			}
			r.rows = append(r.rows, row)
		}
		for size, n := range of.objects {
			r.objects[size] += n
		}
	}
	slices.SortFunc(r.rows, func(a, b rankedDetection) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.place, b.place))
	})
	return r
}

// curves are, by threshold, the precision at each level of recall, as the highest at that level or
// above, and the recall of all detections. Both are empty where there is no object to be found.
func (r rankedDetections) curves(size int) (precision [][]float64, recall []float64) {
	if r.objects[size] == 0 {
		return nil, nil
	}
	for t := range iouThresholds {
		var found, wrong float64
		var precisions []float64 // At each object that is found: between two of them it only falls.
		for i := range r.rows {
			row := &r.rows[i]
			switch {
			case row.ignored[size]>>t&1 == 1:
			case row.found[size]>>t&1 == 1:
				found++
				// pycocotools adds the smallest step above 1.
				precisions = append(precisions, found/(wrong+found+0x1p-52))
			default:
				wrong++
			}
		}
		for i := len(precisions) - 1; i > 0; i-- {
			precisions[i-1] = math.Max(precisions[i-1], precisions[i])
		}
		levels := make([]float64, len(recallLevels))
		at := 0
		for i, level := range recallLevels {
			for at < len(precisions) && float64(at+1)/float64(r.objects[size]) < level {
				at++
			}
			if at < len(precisions) {
				levels[i] = precisions[at]
			}
		}
		precision = append(precision, levels)
		recall = append(recall, found/float64(r.objects[size]))
	}
	return precision, recall
}
