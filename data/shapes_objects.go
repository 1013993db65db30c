package data

import (
	"bytes"
	"slices"
)

var (
	_ ObjectMasks = (*shapesSet)(nil)
	_ Masks       = (*shapesSet)(nil)
)

// sceneMaskClasses are those of the pixels of drawn images: what lies behind the shapes comes first.
var sceneMaskClasses = append([]string{"background"}, shapeNames...)

// SceneMaskClasses returns the class names of pixels of [Shapes] and [Scenes]: "background", then
// the shapes.
func SceneMaskClasses() []string { return slices.Clone(sceneMaskClasses) }

func (s *shapesSet) ObjectClasses() []string { return shapeNames }
func (s *shapesSet) MaskClasses() []string   { return sceneMaskClasses }
func (s *shapesSet) MostObjects() int        { return 1 }

// ObjectsOf is the one object of image i.
func (s *shapesSet) ObjectsOf(i int) []Object {
	c := s.blank()
	defer s.canvas.Put(c)
	return []Object{c.seen(1, s.outline(c, i))}
}

func (s *shapesSet) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	if err := checkObject(s, i, k, 1, mask); err != nil {
		return false, err
	}
	c := s.blank()
	defer s.canvas.Put(c)
	s.outline(c, i)
	copy(mask, c.mask)
	return true, nil
}

func (s *shapesSet) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	c := s.blank()
	defer s.canvas.Put(c)
	class := s.outline(c, i)
	for at, id := range c.mask {
		mask[at] = id * uint8(class+1)
	}
	return nil
}

// outline draws the object of image i alone, as number 1 of the canvas's mask, and returns its class.
func (s *shapesSet) outline(c *canvas, i int) int {
	s.Label(i) // Panics where there is no such image.
	scene := s.world.scene(s.split, i)
	clear(c.mask)
	c.add(&scene.object, 1)
	return scene.object.class
}

// seen is what is seen of the id-th object, which must be at least a pixel.
func (c *canvas) seen(id uint8, class int) Object {
	b := c.box(id)
	return Object{
		Class: class, Area: float32(c.count(id)),
		Box: Rect{float32(b.X0), float32(b.Y0), float32(b.X1), float32(b.Y1)},
	}
}

// count is the number of pixels that show the id-th object.
func (c *canvas) count(id uint8) int { return bytes.Count(c.mask, []byte{id}) }
