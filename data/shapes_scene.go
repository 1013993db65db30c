package data

import (
	"fmt"
	"math"
)

// look is the identity of an object: what stays the same in another view. How
// light its inks are is decided against each background.
type look struct {
	class     int
	colour    string  // the name of hue
	hue       float64 // in turns
	secondHue float64 // of the texture's other ink
	texture   texture
	period    float64 // of the texture, in shares of the object's radius
	seed      uint64  // of a noise texture
}

// pose is where an object is and how it is turned.
type pose struct {
	x, y    float64 // centre, in pixels
	radius  float64 // of the circle around the outline, in pixels
	angle   float64 // in radians
	stretch float64 // width over height before the rotation
}

type object struct {
	look
	pose
	inks [2]rgb // the fill colours, chosen to stand out from the background
}

// backdrop is everything in a picture but the object.
type backdrop struct {
	size          int
	kind          texture
	inks          [2]rgb
	angle, period float64 // of the background's texture; the period in pixels
	clutter       [maxClutter]mark
	marks         int
	light         [2]float64 // lighting gradient: relative change from the centre to the edge, along x and y
	noise         float64    // amplitude, in [0, 1] intensities
	seed          uint64     // of the noise
}

// maxTilt is how far an object is turned to either side, in radians: 30 degrees.
const maxTilt = math.Pi / 6

const maxClutter = 3

// mark is a distractor: a line, or a dot where both ends coincide.
type mark struct {
	x0, y0, x1, y1, radius float64
	ink                    rgb
}

type scene struct {
	backdrop
	object object
	group  int
}

var groupNames = []string{"warm", "cool"}

var hues = []struct {
	name string
	hue  float64
}{{"red", 0}, {"orange", 0.08}, {"yellow", 0.16}, {"green", 0.33}, {"cyan", 0.5}, {"blue", 0.62}, {"purple", 0.77}, {"pink", 0.9}}

// class is the label of image i: every block of ten images holds each class
// once, in an order of its own.
func (s Shapes) class(split Split, i int) int {
	r := newRNG(s.Seed, forClass, uint64(split), uint64(i/len(shapeNames)))
	var order [10]int
	for k := range order {
		order[k] = k
	}
	r.shuffle(order[:])
	return order[i%len(order)]
}

// scene decides everything about image i of a split.
func (s Shapes) scene(split Split, i int) scene {
	r := newRNG(s.Seed, forScene, uint64(split), uint64(i))
	class := s.class(split, i)
	spurious := s.Spurious
	if split != Train {
		spurious = 0
	}
	group := class % 2
	if !r.chance((1 + spurious) / 2) {
		group = 1 - group
	}
	return s.arrange(&r, newLook(&r, class), group)
}

// newLook draws the identity of an object, independent of its class.
func newLook(r *rng, class int) look {
	l := look{class: class, texture: someTexture(r), period: r.between(0.45, 0.75), seed: r.uint64()}
	named := hues[r.intn(len(hues))]
	l.colour = named.name
	l.hue = named.hue + r.between(-0.025, 0.025)
	l.secondHue = l.hue + r.between(0.25, 0.75)
	return l
}

// someTexture is mostly plain: an object is to be known by its outline first.
func someTexture(r *rng) texture {
	if r.chance(0.7) {
		return plain
	}
	return 1 + texture(r.intn(int(textures-1)))
}

// contrast is the least difference in luma between an object and its
// background, before lighting and noise: enough to be told apart at 32 pixels.
const contrast = 0.34

// arrange puts an object of a given look into a new scene of a given group.
func (s Shapes) arrange(r *rng, l look, group int) scene { return s.arrangeOn(r, r, l, group) }

