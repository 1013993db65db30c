package data

import "fmt"

// Masks is a Set in which every pixel of every image has a class; the sets of
// [Shapes], [Scenes], [Streets], [COCO], [VOC] and [MaskFolder] are. Ask [MasksIn] for
// them: a set that is made from another is Masks whether the other is or not.
type Masks interface {
	Set
	// MaskClasses holds the class names of pixels by class, at most 255; none where
	// the set has no masks. The caller must not change it.
	MaskClasses() []string
	// ReadMask fills mask, of height·width bytes, with the classes of the pixels of
	// image i, each in [0, len(MaskClasses())) or [IgnoredPixel]: row-major, top row
	// first.
	ReadMask(i int, mask []uint8) error
}

// IgnoredPixel is the class of a pixel that counts neither in training nor in
// measuring: a border between objects, what was put around the image.
const IgnoredPixel = 255

// MasksIn is the set as [Masks], or an error where it has none.
func MasksIn(set Set) (Masks, error) {
	if masks, ok := set.(Masks); ok && len(masks.MaskClasses()) > 0 {
		return masks, nil
	}
	return nil, fmt.Errorf("data: %s has no masks, only images", set.Name())
}
