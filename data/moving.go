package data

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// Moving is the clips of a world of [Shapes], each with one object that moves in a straight line and
// bounces off the edges, labelled by the direction in which it moves. A still image does not show
// that, and how the object looks has nothing to do with it.
//
//	data.Moving{World: data.Shapes{Train: 5_000, Seed: 1}, Directions: 8}
//
// The label is the direction from the place of the object in the first frame to that in the last of
// Frames, to the nearest of Directions. Where the object is says a little of it too, since at an edge
// it can only move inwards: on [FrameStrips] with one frame, a probe shows how much.
type Moving struct {
	World      Shapes // whose images begin the clips
	Directions int    // classes, 4 or 8, the first to the right and the others in clockwise order; default 8
	Frames     int    // from the first of which to the last the direction is taken, at least 2; default 3
}

// directionNames are the classes of eight directions, clockwise; every other one is of four.
var directionNames = []string{"right", "down right", "down", "down left", "left", "up left", "up", "up right"}

// Name is "moving".
func (m Moving) Name() string { return "moving" }

// WithDefaults fills in the settings that were left at zero.
func (m Moving) WithDefaults() Moving {
	m.World = m.World.WithDefaults()
	m.Directions, m.Frames = cmp.Or(m.Directions, len(directionNames)), cmp.Or(m.Frames, 3)
	return m
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (m Moving) Check() error {
	d := Moving{}.WithDefaults()
	m = m.WithDefaults()
	if err := m.World.Check(); err != nil {
		return fmt.Errorf("data.Moving: World: %w", err)
	}
	return cmp.Or(
		setting.Must(m.Directions == 4 || m.Directions == 8, "data.Moving: Directions", m.Directions, "4 or 8", d.Directions),
		setting.Must(m.Frames >= 2 && m.Frames <= mostMovingFrames, "data.Moving: Frames", m.Frames,
			fmt.Sprintf("in [2, %d]", mostMovingFrames), d.Frames))
}

// mostMovingFrames bounds Moving.Frames: a label is found by moving on frame by frame.
const mostMovingFrames = 1000

// Open returns one split, of [Clips]. It takes no time: images are drawn when read.
func (m Moving) Open(split Split) (Set, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m = m.WithDefaults()
	set, err := m.World.Open(split)
	if err != nil {
		return nil, err
	}
	return &movingSet{set.(*shapesSet), m}, nil
}

var _ Clips = (*movingSet)(nil)

// movingSet is one split of Moving.
type movingSet struct {
	*shapesSet
	of Moving
}

func (s *movingSet) Name() string { return s.of.Name() + "/" + s.split.String() }

func (s *movingSet) Classes() []string {
	names := make([]string, s.of.Directions)
	for d := range names {
		names[d] = directionNames[d*len(directionNames)/s.of.Directions]
	}
	return names
}

func (s *movingSet) Fingerprint() string {
	return fmt.Sprintf("%s-motion-%d-%d", s.shapesSet.Fingerprint(), s.of.Directions, s.of.Frames)
}

func (s *movingSet) Label(i int) int {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
	film := s.world.film(s.split, i)
	from := film.cast[0].pose
	for range s.of.Frames - 1 {
		film.advance()
	}
	to := film.cast[0].pose
	return nearestDirection(to.x-from.x, to.y-from.y, s.of.Directions)
}

// nearestDirection is which of n directions, clockwise from the right, a displacement is nearest to;
// y is downwards.
func nearestDirection(dx, dy float64, n int) int {
	turns := math.Atan2(dy, dx) / (2 * math.Pi) // Of the clock, in [-1/2, 1/2].
	return (int(math.Round(turns*float64(n))) + n) % n
}
