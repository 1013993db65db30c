package data

// piece of an object or of what stands beside it: a polygon, or with a radius the line from the first
// corner to the last with round ends, which is a disc where they are the same.
type piece struct {
	corners []point // in metres from where it stands, x to the right and y up
	radius  float64 // in metres
	ink     rgb
	glow    rgb // at night; where zero, the ink is as dark as all else
}

var (
	markings  = rgb{.85, .85, .82}
	rubber    = rgb{.08, .08, .09}
	metal     = rgb{.45, .46, .48}
	glass     = rgb{.2, .27, .33}
	white     = rgb{.95, .95, .93}
	redLamp   = rgb{.75, .08, .06}
	headlight = rgb{.95, .93, .8}
	lit       = rgb{.95, .8, .45} // a window
)

// atNight is the piece's ink at night.
func (p *piece) atNight() rgb {
	if p.glow != (rgb{}) {
		return p.glow
	}
	return dark(p.ink)
}

// dark is an ink without daylight.
func dark(ink rgb) rgb { return rgb{.26 * ink[0], .28 * ink[1], .38 * ink[2]} }

// firstBesideRoad is the first class of streetClasses that stands beside the road rather than on it.
const firstBesideRoad = 2

// streetObjects are those of streetClasses, each of many looks.
var streetObjects = [...]func(r *rng) []piece{car, truck, person, sign}

// extent is how far pieces reach to the left (below 0), to the right and up, in metres.
func extent(pieces []piece) (left, right, top float64) {
	for _, p := range pieces {
		low, high := bounds(p.corners, p.radius)
		left, right, top = min(left, low.x), max(right, high.x), max(top, high.y)
	}
	return left, right, top
}

// scaled are pieces at another size, and mirrored.
func scaled(pieces []piece, by float64, mirrored bool) []piece {
	across := by
	if mirrored {
		across = -by
	}
	for i := range pieces {
		pieces[i].radius *= by
		for k, q := range pieces[i].corners {
			pieces[i].corners[k] = point{q.x * across, q.y * by}
		}
	}
	return pieces
}

// box is a rectangle.
func box(x0, y0, x1, y1 float64, ink rgb) piece {
	return piece{corners: []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, ink: ink}
}

// line has round ends.
func line(x0, y0, x1, y1, radius float64, ink rgb) piece {
	return piece{corners: []point{{x0, y0}, {x1, y1}}, radius: radius, ink: ink}
}

func disc(x, y, radius float64, ink rgb) piece { return line(x, y, x, y, radius, ink) }

// lamp shines at night.
func lamp(x, y, radius float64, ink rgb) piece {
	p := disc(x, y, radius, ink)
	p.glow = ink
	return p
}

// paint is the colour of a vehicle, of clothes, of what is made by people.
func paint(r *rng) rgb { return shadeOf(r.float(), r.between(.05, .95), r.between(.12, .88)) }

// car is one from the side, from behind or from the front.
func car(r *rng) []piece {
	ink := paint(r)
	if r.chance(.5) {
		return []piece{
			{corners: []point{{-2.1, .3}, {-2.1, .8}, {-1.55, .92}, {-.9, 1.42}, {.65, 1.42}, {1.2, .92}, {2.05, .8}, {2.1, .3}}, ink: ink},
			{corners: []point{{-1.2, .94}, {-.78, 1.3}, {.55, 1.3}, {.95, .94}}, ink: glass},
			line(-.1, .94, -.1, 1.3, .05, ink),
			disc(-1.3, .34, .34, rubber), disc(1.3, .34, .34, rubber), disc(-1.3, .34, .15, metal), disc(1.3, .34, .15, metal),
			lamp(2, .66, .1, headlight), lamp(-2.02, .7, .1, redLamp),
		}
	}
	ends := redLamp
	if r.chance(.5) {
		ends = headlight
	}
	return []piece{
		line(-.65, .16, -.65, .4, .14, rubber), line(.65, .16, .65, .4, .14, rubber),
		{corners: []point{{-.86, .3}, {-.9, .88}, {-.68, 1.42}, {.68, 1.42}, {.9, .88}, {.86, .3}}, ink: ink},
		{corners: []point{{-.7, .94}, {-.56, 1.3}, {.56, 1.3}, {.7, .94}}, ink: glass},
		box(-.25, .45, .25, .57, white),
		lamp(-.68, .7, .13, ends), lamp(.68, .7, .13, ends),
	}
}

