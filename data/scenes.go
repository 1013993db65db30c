package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

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
// Where every image has one object ({1, 1}), its class is the image's label; else images have none.
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

	// Backgrounds is the number of backgrounds in the world, which images of all splits share: their
	// colours and textures, as those of cameras that stand still. Clutter, light and noise stay an
	// image's own. At least 0. Default 0: each image has one of its own.
	Backgrounds int
}

const (
	// scenesVersion changes whenever the same settings draw other pixels.
	scenesVersion = "scenes/1"
	leastRadius   = 2 // pixels
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
		setting.Must(s.Radius[0] <= s.Radius[1], "data.Scenes: Radius", s.Radius, "from small to large"),
		setting.AtLeast(0, "data.Scenes: Backgrounds", s.Backgrounds, "one of its own for each image"))
}

// Open returns one split. It takes no time: an image is drawn when it is first read, and is kept
// where those of the split take at most 128 MiB.
func (s Scenes) Open(split Split) (Set, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	s = s.WithDefaults()
	count := [...]int{s.Train, s.Validation, s.Test}[split]
	world := fmt.Appendf(nil, "%s %s size %d seed %d %s %d objects %v radius %v",
		scenesVersion, shapesVersion, s.Size, s.Seed, split, count, s.Objects, s.Radius)
	if s.Backgrounds > 0 {
		world = fmt.Appendf(world, " backgrounds %d", s.Backgrounds)
	}
	sum := sha256.Sum256(world)
	set := &drawnSet{
		world: s, name: s.Name(), split: split, count: count, size: s.Size, most: s.Objects[1],
		classes: shapeNames, maskClasses: sceneMaskClasses, fingerprint: hex.EncodeToString(sum[:]),
		seen: drawnOnce{count: count, bytes: s.Size * s.Size * 3},
	}
	if s.Objects == [2]int{1, 1} {
		set.label = func(i int) int { return s.scene(split, i).objects[0].class }
	}
	return set, nil
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
	first := s.first(&r, shapes)
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

// first is a scene of one object: its background is the image's, and its object says which inks stand out
// from it.
func (s Scenes) first(r *rng, shapes Shapes) scene {
	look, group := newLook(r, r.intn(len(shapeNames))), r.intn(len(groupNames))
	if s.Backgrounds == 0 {
		return shapes.arrange(r, look, group)
	}
	b := newRNG(s.Seed, forBackgrounds, 0, uint64(r.intn(s.Backgrounds)))
	sc := shapes.arrangeOn(&b, r, look, b.intn(len(groupNames)))
	sc.seed = r.uint64() // Of the noise.
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

// arrange draws the outlines of a scene's objects, and takes those out of the scene that are hidden too
// much. The one in front always stays.
func (c *canvas) arrange(sc *crowdedScene) {
	sc.objects = seenOf(c, sc.objects, 1, c.add)
}

func (s Scenes) outlines(c *canvas, split Split, i int) (classes []int) {
	sc := s.scene(split, i)
	c.arrange(&sc)
	for _, o := range sc.objects {
		classes = append(classes, o.class)
	}
	return classes
}

func (s Scenes) picture(c *canvas, split Split, i int, pix []uint8) {
	sc := s.scene(split, i)
	c.arrange(&sc)
	c.paint(&sc.backdrop)
	for k := range sc.objects {
		c.add(&sc.objects[k], uint8(k+1))
	}
	c.develop(&sc.backdrop, pix)
}
