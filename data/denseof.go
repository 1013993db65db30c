package data

// DenseOf is the objects and masks of a set that need not have any, for a set that is made from it and
// shows the same images: embed it, and the set made is [ObjectMasks] and [Masks] whether the other is
// or not. [ObjectsIn] and [MasksIn] tell.
type DenseOf struct{ From Set }

// ObjectClasses implements [Objects].
func (d DenseOf) ObjectClasses() []string {
	if objects, ok := d.From.(Objects); ok {
		return objects.ObjectClasses()
	}
	return nil
}

// ObjectsOf implements [Objects].
func (d DenseOf) ObjectsOf(i int) []Object {
	if objects, ok := d.From.(Objects); ok {
		return objects.ObjectsOf(i)
	}
	return nil
}

// MostObjects implements [Objects].
func (d DenseOf) MostObjects() int {
	if objects, ok := d.From.(Objects); ok {
		return objects.MostObjects()
	}
	return 0
}

// ReadObjectMask implements [ObjectMasks].
func (d DenseOf) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	if masks, ok := d.From.(ObjectMasks); ok {
		return masks.ReadObjectMask(i, k, mask)
	}
	return false, nil
}

// MaskClasses implements [Masks].
func (d DenseOf) MaskClasses() []string {
	if masks, ok := d.From.(Masks); ok {
		return masks.MaskClasses()
	}
	return nil
}

// ReadMask implements [Masks]. It is an error where the set has none.
func (d DenseOf) ReadMask(i int, mask []uint8) error {
	masks, err := MasksIn(d.From)
	if err != nil {
		return err
	}
	return masks.ReadMask(i, mask)
}
