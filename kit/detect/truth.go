package detect

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/metric"
)

// Truth is the objects of image i of a set as [metric.MatchDetections] takes them; by says whether
// their masks are read too, which each must have then. Difficult objects are ignored. Its errors are
// those of reading a mask, and a set or an object without one.
func Truth(set data.Objects, i int, by metric.Overlap) ([]metric.Object, error) {
	var objects []metric.Object
	for k, from := range set.ObjectsOf(i) {
		object := metric.Object{
			Class: from.Class, Box: Box(from.Box), Area: float64(from.Area), Crowd: from.Crowd, Ignored: from.Difficult,
		}
		if by == metric.ByMask {
			var err error
			if object.Mask, err = maskOf(set, i, k); err != nil {
				return nil, fmt.Errorf("detect.Truth: object %d of image %d of %s: %w", k, i, set.Name(), err)
			}
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Box is a rectangle in COCO's form.
func Box(r data.Rect) metric.Box {
	return metric.Box{X: float64(r.X0), Y: float64(r.Y0), Width: float64(r.Width()), Height: float64(r.Height())}
}

func maskOf(set data.Objects, i, k int) (metric.RLE, error) {
	masks, ok := set.(data.ObjectMasks)
	if !ok {
		return metric.RLE{}, fmt.Errorf("the set has no masks of objects")
	}
	height, width := set.Size()
	mask := make([]uint8, height*width)
	if ok, err := masks.ReadObjectMask(i, k, mask); err != nil || !ok {
		if err == nil {
			err = fmt.Errorf("it has no mask")
		}
		return metric.RLE{}, err
	}
	return metric.EncodeRLE(mask, height, width)
}
