package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"sslkit/kit/setting"
)

// Streets are pictures of streets as a car's camera sees them, drawn by a program: cars and trucks
// from the side, from behind and from the front, persons and traffic signs, on and beside a road, as
// large as their distance makes them. Houses, trees, lamp posts and boxes are nothing to be found.
// Nothing is downloaded, and image i is a pure function of (Seed, split, i).
//
//	day := data.Streets{}
//	night := data.Streets{Night: true} // The same streets, with the same boxes.
//
// Its sets are [ObjectMasks] and [Masks]; the classes of objects are [StreetClasses], those of
// pixels "background" and these. Boxes, areas and masks are of what is seen of an object, which is
// at least half of it and 6 pixels. The objects of an image are listed from the farthest to the
// nearest. Images have no label.
type Streets struct {
	Size       int    // side of the square images in pixels, 48 to 4096. Default 64.
	Train      int    // training images. Default 2,000.
	Validation int    // validation images. Default 500.
	Test       int    // test images. Default 500.
	Seed       uint64 // another world of the same distribution

	// Objects are the fewest and the most objects that are put into an image, from 1 to 50: their
	// number is uniform between these, less those of which half would be hidden. Default 1 to 6.
	Objects [2]int
	// Night is the same streets without daylight: all is dark but for lamps and some windows, and the
	// camera's noise is stronger. Default: day.
	Night bool
}

// streetsVersion changes whenever the same settings draw other pixels.
const streetsVersion = "streets/1"

var (
	streetClasses     = []string{"car", "truck", "person", "sign"}
	streetMaskClasses = append([]string{"background"}, streetClasses...)
)

// StreetClasses returns the class names of the objects of [Streets], by class.
func StreetClasses() []string { return slices.Clone(streetClasses) }

// Name returns "streets", or "streets-night".
func (s Streets) Name() string {
	if s.Night {
		return "streets-night"
	}
	return "streets"
}

// WithDefaults fills in the settings that were left at zero.
func (s Streets) WithDefaults() Streets {
	s.Size = cmp.Or(s.Size, 64)
	s.Train = cmp.Or(s.Train, 2_000)
	s.Validation = cmp.Or(s.Validation, 500)
	s.Test = cmp.Or(s.Test, 500)
	s.Objects = cmp.Or(s.Objects, [2]int{1, 6})
	return s
}

// Check returns an error that names the field and the allowed range of a bad setting.
func (s Streets) Check() error {
	d := Streets{}.WithDefaults()
	s = s.WithDefaults()
	return cmp.Or(
		setting.Within(48, maxSide, "data.Streets: Size", float64(s.Size), d.Size),
		setting.AtLeast(1, "data.Streets: Train", s.Train, d.Train),
		setting.AtLeast(1, "data.Streets: Validation", s.Validation, d.Validation),
		setting.AtLeast(1, "data.Streets: Test", s.Test, d.Test),
		setting.Within(1, 50, "data.Streets: Objects[0]", float64(s.Objects[0])),
		setting.Within(1, 50, "data.Streets: Objects[1]", float64(s.Objects[1])),
		setting.Must(s.Objects[0] <= s.Objects[1], "data.Streets: Objects", s.Objects, "from few to many"))
}

// Open returns one split. It takes no time: an image is drawn when it is first read, and is kept
// where those of the split take at most 128 MiB.
func (s Streets) Open(split Split) (Set, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	s = s.WithDefaults()
	count := [...]int{s.Train, s.Validation, s.Test}[split]
	sum := sha256.Sum256(fmt.Appendf(nil, "%s size %d seed %d %s %d objects %v night %v",
		streetsVersion, s.Size, s.Seed, split, count, s.Objects, s.Night))
	return &drawnSet{
		world: s, name: s.Name(), split: split, count: count, size: s.Size, most: s.Objects[1],
		classes: streetClasses, maskClasses: streetMaskClasses, fingerprint: hex.EncodeToString(sum[:]),
		seen: drawnOnce{count: count, bytes: s.Size * s.Size * 3},
	}, nil
}

func (s Streets) outlines(c *canvas, split Split, i int) (classes []int) {
	st := s.street(split, i)
	st.arrange(c)
	for _, t := range st.things {
		classes = append(classes, t.class)
	}
	return classes
}

func (s Streets) picture(c *canvas, split Split, i int, pix []uint8) {
	st := s.street(split, i)
	st.arrange(c)
	clear(c.mask)
	st.paint(c)
	for k := range st.things {
		st.add(c, &st.things[k], uint8(k+1))
	}
	c.develop(&st.backdrop, pix)
}