// arrangeOn is arrange where b decides the background's texture and colours, and r the rest.
func (s Shapes) arrangeOn(b, r *rng, l look, group int) scene {
	size := float64(s.Size)
	sc := scene{group: group}
	sc.backdrop = backdrop{
		size: s.Size, kind: someTexture(b), angle: b.angle(),
		period: size * b.between(0.12, 0.4), seed: b.uint64(),
	}

	// The background has one hue range a group, and two close shades.
	hue := b.between(0, 0.14)
	if group == 1 {
		hue = b.between(0.48, 0.66)
	}
	saturation := b.between(0.35, 0.9)
	ground := b.between(0.08, 0.92)
	shade := b.between(0.045, 0.09)
	if ground > 0.5 {
		shade = -shade
	}
	sc.inks = [2]rgb{shadeOf(hue, saturation, ground), shadeOf(hue+b.between(-0.03, 0.03), saturation, ground+shade)}

	// The object's two inks lie in a range of luma away from both shades: on
	// the lighter or on the darker side, in proportion to the room there.
	low, high := min(ground, ground+shade), max(ground, ground+shade)
	// Luma keeps away from black and white, where hues cannot be named.
	from, to := high+contrast, 0.92
	above, below := max(to-from, 0), max(low-contrast-0.12, 0)
	if r.float()*(above+below) < below {
		from, to = 0.12, low-contrast
	}
	first := r.between(from, to)
	second := from
	if first < (from+to)/2 {
		second = to
	}
	sc.object = object{look: l, inks: [2]rgb{shadeOf(l.hue, r.between(0.75, 1), first), shadeOf(l.secondHue, r.between(0.5, 1), second)}}

	// 40 to 68 % of the side, whole within the picture.
	radius := size * r.between(0.2, 0.34)
	room := size/2 - radius
	sc.object.pose = pose{
		x: size/2 + r.between(-room, room), y: size/2 + r.between(-room, room),
		radius: radius, angle: r.between(-maxTilt, maxTilt), stretch: math.Exp(r.between(-0.2, 0.2)),
	}

	if r.chance(0.25) {
		sc.marks = 1 + r.intn(maxClutter)
	}
	for k := range sc.marks {
		m := mark{x0: r.between(0, size), y0: r.between(0, size), radius: size * r.between(0.025, 0.06)}
		m.x1, m.y1 = m.x0, m.y0
		if r.chance(0.5) {
			m.x1, m.y1, m.radius = r.between(0, size), r.between(0, size), size*r.between(0.012, 0.025)
		}
		m.ink = shadeOf(r.float(), r.between(0.2, 1), r.between(0.1, 0.9))
		sc.clutter[k] = m
	}

	strength, direction := r.between(0, 0.15), r.angle()
	sc.light = [2]float64{strength * math.Cos(direction), strength * math.Sin(direction)}
	sc.noise = r.between(0, 0.03)
	return sc
}

// caption is the scene in words: size, colour, texture, shape, place,
// background.
func (sc *scene) caption(size int) string {
	o := &sc.object
	return fmt.Sprintf("a %s %s %s %s at the %s on a %s %s background", sc.extent(size), o.colour,
		textureNames[o.texture], shapeNames[o.class], sc.place(size), groupNames[sc.group], textureNames[sc.kind])
}

// extent is how large the object is, in a word.
func (sc *scene) extent(size int) string {
	share := sc.object.radius / float64(size)
	switch {
	case share > 0.295:
		return "large"
	case share > 0.245:
		return "medium"
	}
	return "small"
}

// place is where the object is, in words.
func (sc *scene) place(size int) string {
	row := [...]string{"top", "middle", "bottom"}[third(sc.object.y, size)]
	column := [...]string{"left", "centre", "right"}[third(sc.object.x, size)]
	if place := row + " " + column; place != "middle centre" {
		return place
	}
	return "centre"
}

// captions are the scene in words, in four degrees of detail, all of them with the
// colour and the shape:
//
//	a large red striped star at the top left on a warm plain background
//	a large red star at the top left
//	a red striped star on a warm background
//	a red star
func (sc *scene) captions(size int) []string {
	o := &sc.object
	extent, place := sc.extent(size), sc.place(size)
	return []string{
		sc.caption(size),
		fmt.Sprintf("a %s %s %s at the %s", extent, o.colour, shapeNames[o.class], place),
		fmt.Sprintf("a %s %s %s on a %s background", o.colour, textureNames[o.texture], shapeNames[o.class], groupNames[sc.group]),
		fmt.Sprintf("a %s %s", o.colour, shapeNames[o.class]),
	}
}

// third places a centre: since objects stay within the picture, their centres
// keep to its middle, and the thirds are those of that range.
func third(at float64, size int) int {
	share := at / float64(size)
	switch {
	case share < 0.43:
		return 0
	case share < 0.57:
		return 1
	}
	return 2
}
