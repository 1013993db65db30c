package data

import (
	"cmp"
	"math"
	"slices"
)

// thing is an object of a street at its place, or something that is none.
type thing struct {
	class  int // of streetClasses
	pieces []piece
	x, y   float64 // where it stands in the picture, in pixels
	scale  float64 // pixels of a metre, there
}

// street is a street as it is seen by a camera at the height of a car's roof: its optical axis is
// level, so that what stands z metres away on the ground stands tall/z pixels below the horizon, and
// a metre there has focal/z pixels.
type street struct {
	backdrop         // of which size, light, noise and seed count
	night    bool    // without daylight
	horizon  float64 // in pixels from the top
	focal    float64 // in pixels
	tall     float64 // the camera's height in metres, times focal
	sky      [2]rgb  // at the top, and at the horizon
	ground   [2]rgb  // at the horizon, and at the bottom
	road     rgb
	centre   float64 // where the road ends at the horizon, in pixels
	halfRoad float64 // in metres
	shift    float64 // of the dashes between the lanes, in metres
	scenery  []thing
	things   []thing // from the farthest to the nearest
}

const (
	nearest     = 4.2 // metres that objects are away, at least
	farthest    = 12.
	leastPixels = 6  // of an object that is seen
	widest      = .7 // of an object, in shares of the picture's width
)

// street decides everything about image i of a split, but for which objects are too hidden to stay.
// Night changes no draw.
func (s Streets) street(split Split, i int) street {
	r := newRNG(s.Seed, forStreets, uint64(split), uint64(i))
	size := float64(s.Size)
	st := street{night: s.Night, focal: .9 * size, horizon: size * r.between(.36, .5), centre: size * r.between(.3, .7)}
	st.size, st.seed, st.noise = s.Size, r.uint64(), r.between(.005, .03)
	strength, direction := r.between(0, .15), r.angle()
	st.light = [2]float64{strength * math.Cos(direction), strength * math.Sin(direction)}
	if st.night {
		st.noise += .03
	}
	st.tall = st.focal * r.between(1.35, 1.75)
	st.halfRoad, st.shift = r.between(2.8, 4.5), r.between(0, 3)

	hue, clouds := r.between(.54, .62), r.float() // From a clear sky to an overcast one.
	st.sky = [2]rgb{shadeOf(hue, .7*(1-clouds), r.between(.5, .8)), shadeOf(hue, .3*(1-clouds), r.between(.75, .92))}
	verge, dull := r.between(.08, .36), r.between(.05, .5) // Paving, earth or grass.
	st.ground = [2]rgb{shadeOf(verge, dull, r.between(.3, .6)), shadeOf(verge, dull, r.between(.3, .6))}
	st.road = shadeOf(hue, .08, r.between(.22, .45))

	for x := r.between(-.2, .1) * size; x < size; {
		width := r.between(.12, .34) * size
		st.scenery = append(st.scenery, thing{pieces: house(&r, width), x: x + width/2, y: st.horizon + .5, scale: 1})
		x += width + r.between(-.02, .12)*size
	}
	for range 2 + r.intn(5) {
		st.scenery = append(st.scenery, st.place(&r, furniture(&r), r.logBetween(6, 25), 3, 12))
	}
	slices.SortStableFunc(st.scenery, func(a, b thing) int { return cmp.Compare(a.y, b.y) })

	for range s.Objects[0] + r.intn(s.Objects[1]-s.Objects[0]+1) {
		st.things = append(st.things, st.object(&r))
	}
	slices.SortStableFunc(st.things, func(a, b thing) int { return cmp.Compare(a.y, b.y) })
	return st
}

// object is one of any class, whole within the picture: vehicles are on the road or beside it, persons
// and signs rather beside it.
func (st *street) object(r *rng) thing {
	class, size := r.intn(len(streetClasses)), float64(st.size)
	pieces := scaled(streetObjects[class](r), math.Exp(r.between(-.12, .12)), r.chance(.5))
	left, right, top := extent(pieces)
	z := max(r.logBetween(nearest, farthest), (right-left)*st.focal/(widest*size), (top*st.focal-st.tall)/(st.horizon-1))
	from, to := 0., 4. // Metres from the middle of the road.
	if class >= firstBesideRoad {
		from, to = 1.5, 6
	}
	t := st.place(r, pieces, z, from, to)
	t.class, t.x = class, min(max(t.x, 1-left*t.scale), size-1-right*t.scale)
	return t
}

