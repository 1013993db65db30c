package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sslkit/kit/setting"
)

// Patterns is an embedded procedural world of cloths: each class is a collection of a few patterns
// that have nothing in common but the label, and an image is a piece of one of them, cut anywhere, in
// any two colours, a little larger or smaller and turned a little, in uneven light, sometimes with
// stains. Nothing is downloaded, and image i is a pure function of (Seed, split, i).
//
// So a class has an inner variety that no augmentation undoes, as classes of photographs have, and
// what belongs together can be seen without labels: the pieces of a pattern are alike. Of few labels
// each speaks for one pattern alone, and an encoder that knows the patterns makes most of them. In
// [Shapes], whose classes differ in their outline and in nothing else, it is the other way round.
//
//	set, err := data.Patterns{Train: 1000}.Open(data.Train)
//
// Every ten consecutive images hold each class once, so any multiple of ten is exactly balanced.
// Subgroups are the ways in which patterns are made, such as stripes or bricks; each class may have
// several. Pixels may differ by a level between processor architectures, as those of [Shapes].
type Patterns struct {
	Size       int    // side of the square images in pixels, at least 32. Default 32.
	Train      int    // training images. Default 10,000.
	Validation int    // validation images. Default 2,000.
	Test       int    // test images. Default 2,000.
	Kinds      int    // patterns of each class, 1 to 100. Default 3.
	Seed       uint64 // other patterns
}

// patternsVersion changes whenever the same settings draw other pixels.
const patternsVersion = "patterns/1"

// patternClasses are the classes of Patterns.
var patternClasses = func() []string {
	names := make([]string, 10)
	for c := range names {
		names[c] = fmt.Sprintf("collection %d", c+1)
	}
	return names
}()

// Name returns "patterns".
func (p Patterns) Name() string { return "patterns" }

// WithDefaults fills in the settings that were left at zero.
func (p Patterns) WithDefaults() Patterns {
	p.Size = cmp.Or(p.Size, 32)
	p.Train, p.Validation, p.Test = cmp.Or(p.Train, 10_000), cmp.Or(p.Validation, 2_000), cmp.Or(p.Test, 2_000)
	p.Kinds = cmp.Or(p.Kinds, 3)
	return p
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (p Patterns) Check() error {
	d := Patterns{}.WithDefaults()
	p = p.WithDefaults()
	return cmp.Or(
		setting.Within(32, maxSide, "data.Patterns: Size", float64(p.Size), d.Size),
		setting.AtLeast(1, "data.Patterns: Train", p.Train, d.Train),
		setting.AtLeast(1, "data.Patterns: Validation", p.Validation, d.Validation),
		setting.AtLeast(1, "data.Patterns: Test", p.Test, d.Test),
		setting.Within(1, 100, "data.Patterns: Kinds", float64(p.Kinds), d.Kinds))
}

// Open returns one split. It takes no time: an image is drawn when it is first read, and is kept
// where those of the split take at most 128 MiB.
func (p Patterns) Open(split Split) (Set, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	p = p.WithDefaults()
	count := [...]int{p.Train, p.Validation, p.Test}[split]
	return &patternSet{
		world: p, split: split, count: count, kinds: p.kinds(), seen: drawnOnce{count: count, bytes: p.Size * p.Size * 3},
	}, nil
}

// kinds are the patterns of the classes, those of class c from c·Kinds on. All ways to make one are
// there as often as they can be, and chance says in which class.
func (p Patterns) kinds() []pattern {
	kinds := make([]pattern, len(patternClasses)*p.Kinds)
	r := newRNG(p.Seed, forPatternKinds, 0, 0)
	for at, k := range r.permutation(len(kinds)) {
		own := newRNG(p.Seed, forPatternKinds, 1, uint64(k))
		kinds[at] = newPattern(&own, weave(k%int(weaves)))
	}
	return kinds
}

var _ Grouped = (*patternSet)(nil)

// patternSet is one split of Patterns.
type patternSet struct {
	world Patterns
	split Split
	count int
	kinds []pattern
	seen  drawnOnce
}

func (s *patternSet) Name() string              { return "patterns/" + s.split.String() }
func (s *patternSet) Len() int                  { return s.count }
func (s *patternSet) Size() (height, width int) { return s.world.Size, s.world.Size }
func (s *patternSet) Classes() []string         { return patternClasses }
func (s *patternSet) Groups() []string          { return weaveNames[:] }
func (s *patternSet) Close() error              { return nil }

func (s *patternSet) mustHave(i int) {
	if i < 0 || i >= s.count {
		panic(fmt.Errorf("data: %s: image %d is outside [0, %d)", s.Name(), i, s.count))
	}
}

func (s *patternSet) Label(i int) int {
	s.mustHave(i)
	return i % len(patternClasses)
}

// Group is how the pattern of image i is made, in [0, len(Groups())).
func (s *patternSet) Group(i int) int {
	s.mustHave(i)
	_, kind := s.drawnBy(i)
	return int(s.kinds[kind].weave)
}

// drawnBy is the stream that image i is drawn by, and the number of its pattern.
func (s *patternSet) drawnBy(i int) (rng, int) {
	r := newRNG(s.world.Seed, forPatterns, uint64(s.split), uint64(i))
	kind := r.intn(s.world.Kinds)
	return r, i%len(patternClasses)*s.world.Kinds + kind
}

func (s *patternSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	s.seen.read(i, pix, func(pix []uint8) { s.draw(i, pix) })
	return nil
}

// draw draws image i.
func (s *patternSet) draw(i int, pix []uint8) {
	r, kind := s.drawnBy(i)
	cut(&r, s.kinds[kind], s.world.Size).draw(&r, s.world.Size, pix)
}

func (s *patternSet) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s size %d kinds %d seed %d %s %d", patternsVersion, s.world.Size, s.world.Kinds, s.world.Seed, s.split, s.count))
	return hex.EncodeToString(sum[:])
}
