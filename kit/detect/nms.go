package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sslkit/data"
	"sslkit/kit/setting"
)

// NMS is non-maximum suppression: of boxes that overlap it keeps the one of the highest score. It
// goes through them from the highest score to the lowest, of equal scores the first first, and drops
// those whose intersection over union with one that was kept is above iou, in [0, 1]; 0.5 is usual.
// It gives the indices of the boxes that are kept, in that order. Its errors are a number of scores
// that is not that of boxes, and numbers that are not finite or out of range.
//
// It keeps what torchvision.ops.nms keeps.
func NMS(boxes []data.Rect, scores []float32, iou float64) ([]int, error) {
	return suppress("NMS", boxes, scores, make([]int, len(boxes)), iou)
}

// ClasswiseNMS is [NMS] among the boxes of each class alone, as torchvision.ops.batched_nms is; what
// is kept is in the order of all scores. classes may hold any numbers.
func ClasswiseNMS(boxes []data.Rect, scores []float32, classes []int, iou float64) ([]int, error) {
	return suppress("ClasswiseNMS", boxes, scores, classes, iou)
}

func suppress(name string, boxes []data.Rect, scores []float32, classes []int, iou float64) ([]int, error) {
	if len(scores) != len(boxes) || len(classes) != len(boxes) {
		return nil, fmt.Errorf("detect.%s: there are %d boxes, %d scores and %d classes; their numbers must be equal",
			name, len(boxes), len(scores), len(classes))
	}
	if err := setting.Within(0, 1, fmt.Sprintf("detect.%s: iou", name), iou); err != nil {
		return nil, err
	}
	order := make([]int, len(boxes))
	for i, b := range boxes {
		for _, v := range []float32{b.X0, b.Y0, b.X1, b.Y1, scores[i]} {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("detect.%s: box %d is %v with the score %g; all must be finite", name, i, b, scores[i])
			}
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	kept := map[int][]int{} // By class.
	var all []int
	for _, i := range order {
		class := classes[i]
		if !slices.ContainsFunc(kept[class], func(k int) bool { return float64(IoU(boxes[k], boxes[i])) > iou }) {
			kept[class], all = append(kept[class], i), append(all, i)
		}
	}
	return all, nil
}

// IoU is the area that two boxes share over the area that either covers, in [0, 1]; 0 where they
// share none. It is rounded to float32 at each step, as torchvision does.
func IoU(a, b data.Rect) float32 {
	shared := data.Rect{X0: max(a.X0, b.X0), Y0: max(a.Y0, b.Y0), X1: min(a.X1, b.X1), Y1: min(a.Y1, b.Y1)}.Area()
	if shared == 0 {
		return 0
	}
	return float32(shared) / float32(float32(float32(a.Area())+float32(b.Area()))-float32(shared))
}
