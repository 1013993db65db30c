package data

import "math"

// The ten classes, in label order. Any two differ under every rotation, mirror
// image and moderate stretch.
var shapeNames = []string{"circle", "square", "triangle", "star", "cross", "ring", "crescent", "heart", "arrow", "hourglass"}

// outline is the signed distance from a point to the edge of a class's shape,
// negative inside. Shapes fill the unit disc, y points down.
//
// The distances to polygons and circles are exact; for the crescent and the
// heart, which are unions and differences, they are bounds that are exact near
// the edge, and the edge is all that anti-aliasing needs.
func outline(class int, x, y float64) float64 {
	switch class {
	case 0: // circle
		return math.Sqrt(x*x+y*y) - 0.86
	case 1:
		return polygon(squareCorners, x, y)
	case 2:
		return polygon(triangleCorners, x, y)
	case 3:
		return polygon(starCorners, x, y)
	case 4:
		return polygon(crossCorners, x, y)
	case 5: // ring
		return math.Abs(math.Sqrt(x*x+y*y)-0.72) - 0.22
	case 6: // crescent: a disc less another
		bite := x - 0.42
		return max(math.Sqrt(x*x+y*y)-0.98, 0.72-math.Sqrt(bite*bite+y*y))
	case 7:
		return heart(x, y)
	case 8:
		return polygon(arrowCorners, x, y)
	default:
		return polygon(hourglassCorners, x, y)
	}
}

type point struct{ x, y float64 }

var (
	squareCorners    = regular(4, 1, 1)
	triangleCorners  = regular(3, 1, 1)
	starCorners      = regular(10, 1, 0.42)
	hourglassCorners = []point{{-0.72, -0.82}, {0.72, -0.82}, {0.13, 0}, {0.72, 0.82}, {-0.72, 0.82}, {-0.13, 0}}
	arrowCorners     = []point{{1, 0}, {0.15, 0.82}, {0.15, 0.3}, {-0.95, 0.3}, {-0.95, -0.3}, {0.15, -0.3}, {0.15, -0.82}}
	crossCorners     = []point{
		{-0.29, -0.95}, {0.29, -0.95}, {0.29, -0.29}, {0.95, -0.29}, {0.95, 0.29}, {0.29, 0.29},
		{0.29, 0.95}, {-0.29, 0.95}, {-0.29, 0.29}, {-0.95, 0.29}, {-0.95, -0.29}, {-0.29, -0.29},
	}
)

// regular is a polygon whose corners lie on two circles in turn.
func regular(corners int, even, odd float64) []point {
	p := make([]point, corners)
	for k := range p {
		radius := even
		if k%2 == 1 {
			radius = odd
		}
		sin, cos := math.Sincos(2*math.Pi*float64(k)/float64(corners) - math.Pi/2)
		p[k] = point{radius * cos, radius * sin}
	}
	return p
}

// polygon is the signed distance to a simple polygon: the distance to the
// nearest edge, with the sign of the even-odd rule.
func polygon(corners []point, x, y float64) float64 {
	nearest := math.Inf(1)
	inside := false
	b := corners[len(corners)-1]
	for _, a := range corners {
		ex, ey := b.x-a.x, b.y-a.y
		px, py := x-a.x, y-a.y
		t := min(max((px*ex+py*ey)/(ex*ex+ey*ey), 0), 1)
		dx, dy := px-t*ex, py-t*ey
		nearest = min(nearest, dx*dx+dy*dy)
		if (a.y > y) != (b.y > y) && px < ex*py/ey {
			inside = !inside
		}
		b = a
	}
	if inside {
		return -math.Sqrt(nearest)
	}
	return math.Sqrt(nearest)
}

// heart is two discs on a square that stands on its corner: with the square's
// half-diagonal h and centre c, the discs are centred in the middle of its two
// upper edges, with half an edge as radius.
func heart(x, y float64) float64 {
	const (
		h      = 0.78
		centre = 0.1
		radius = h * math.Sqrt2 / 2
	)
	x, y = math.Abs(x), y-centre
	square := (x + math.Abs(y) - h) / math.Sqrt2
	dx, dy := x-h/2, y+h/2
	return min(square, math.Sqrt(dx*dx+dy*dy)-radius)
}
