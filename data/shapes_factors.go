package data

import (
	"errors"
	"math"
)

// ShapeFactors returns the names of what [Shapes.Factors] measures.
func ShapeFactors() []string {
	names := make([]string, len(shapeFactors))
	for f, factor := range shapeFactors {
		names[f] = factor.name
	}
	return names
}

// shapeFactors are what varies in a scene independently of its class.
var shapeFactors = []struct {
	name string
	of   func(sc *scene) float64
}{
	{"size", func(sc *scene) float64 { return sc.object.radius / float64(sc.size) }},
	{"rotation", func(sc *scene) float64 { return math.Abs(sc.object.angle) * 180 / math.Pi }},
	{"stretch", func(sc *scene) float64 { return math.Exp(math.Abs(math.Log(sc.object.stretch))) }},
	{"off-centre", func(sc *scene) float64 {
		half := float64(sc.size) / 2
		return math.Hypot(sc.object.x-half, sc.object.y-half) / float64(sc.size)
	}},
	{"clutter", func(sc *scene) float64 { return float64(sc.marks) }},
	{"light", func(sc *scene) float64 { return math.Hypot(sc.light[0], sc.light[1]) }},
	{"noise", func(sc *scene) float64 { return sc.noise }},
}

// Factors are what varies in the first n images of a split beside their class, one slice of n for
// each name of
// [ShapeFactors]: does a model fail on small objects, on turned ones?
//
//	size        radius of the object in shares of the image's side, 0.2 to 0.34
//	rotation    how far the object is turned to either side, 0 to 30 degrees
//	stretch     the longer over the shorter of width and height, 1 to 1.23
//	off-centre  distance of the object's centre from the image's, in shares of the side, 0 to 0.43
//	clutter     number of distracting marks, 0 to 3
//	light       strength of the lighting gradient, 0 to 0.15
//	noise       amplitude of the noise, 0 to 0.03 of the range of intensities
//
// Errors: bad settings, an unknown split, n below 1.
func (s Shapes) Factors(split Split, n int) ([][]float64, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, errors.New("data.Shapes.Factors: n must be at least 1")
	}
	s = s.WithDefaults()
	values := make([][]float64, len(shapeFactors))
	for i := range n {
		sc := s.scene(split, i)
		for f, factor := range shapeFactors {
			values[f] = append(values[f], factor.of(&sc))
		}
	}
	return values, nil
}
