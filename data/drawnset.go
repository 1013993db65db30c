package data

import (
	"fmt"
	"sync"
)

// drawnWorld draws the images of a split, each with objects that are told apart in the canvas's mask.
type drawnWorld interface {
	// outlines draws the objects of image i, object k as k+1 of the canvas's mask, and returns their
	// classes. What else is drawn does not count.
	outlines(c *canvas, split Split, i int) (classes []int)
	// picture draws image i as bytes.
	picture(c *canvas, split Split, i int, pix []uint8)
}

var (
	_ ObjectMasks = (*drawnSet)(nil)
	_ Masks       = (*drawnSet)(nil)
)

// drawnSet is one split of a world of square images with objects.
type drawnSet struct {
	world       drawnWorld
	name        string // of the source
	split       Split
	count       int
	size        int // of the images, in pixels
	most        int // objects of an image
	classes     []string
	maskClasses []string
	label       func(i int) int // The class of image i; nil where images have no label.
	fingerprint string
	seen        drawnOnce
	canvas      sync.Pool // of *canvas
}

func (s *drawnSet) Name() string              { return s.name + "/" + s.split.String() }
func (s *drawnSet) Len() int                  { return s.count }
func (s *drawnSet) Size() (height, width int) { return s.size, s.size }
func (s *drawnSet) ObjectClasses() []string   { return s.classes }
func (s *drawnSet) MaskClasses() []string     { return s.maskClasses }
func (s *drawnSet) MostObjects() int          { return s.most }
func (s *drawnSet) Fingerprint() string       { return s.fingerprint }
func (s *drawnSet) Close() error              { return nil }

func (s *drawnSet) Classes() []string {
	if s.label == nil {
		return nil
	}
	return s.classes
}

func (s *drawnSet) Label(i int) int {
	s.mustHave(i)
	if s.label == nil {
		return -1
	}
	return s.label(i)
}

func (s *drawnSet) mustHave(i int) {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
}

// lend lends do a canvas.
func (s *drawnSet) lend(do func(c *canvas)) {
	c, _ := s.canvas.Get().(*canvas)
	if c == nil {
		c = newCanvas(s.size)
	}
	defer s.canvas.Put(c)
	do(c)
}

func (s *drawnSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	s.seen.read(i, pix, func(pix []uint8) {
		s.lend(func(c *canvas) { s.world.picture(c, s.split, i, pix) })
	})
	return nil
}

func (s *drawnSet) ObjectsOf(i int) (objects []Object) {
	s.mustHave(i)
	s.lend(func(c *canvas) {
		for k, class := range s.world.outlines(c, s.split, i) {
			objects = append(objects, c.seen(uint8(k+1), class))
		}
	})
	return objects
}

func (s *drawnSet) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	err := checkMask(s, i, mask)
	if err != nil {
		return false, err
	}
	s.lend(func(c *canvas) {
		if err = checkObject(s, i, k, len(s.world.outlines(c, s.split, i)), mask); err != nil {
			return
		}
		for at, id := range c.mask {
			mask[at] = 0
			if int(id) == k+1 {
				mask[at] = 1
			}
		}
	})
	return err == nil, err
}

func (s *drawnSet) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	s.lend(func(c *canvas) {
		classes := s.world.outlines(c, s.split, i)
		for at, id := range c.mask {
			mask[at] = 0
			if id > 0 {
				mask[at] = uint8(1 + classes[id-1])
			}
		}
	})
	return nil
}

// leastSeen is the share of an object that must be seen for it to stay in a picture.
const leastSeen = .5

// seenOf draws objects from back to front, the k-th as k+1 of the canvas's mask, and returns those that
// stay, which the mask then tells apart in their order: those that are not hidden too much, and of
// which least pixels are seen. objects is changed.
func seenOf[T any](c *canvas, objects []T, least int, add func(o *T, id uint8)) []T {
	for {
		clear(c.mask)
		whole := make([]int, len(objects))
		for k := range objects {
			add(&objects[k], uint8(k+1))
			whole[k] = c.count(uint8(k + 1))
		}
		kept := objects[:0]
		for k := range objects {
			if seen := c.count(uint8(k + 1)); seen >= least && float64(seen) >= leastSeen*float64(whole[k]) {
				kept = append(kept, objects[k])
			}
		}
		if len(kept) == len(objects) {
			return kept
		}
		objects = kept
	}
}
