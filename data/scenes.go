package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"sslkit/kit/setting"
)

// Scenes are pictures of several objects, the shapes of [Shapes] in any of their colours and
// textures, large and small, some of which hide a part of others: to learn detection and
// segmentation from nothing, in 64 to 128 pixels. Nothing is downloaded, and image i is a pure
// function of (Seed, split, i).
//
//	data.Scenes{Size: 96, Objects: [2]int{1, 10}}
//
// Its sets are [ObjectMasks] and [Masks]; the classes of objects are [ShapeClasses], those of pixels
// [SceneMaskClasses]. Boxes, areas and masks are of what is seen of an object, which is at least half
// of it. Smaller objects are in front, and the objects of an image are listed from back to front.
// Images have no label.
type Scenes struct {
	Size       int    // side of the square images in pixels, 32 to 4096. Default 64.
	Train      int    // training images. Default 10,000.
	Validation int    // validation images. Default 2,000.
	Test       int    // test images. Default 2,000.
	Seed       uint64 // another world of the same distribution

	// Objects are the fewest and the most objects that are put into an image, from 1 to 100: their
	// number is uniform between these, less those of which half would be hidden. Default 1 to 6.
	Objects [2]int
	// Radius is the range of an object's size, log-uniform: of the circle around it, in shares of
	// the image's side. Up to 0.5, and at least 2 pixels. Default 0.06 to 0.25.
	Radius [2]float64
}

const (
	// scenesVersion changes whenever the same settings draw other pixels.
	scenesVersion = "scenes/1"
	leastRadius   = 2 // pixels
	leastSeen     = .5
	placeTries    = 20
)

// Name returns "scenes".
func (s Scenes) Name() string { return "scenes" }

// WithDefaults fills in the settings that were left at zero.
func (s Scenes) WithDefaults() Scenes {
	s.Size = cmp.Or(s.Size, 64)
	s.Train = cmp.Or(s.Train, 10_000)
	s.Validation = cmp.Or(s.Validation, 2_000)
	s.Test = cmp.Or(s.Test, 2_000)
	s.Objects = cmp.Or(s.Objects, [2]int{1, 6})
	s.Radius = cmp.Or(s.Radius, [2]float64{.06, .25})
	return s
}

// Check returns an error that names the field and the allowed range of a bad setting.
func (s Scenes) Check() error {
	d := Scenes{}.WithDefaults()
	s = s.WithDefaults()
	least := float64(leastRadius) / float64(s.Size)
	return cmp.Or(
		setting.Within(32, maxSide, "data.Scenes: Size", float64(s.Size), d.Size),
		setting.AtLeast(1, "data.Scenes: Train", s.Train, d.Train),
		setting.AtLeast(1, "data.Scenes: Validation", s.Validation, d.Validation),
		setting.AtLeast(1, "data.Scenes: Test", s.Test, d.Test),
		setting.Within(1, 100, "data.Scenes: Objects[0]", float64(s.Objects[0])),
		setting.Within(1, 100, "data.Scenes: Objects[1]", float64(s.Objects[1])),
		setting.Must(s.Objects[0] <= s.Objects[1], "data.Scenes: Objects", s.Objects, "from few to many"),
		setting.Within(least, .5, "data.Scenes: Radius[0]", s.Radius[0]),
		setting.Within(least, .5, "data.Scenes: Radius[1]", s.Radius[1]),
		setting.Must(s.Radius[0] <= s.Radius[1], "data.Scenes: Radius", s.Radius, "from small to large"))
}

// Open returns one split. It takes no time: images are drawn when read.
func (s Scenes) Open(split Split) (Set, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	s = s.WithDefaults()
	return &scenesSet{world: s, split: split, count: [...]int{s.Train, s.Validation, s.Test}[split]}, nil
}

// crowdedScene is a background with objects, from back to front.
type crowdedScene struct {
	backdrop
	objects []object
}

// scene decides everything about image i of a split, but for which objects are too hidden to stay.
func (s Scenes) scene(split Split, i int) crowdedScene {
	r := newRNG(s.Seed, forScenes, uint64(split), uint64(i))
	shapes := Shapes{Size: s.Size}
	first := shapes.arrange(&r, newLook(&r, r.intn(len(shapeNames))), r.intn(len(groupNames)))
	sc := crowdedScene{backdrop: first.backdrop}
	size := float64(s.Size)
	for range s.Objects[0] + r.intn(s.Objects[1]-s.Objects[0]+1) {
		o := shapes.companion(&r, &first) // Its inks stand out from this background.
		o.radius = size * r.logBetween(s.Radius[0], s.Radius[1])
		sc.objects = append(sc.objects, o)
	}
	slices.SortStableFunc(sc.objects, func(a, b object) int { return cmp.Compare(b.radius, a.radius) })
	for k := range sc.objects {
		sc.place(&r, k, size)
	}
	return sc
}

