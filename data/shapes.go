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

// Shapes is an embedded procedural world: one of ten shapes in front of a
// background, drawn so that the class is independent of everything else that
// varies (colours, fill texture, position, scale, rotation, stretch,
// background, clutter, lighting, noise). Nothing is downloaded, image i is a
// pure function of (Seed, split, i), and the same scene comes with a box, a
// mask, a caption, a subgroup, other views of the same object and a video.
//
// Nearest neighbours on raw pixels do badly here while a small convolutional
// network does well, which is what makes it a test bed for representations.
//
//	set, err := data.Shapes{Train: 1000}.Open(data.Train)
//	sample := data.Shapes{Size: 64}.Sample(data.Test, 7)
//	fmt.Println(sample.Caption, sample.Box)
//
// Every ten consecutive images hold each class once, so any multiple of ten is
// exactly balanced. Pixels may differ by a level between processor
// architectures, whose compilers fuse multiplications and additions
// differently; on one architecture they are the same bits.
type Shapes struct {
	Size       int    // side of the square images in pixels, at least 32. Default 32.
	Train      int    // training images. Default 10,000.
	Validation int    // validation images. Default 2,000.
	Test       int    // test images. Default 2,000.
	Seed       uint64 // another world of the same distribution
	Instances  int    // pictures of each object, image i being the first, at least 1. Default 4. See Views and Instances

	// Spurious, in [0, 1], is the correlation in the training split between
	// the subgroup (a warm or a cool background) and the parity of the class:
	// an image of class c is of group c mod 2 with probability (1+Spurious)/2.
	// Validation and test stay balanced, so that the accuracy of each group
	// there shows what a model took the background for. Default 0:
	// independent.
	Spurious float64
}

// shapesVersion changes whenever the same settings draw other pixels.
const shapesVersion = "shapes/2"

// Name returns "shapes".
func (s Shapes) Name() string { return "shapes" }

