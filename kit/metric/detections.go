package metric

import (
	"errors"
	"fmt"
	"math"
)

// Object is one true object of an image.
type Object struct {
	Class int // In [0, classes).
	Box   Box // Read with [ByBox].
	Mask  RLE // Read with [ByMask].
	// Area decides whether the object is small, medium or large, in square pixels. COCO states it: it
	// is that of the object's outline, with [ByBox] too. Default: that of the mask with ByMask, else
	// of the box.
	Area float64
	// Crowd marks a region in which objects of the class are not told apart: it need not be found,
	// and any number of detections inside count neither for nor against.
	Crowd bool
	// Ignored marks an object that need not be found, such as a difficult one of PASCAL VOC: any
	// number of detections that match it count neither for nor against. COCO has none.
	Ignored bool
}

// Detection is one object that a model found.
type Detection struct {
	Class int     // In [0, classes).
	Score float64 // Higher is surer; any finite number.
	Box   Box     // Read with [ByBox].
	Mask  RLE     // Read with [ByMask].
}

// DetectionImage is what is in an image and what was found in it. Either may be empty.
type DetectionImage struct {
	Objects    []Object
	Detections []Detection
}

// Overlap says what of an object is compared with what of a detection.
type Overlap int

const (
	// ByBox compares boxes: object detection.
	ByBox Overlap = iota
	// ByMask compares masks: instance segmentation.
	ByMask
)

// iou of a detection with an object. Of a crowd it is the share of the detection that lies inside.
func (o Overlap) iou(d *Detection, t *Object) float64 {
	var shared, found, there float64
	if o == ByMask {
		shared, found, there = float64(d.Mask.shared(t.Mask)), float64(d.Mask.Area()), float64(t.Mask.Area())
	} else {
		shared, found, there = overlap(d.Box, t.Box), d.Box.Area(), t.Box.Area()
	}
	switch {
	case shared == 0:
		return 0
	case t.Crowd:
		return shared / found
	}
	return shared / (found + there - shared)
}

func (o Overlap) area(box Box, mask RLE) float64 {
	if o == ByMask {
		return float64(mask.Area())
	}
	return box.Area()
}

// check says what is wrong with an image.
func (image DetectionImage) check(classes int, by Overlap) error {
	var first *RLE
	region := func(class int, box Box, mask *RLE) error {
		if class < 0 || class >= classes {
			return fmt.Errorf("Class is %d; it must be in [0, %d)", class, classes)
		}
		if by == ByBox {
			return box.check()
		}
		if first == nil {
			first = mask
		}
		return checkPair(*first, *mask)
	}
	for i := range image.Objects {
		object := &image.Objects[i]
		if err := region(object.Class, object.Box, &object.Mask); err != nil {
			return fmt.Errorf("Objects[%d]: %w", i, err)
		}
		if math.IsNaN(object.Area) || object.Area < 0 {
			return fmt.Errorf("Objects[%d]: Area is %g; it must be at least 0 (0 means that of the mask or box)", i, object.Area)
		}
	}
	for i := range image.Detections {
		d := &image.Detections[i]
		if math.IsNaN(d.Score) || math.IsInf(d.Score, 0) {
			return fmt.Errorf("Detections[%d]: Score is %g; it must be finite", i, d.Score)
		}
		if err := region(d.Class, d.Box, &d.Mask); err != nil {
			return fmt.Errorf("Detections[%d]: %w", i, err)
		}
	}
	return nil
}

func checkDetections(name string, images []DetectionImage, classes int, by Overlap) error {
	switch {
	case by != ByBox && by != ByMask:
		return fmt.Errorf("metric.%s: by is %d; it must be ByBox or ByMask", name, by)
	case classes < 1:
		return fmt.Errorf("metric.%s: classes is %d; it must be at least 1", name, classes)
	case len(images) == 0:
		return errors.New("metric." + name + ": images is empty")
	}
	for i, image := range images {
		if err := image.check(classes, by); err != nil {
			return fmt.Errorf("metric.%s: image %d: %w", name, i, err)
		}
	}
	return nil
}