// truck is one from the side, from behind or from the front.
func truck(r *rng) []piece {
	cab, load := paint(r), paint(r)
	if r.chance(.4) {
		return []piece{
			box(-3.4, .5, 3.2, .85, metal), box(-3.4, .85, 1.6, 3.1, load),
			{corners: []point{{1.75, .5}, {1.75, 2.5}, {2.85, 2.5}, {3.25, 1.6}, {3.25, .5}}, ink: cab},
			{corners: []point{{2.2, 1.55}, {2.2, 2.3}, {2.75, 2.3}, {3.05, 1.55}}, ink: glass},
			disc(-2.6, .45, .45, rubber), disc(-1.55, .45, .45, rubber), disc(2.45, .45, .45, rubber),
			lamp(3.15, .75, .12, headlight), lamp(-3.35, .7, .1, redLamp),
		}
	}
	wheels := []piece{line(-.9, .25, -.9, .6, .24, rubber), line(.9, .25, .9, .6, .24, rubber)}
	if r.chance(.5) {
		return append(wheels,
			box(-1.15, .5, 1.15, 2.8, cab), box(-1, 1.65, 1, 2.45, glass), box(-.7, .75, .7, 1.1, metal),
			lamp(-.95, .8, .14, headlight), lamp(.95, .8, .14, headlight))
	}
	return append(wheels,
		box(-1.2, .75, 1.2, 3.15, load), line(0, .85, 0, 3.05, .04, metal), box(-1.2, .5, 1.2, .75, metal),
		lamp(-1.02, .63, .11, redLamp), lamp(1.02, .63, .11, redLamp))
}

// person walks or stands.
func person(r *rng) []piece {
	jacket, trousers := paint(r), paint(r)
	skin := shadeOf(r.between(.04, .09), r.between(.3, .6), r.between(.2, .75))
	stride, swing := r.between(.05, .3), r.between(.02, .22)
	return []piece{
		line(-stride, .09, -.07, .85, .1, trousers), line(stride, .09, .07, .85, .1, trousers),
		line(-.2, 1.35, -.24-swing, .88, .07, jacket), line(.2, 1.35, .24+swing, .88, .07, jacket),
		line(0, .95, 0, 1.36, .21, jacket),
		disc(0, 1.63, .14, skin),
	}
}

// sign is a traffic sign on its post.
func sign(r *rng) []piece {
	post, face := line(0, .06, 0, 2, .06, metal), 2.25
	faces := [][]piece{
		{disc(0, face, .42, redLamp), disc(0, face, .28, white)},                                      // a prohibition
		{plate(3, face, .52, redLamp), plate(3, face, .28, white)},                                    // a warning
		{plate(8, face, .44, redLamp), box(-.24, face-.08, .24, face+.08, white)},                     // stop
		{disc(0, face, .42, rgb{.08, .25, .65}), line(0, face-.2, 0, face+.2, .06, white)},            // an instruction
		{plate(4, face, .5, white), plate(4, face, .38, rgb{.93, .75, .1})},                           // priority
		{box(-.4, face-.4, .4, face+.4, rgb{.08, .25, .65}), box(-.1, face-.25, .1, face+.25, white)}, // information
	}
	pieces := append([]piece{post}, faces[r.intn(len(faces))]...)
	for i := range pieces[1:] { // It throws a car's light back.
		pieces[i+1].glow = pieces[i+1].ink
	}
	return pieces
}

// plate is a regular polygon with a corner at the top.
func plate(corners int, y, radius float64, ink rgb) piece {
	p := piece{ink: ink}
	for _, q := range regular(corners, radius, radius) {
		p.corners = append(p.corners, point{q.x, y - q.y})
	}
	return p
}

// house is as wide as is said; in the unit of width, not in metres.
func house(r *rng, width float64) []piece {
	height, wall := width*r.between(.7, 1.6), shadeOf(r.between(0, .14), r.between(.05, .6), r.between(.3, .8))
	pieces := []piece{box(-width/2, 0, width/2, height, wall)}
	if r.chance(.5) {
		pieces = append(pieces, piece{
			corners: []point{{-width / 2, height}, {width / 2, height}, {0, height * 1.3}},
			ink:     shadeOf(r.between(0, .06), r.between(.2, .7), r.between(.15, .4)),
		})
	}
	columns, rows := 2+r.intn(3), 2+r.intn(3)
	dx, dy := width/float64(columns), height/float64(rows)
	for i := range columns * rows {
		x, y := -width/2+dx*(float64(i%columns)+.5), dy*(float64(i/columns)+.5)
		window := box(x-.28*dx, y-.25*dy, x+.28*dx, y+.25*dy, glass)
		if r.chance(.3) {
			window.glow = lit
		}
		pieces = append(pieces, window)
	}
	return pieces
}

// furniture is what stands beside a road and is nothing to be found: a tree, a lamp post, a box as
// large as a bin or as a container, a bush.
func furniture(r *rng) []piece {
	leaves := shadeOf(r.between(.2, .4), r.between(.3, .8), r.between(.15, .45))
	switch r.intn(4) {
	case 0:
		trunk, height := shadeOf(.07, .5, r.between(.1, .3)), r.between(2.2, 4)
		pieces := []piece{line(0, 0, 0, height, .14, trunk)}
		for range 3 {
			pieces = append(pieces, disc(r.between(-.6, .6), height+r.between(-.3, .8), r.between(.6, 1.1), leaves))
		}
		return pieces
	case 1:
		height := r.between(2.5, 5)
		return []piece{line(0, 0, 0, height, .07, metal), line(0, height, .8, height+.1, .06, metal), lamp(.8, height, .15, headlight)}
	case 2:
		width, height := r.logBetween(.5, 3), r.logBetween(.7, 2.8)
		return []piece{box(-width/2, 0, width/2, height, paint(r))}
	default:
		return []piece{disc(-.4, .35, .45, leaves), disc(.35, .4, .5, leaves)}
	}
}