// WithDefaults fills in the settings that were left at zero.
func (s Shapes) WithDefaults() Shapes {
	s.Size = cmp.Or(s.Size, 32)
	s.Train = cmp.Or(s.Train, 10_000)
	s.Validation = cmp.Or(s.Validation, 2_000)
	s.Test = cmp.Or(s.Test, 2_000)
	s.Instances = cmp.Or(s.Instances, 4)
	return s
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (s Shapes) Check() error {
	d := Shapes{}.WithDefaults()
	s = s.WithDefaults()
	return cmp.Or(
		setting.Within(32, maxSide, "data.Shapes: Size", float64(s.Size), d.Size),
		setting.AtLeast(1, "data.Shapes: Train", s.Train, d.Train),
		setting.AtLeast(1, "data.Shapes: Validation", s.Validation, d.Validation),
		setting.AtLeast(1, "data.Shapes: Test", s.Test, d.Test),
		setting.AtLeast(1, "data.Shapes: Instances", s.Instances, d.Instances),
		setting.Within(0, 1, "data.Shapes: Spurious", s.Spurious))
}

// Open returns one split. It takes no time: an image is drawn when it is first read, and is kept
// where those of the split take at most 128 MiB.
func (s Shapes) Open(split Split) (Set, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	s = s.WithDefaults()
	count := [...]int{s.Train, s.Validation, s.Test}[split]
	return &shapesSet{world: s, split: split, count: count, seen: drawnOnce{count: count, bytes: s.Size * s.Size * 3}}, nil
}

// ShapeClasses returns the class names of [Shapes], by label.
func ShapeClasses() []string { return slices.Clone(shapeNames) }

// ShapeColours returns the names of the hues of objects of [Shapes], as captions
// have them.
func ShapeColours() []string {
	names := make([]string, len(hues))
	for i, hue := range hues {
		names[i] = hue.name
	}
	return names
}

// ShapeTextures returns the names of the textures of objects and backgrounds of
// [Shapes], as captions have them.
func ShapeTextures() []string { return slices.Clone(textureNames[:]) }

// ShapeGroups returns the subgroup names of [Shapes]: the colour temperature
// of the background.
func ShapeGroups() []string { return slices.Clone(groupNames) }

// Box is a rectangle of pixels, half-open: it covers the columns X0 ≤ x < X1
// and the rows Y0 ≤ y < Y1, with the origin at the top left. A box that covers
// nothing is the zero value.
type Box struct{ X0, Y0, X1, Y1 int }

// Width is the number of columns covered.
func (b Box) Width() int { return b.X1 - b.X0 }

// Height is the number of rows covered.
func (b Box) Height() int { return b.Y1 - b.Y0 }

// Sample is one image of [Shapes] with everything that is known about it.
type Sample struct {
	Size    int     // side of the image in pixels
	Pix     []uint8 // [Size, Size, 3], RGB
	Class   int     // index in ShapeClasses
	Box     Box     // the tightest box around Mask
	Mask    []uint8 // [Size, Size], 1 where the object covers at least half of the pixel, else 0
	Caption string  // "a large red striped star at the top left on a warm plain background"
	Group   int     // index in ShapeGroups
	Colour  string  // the main hue of the object: "red", "blue", ...
	Texture string  // the fill of the object: "plain", "striped", ...
}

// Sample draws image i of a split, for any i ≥ 0 (beyond the number that
// [Shapes.Open] gives, too). It panics on settings that do not pass
// [Shapes.Check] and on a negative index.
func (s Shapes) Sample(split Split, i int) Sample {
	s.mustCheck(split, i)
	s = s.WithDefaults()
	return s.draw(s.scene(split, i))
}

// Views draws n pictures of one object, the object of Sample(split, i): the same class, hues and
// texture in other poses, in front of other backgrounds (how light it is follows the background, so
// that it stands out). View 0 is the sample itself. The subgroup varies with the background. It
// panics as [Shapes.Sample] does.
func (s Shapes) Views(split Split, i, n int) []Sample {
	s.mustCheck(split, i)
	s = s.WithDefaults()
	first := s.scene(split, i)
	views := make([]Sample, n)
	for k := range views {
		views[k] = s.draw(s.view(split, i, k, &first))
	}
	return views
}

// view is view k of image i of a split, whose own scene is first.
func (s Shapes) view(split Split, i, k int, first *scene) scene {
	if k == 0 {
		return *first
	}
	r := newRNG(s.Seed, forView, uint64(split)<<32|uint64(k), uint64(i))
	return s.arrange(&r, first.object.look, r.intn(len(groupNames)))
}

func (s Shapes) mustCheck(split Split, i int) {
	if err := s.Check(); err != nil {
		panic(err)
	}
	if err := split.check(); err != nil {
		panic(err)
	}
	if i < 0 {
		panic(fmt.Errorf("data.Shapes: image is %d; it must be at least 0", i))
	}
}

// draw renders a scene and describes it.
func (s Shapes) draw(scene scene) Sample {
	pix := make([]uint8, s.Size*s.Size*3)
	c := newCanvas(s.Size)
	c.shoot(&scene, pix)
	return Sample{
		Size: s.Size, Pix: pix, Class: scene.object.class, Box: c.box(1), Mask: c.mask,
		Caption: scene.caption(s.Size), Group: scene.group,
		Colour: scene.object.colour, Texture: textureNames[scene.object.texture],
	}
}

var (
	_ Grouped   = (*shapesSet)(nil)
	_ Clips     = (*shapesSet)(nil)
	_ Instances = (*shapesSet)(nil)
	_ Captioned = (*shapesSet)(nil)
)

// shapesSet is one split of Shapes.
type shapesSet struct {
	world  Shapes
	split  Split
	count  int
	seen   drawnOnce
	canvas sync.Pool // of *canvas: reading allocates nothing
}

func (s *shapesSet) Name() string              { return "shapes/" + s.split.String() }
func (s *shapesSet) Len() int                  { return s.count }
func (s *shapesSet) Size() (height, width int) { return s.world.Size, s.world.Size }
func (s *shapesSet) Classes() []string         { return shapeNames }
func (s *shapesSet) Close() error              { return nil }
func (s *shapesSet) Groups() []string          { return groupNames }

func (s *shapesSet) Label(i int) int {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
	return s.world.class(s.split, i)
}

// Group is the subgroup of image i, in [0, len(Groups())).
func (s *shapesSet) Group(i int) int {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
	return s.world.scene(s.split, i).group
}

// Captions are that of the sample (see [Sample]), and three with less detail:
// size and place, texture and background, and neither.
func (s *shapesSet) Captions(i int) []string {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
	scene := s.world.scene(s.split, i)
	return scene.captions(s.world.Size)
}

func (s *shapesSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	s.seen.read(i, pix, func(pix []uint8) { s.draw(i, pix) })
	return nil
}

// draw draws image i.
func (s *shapesSet) draw(i int, pix []uint8) {
	c := s.blank()
	defer s.canvas.Put(c)
	scene := s.world.scene(s.split, i)
	c.shoot(&scene, pix)
}

// blank is a canvas to draw on, to be put back.
func (s *shapesSet) blank() *canvas {
	if c, _ := s.canvas.Get().(*canvas); c != nil {
		return c
	}
	return newCanvas(s.world.Size)
}

// shoot draws a scene as bytes.
func (c *canvas) shoot(sc *scene, pix []uint8) {
	c.paint(&sc.backdrop)
	c.add(&sc.object, 1)
	c.develop(&sc.backdrop, pix)
}

// ReadInstances reads image i and others of the Instances views of its object,
// see [Shapes.Views].
func (s *shapesSet) ReadInstances(i, n int, draw uint64, pix []uint8) error {
	if err := checkInstances(s, i, n, pix); err != nil {
		return err
	}
	if s.world.Instances == 1 {
		return repeated(s, i, n, pix)
	}
	c := s.blank()
	defer s.canvas.Put(c)
	size := len(pix) / n
	first := s.world.scene(s.split, i)
	c.shoot(&first, pix[:size])
	for k, other := range chooseOthers(draw, s.world.Instances-1, n-1) {
		view := s.world.view(s.split, i, 1+other, &first)
		c.shoot(&view, pix[(k+1)*size:(k+2)*size])
	}
	return nil
}

// ReadClip reads the first frames of the video of image i without the smaller
// objects that join it in [Shapes.Video], so that frame 0 is image i.
func (s *shapesSet) ReadClip(i, frames int, pix []uint8) error {
	if err := checkClip(s, i, frames, pix); err != nil {
		return err
	}
	c := s.blank()
	defer s.canvas.Put(c)
	size := len(pix) / frames
	film := s.world.film(s.split, i)
	film.cast = film.cast[:1]
	for f := range frames {
		film.expose(c, f)
		c.develop(&film.scene.backdrop, pix[f*size:(f+1)*size])
		film.advance()
	}
	return nil
}

func (s *shapesSet) Fingerprint() string {
	spurious := s.world.Spurious
	if s.split != Train {
		spurious = 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s size %d seed %d %s %d spurious %g", shapesVersion, s.world.Size, s.world.Seed, s.split, s.count, spurious))
	return hex.EncodeToString(sum[:])
}