// place finds a place for object k, whole within the picture: of some tries the first at which no
// centre of it and of an object behind it lies within the other, else the last.
func (sc *crowdedScene) place(r *rng, k int, size float64) {
	o := &sc.objects[k]
	for range placeTries {
		o.x, o.y = r.between(o.radius, size-o.radius), r.between(o.radius, size-o.radius)
		if !slices.ContainsFunc(sc.objects[:k], func(behind object) bool {
			dx, dy := behind.x-o.x, behind.y-o.y
			return dx*dx+dy*dy < behind.radius*behind.radius // Which is the larger one.
		}) {
			return
		}
	}
}

// arrange draws the outlines of a scene's objects, object k as k+1 of the canvas's mask, and takes
// those out of the scene that are hidden too much. The one in front always stays.
func (c *canvas) arrange(sc *crowdedScene) {
	for {
		clear(c.mask)
		whole := make([]int, len(sc.objects))
		for k := range sc.objects {
			c.add(&sc.objects[k], uint8(k+1))
			whole[k] = c.count(uint8(k + 1))
		}
		kept := sc.objects[:0]
		for k := range sc.objects {
			if seen := c.count(uint8(k + 1)); seen > 0 && float64(seen) >= leastSeen*float64(whole[k]) {
				kept = append(kept, sc.objects[k])
			}
		}
		if len(kept) == len(sc.objects) {
			return
		}
		sc.objects = kept
	}
}

var (
	_ ObjectMasks = (*scenesSet)(nil)
	_ Masks       = (*scenesSet)(nil)
)

// scenesSet is one split of Scenes.
type scenesSet struct {
	world  Scenes
	split  Split
	count  int
	canvas sync.Pool // of *canvas
}

func (s *scenesSet) Name() string              { return "scenes/" + s.split.String() }
func (s *scenesSet) Len() int                  { return s.count }
func (s *scenesSet) Size() (height, width int) { return s.world.Size, s.world.Size }
func (s *scenesSet) Classes() []string         { return nil }
func (s *scenesSet) Label(i int) int           { s.mustHave(i); return -1 }
func (s *scenesSet) ObjectClasses() []string   { return shapeNames }
func (s *scenesSet) MaskClasses() []string     { return sceneMaskClasses }
func (s *scenesSet) MostObjects() int          { return s.world.Objects[1] }
func (s *scenesSet) Close() error              { return nil }

func (s *scenesSet) mustHave(i int) {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
}

// outlines lends do a canvas with the outlines of image i.
func (s *scenesSet) outlines(i int, do func(c *canvas, sc *crowdedScene)) {
	c, _ := s.canvas.Get().(*canvas)
	if c == nil {
		c = newCanvas(s.world.Size)
	}
	defer s.canvas.Put(c)
	sc := s.world.scene(s.split, i)
	c.arrange(&sc)
	do(c, &sc)
}

func (s *scenesSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	s.outlines(i, func(c *canvas, sc *crowdedScene) {
		c.paint(&sc.backdrop)
		for k := range sc.objects {
			c.add(&sc.objects[k], uint8(k+1))
		}
		c.develop(&sc.backdrop, pix)
	})
	return nil
}

func (s *scenesSet) ObjectsOf(i int) (objects []Object) {
	s.mustHave(i)
	s.outlines(i, func(c *canvas, sc *crowdedScene) {
		for k := range sc.objects {
			objects = append(objects, c.seen(uint8(k+1), sc.objects[k].class))
		}
	})
	return objects
}

func (s *scenesSet) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	err := checkMask(s, i, mask)
	if err != nil {
		return false, err
	}
	s.outlines(i, func(c *canvas, sc *crowdedScene) {
		if err = checkObject(s, i, k, len(sc.objects), mask); err != nil {
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

func (s *scenesSet) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	s.outlines(i, func(c *canvas, sc *crowdedScene) {
		for at, id := range c.mask {
			mask[at] = 0
			if id > 0 {
				mask[at] = uint8(1 + sc.objects[id-1].class)
			}
		}
	})
	return nil
}

func (s *scenesSet) Fingerprint() string {
	w := s.world
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s size %d seed %d %s %d objects %v radius %v",
		scenesVersion, shapesVersion, w.Size, w.Seed, s.split, s.count, w.Objects, w.Radius))
	return hex.EncodeToString(sum[:])
}