// place puts something z metres away, at a distance in metres from the middle of the road, to either
// side.
func (st *street) place(r *rng, pieces []piece, z, from, to float64) thing {
	aside := r.between(from, to)
	if r.chance(.5) {
		aside = -aside
	}
	scale := st.focal / z
	return thing{pieces: pieces, scale: scale, x: st.middle(z) + aside*scale, y: st.horizon + st.tall/z}
}

// middle is where the middle of the road is z metres away, in pixels: it leads to centre at the
// horizon, and passes below the camera.
func (st *street) middle(z float64) float64 {
	return st.centre + (float64(st.size)/2-st.centre)*nearest/z
}

// arrange draws the outlines of the objects, and takes those out that are hidden too much or too small.
func (st *street) arrange(c *canvas) {
	st.things = seenOf(c, st.things, leastPixels, func(t *thing, id uint8) { st.add(c, t, id) })
}

// add draws a thing over the picture, as the id-th of its mask, or with id 0 as none.
func (st *street) add(c *canvas, t *thing, id uint8) {
	var corners []point
	for _, p := range t.pieces {
		corners = corners[:0]
		for _, q := range p.corners {
			corners = append(corners, point{t.x + q.x*t.scale, t.y - q.y*t.scale})
		}
		ink := p.ink
		if st.night {
			ink = p.atNight()
		}
		c.fill(corners, p.radius*t.scale, &ink, id)
	}
}

// paint draws all but the objects.
func (st *street) paint(c *canvas) {
	clear(c.mask)
	road, paint := st.inkOf(st.road), st.inkOf(markings)
	for row := range c.size {
		y := float64(row) + .5
		if y < st.horizon {
			st.stretch(c, row, mixed(st.sky, y/st.horizon))
			continue
		}
		st.stretch(c, row, mixed(st.ground, (y-st.horizon)/(float64(c.size)-st.horizon)))
		z := st.tall / (y - st.horizon)
		scale, middle := st.focal/z, st.middle(z)
		for column := range c.size {
			aside := math.Abs(float64(column) + .5 - middle)
			c.blend(row*c.size+column, &road, step(st.halfRoad*scale-aside, 1))
			if along := z + st.shift; along-3*math.Floor(along/3) < 1.5 {
				c.blend(row*c.size+column, &paint, step(.08*scale-aside, 1))
			}
		}
	}
	for k := range st.scenery {
		st.add(c, &st.scenery[k], 0)
	}
}

// stretch fills a row.
func (st *street) stretch(c *canvas, row int, ink rgb) {
	ink = st.inkOf(ink)
	for column := range c.size {
		c.blend(row*c.size+column, &ink, 1)
	}
}

// inkOf is an ink by day, or as dark as it is at night.
func (st *street) inkOf(ink rgb) rgb {
	if st.night {
		return dark(ink)
	}
	return ink
}

// mixed is a share of the way from one ink to another.
func mixed(inks [2]rgb, share float64) (out rgb) {
	for k := range out {
		out[k] = inks[0][k] + share*(inks[1][k]-inks[0][k])
	}
	return out
}

// fill draws a polygon, or with a radius the line between its first and its last corner with round
// ends, in pixels, as the id-th of the canvas's mask.
func (c *canvas) fill(corners []point, radius float64, ink *rgb, id uint8) {
	low, high := bounds(corners, radius+1)
	x0, x1 := c.clip(low.x, high.x)
	y0, y1 := c.clip(low.y, high.y)
	for row := y0; row < y1; row++ {
		for column := x0; column < x1; column++ {
			x, y := float64(column)+.5, float64(row)+.5
			distance := 0.
			if radius > 0 {
				distance = segment(corners[0], corners[len(corners)-1], x, y) - radius
			} else {
				distance = polygon(corners, x, y)
			}
			cover := step(-distance, 1)
			if cover == 0 {
				continue
			}
			at := row*c.size + column
			c.blend(at, ink, cover)
			if id > 0 && cover >= .5 {
				c.mask[at] = id
			}
		}
	}
}

// bounds are the corners of the rectangle around points, and a margin.
func bounds(points []point, margin float64) (low, high point) {
	low, high = points[0], points[0]
	for _, p := range points {
		low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
	}
	return point{low.x - margin, low.y - margin}, point{high.x + margin, high.y + margin}
}

// segment is the distance to the line from a to b.
func segment(a, b point, x, y float64) float64 {
	ex, ey, px, py := b.x-a.x, b.y-a.y, x-a.x, y-a.y
	t := 0.
	if length := ex*ex + ey*ey; length > 0 {
		t = min(max((px*ex+py*ey)/length, 0), 1)
	}
	dx, dy := px-t*ex, py-t*ey
	return math.Sqrt(dx*dx + dy*dy)
}
