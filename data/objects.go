package data

import "fmt"

// Objects is a Set whose images show any number of objects, each with a class and a
// box; the sets of [Shapes], [Scenes], [Streets], [COCO] and [VOC] are. Ask
// [ObjectsIn] for them: a set that is made from another is Objects whether the other is or not.
type Objects interface {
	Set
	// ObjectClasses holds the class names of objects by class, which need not be
	// those of the images (see [Set.Classes]); none where the set has no objects.
	// The caller must not change it.
	ObjectClasses() []string
	// ObjectsOf are those of image i, in a fixed order; none where it shows none. The
	// caller must not change them. It panics where there is no such image.
	ObjectsOf(i int) []Object
	// MostObjects is a number that no image of the set has more objects than.
	MostObjects() int
}

// Object is one object of an image.
type Object struct {
	Class int     // in [0, len(ObjectClasses()))
	Box   Rect    // inside the image, of an area above 0
	Area  float32 // of the object in pixels of the set's images: of its mask where it has one, else of its box
	// Crowd: the box holds several objects of the class that nobody told apart. It is
	// no object to be found, and nothing found in it is wrong.
	Crowd     bool
	Difficult bool // PASCAL VOC does not count it, found or not
	Truncated bool // a part of it lies outside of the image, or is hidden; VOC tells that
}

// Rect is a rectangle in pixels of an image, from (X0, Y0) to (X1, Y1) with the
// origin at the top left corner of the image. Pixel centres lie at half-integers,
// so that the pixel at the top left is Rect{0, 0, 1, 1}.
type Rect struct{ X0, Y0, X1, Y1 float32 }

// Width is X1 - X0, and at least 0.
func (r Rect) Width() float32 { return max(r.X1-r.X0, 0) }

// Height is Y1 - Y0, and at least 0.
func (r Rect) Height() float32 { return max(r.Y1-r.Y0, 0) }

// Area is the width times the height.
func (r Rect) Area() float32 { return r.Width() * r.Height() }

// Clip is the part of the rectangle inside an image of the given size; of no area
// where there is none.
func (r Rect) Clip(height, width int) Rect {
	h, w := float32(height), float32(width)
	return Rect{min(max(r.X0, 0), w), min(max(r.Y0, 0), h), min(max(r.X1, 0), w), min(max(r.Y1, 0), h)}
}

// ObjectMasks is an [Objects] whose objects also have masks; the sets of [Shapes],
// [Scenes], [Streets] and [COCO] are.
type ObjectMasks interface {
	Objects
	// ReadObjectMask fills mask, of height·width bytes, with 1 where the pixel
	// belongs to object k of image i, else 0: row-major, top row first. It is false
	// where the object has no mask; mask is then not changed.
	ReadObjectMask(i, k int, mask []uint8) (bool, error)
}

// ObjectsIn is the set as [Objects], or an error where it has none.
func ObjectsIn(set Set) (Objects, error) {
	if objects, ok := set.(Objects); ok && len(objects.ObjectClasses()) > 0 {
		return objects, nil
	}
	return nil, fmt.Errorf("data: %s has no objects with boxes, only images", set.Name())
}

// What stands in [Batch.BoxClasses] where there is no object of a class.
const (
	NoObject      = -1 // the image has no more objects; the box is 0
	IgnoredObject = -2 // the box is of a crowd: neither an object to be found nor background
)

// putObjects writes the objects of image i: boxes [most, 4], classes [most].
func putObjects(set Set, i int, boxes []float32, classes []int32) error {
	objects, err := ObjectsIn(set)
	if err != nil {
		return err
	}
	all := objects.ObjectsOf(i)
	if len(all) > len(classes) {
		return fmt.Errorf("it has %d objects, and data.Item: Objects is %d", len(all), len(classes))
	}
	for k := range classes {
		classes[k] = NoObject
	}
	for k, object := range all {
		copy(boxes[4*k:], []float32{object.Box.X0, object.Box.Y0, object.Box.X1, object.Box.Y1})
		if classes[k] = int32(object.Class); object.Crowd {
			classes[k] = IgnoredObject
		}
	}
	return nil
}

// checkMask is the argument check that every reading of a mask begins with.
func checkMask(set Set, i int, mask []uint8) error {
	if i < 0 || i >= set.Len() {
		return fmt.Errorf("data: %s: image %d is outside [0, %d)", set.Name(), i, set.Len())
	}
	height, width := set.Size()
	if want := height * width; len(mask) != want {
		return fmt.Errorf("data: %s: a buffer of %d bytes for a mask of %d×%d = %d", set.Name(), len(mask), height, width, want)
	}
	return nil
}

// checkObject is checkMask for object k of n.
func checkObject(set Set, i, k, n int, mask []uint8) error {
	if err := checkMask(set, i, mask); err != nil {
		return err
	}
	if k < 0 || k >= n {
		return fmt.Errorf("data: %s: object %d of image %d is outside [0, %d)", set.Name(), k, i, n)
	}
	return nil
}
