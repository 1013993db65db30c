package corrupt

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"sslkit/kit/setting"
)

// Corruption is one of the fifteen common corruptions, in the paper's order.
type Corruption int

// The noises, the blurs, the weather and the digital ones.
const (
	GaussianNoise Corruption = iota
	ShotNoise
	ImpulseNoise
	DefocusBlur
	GlassBlur
	MotionBlur
	ZoomBlur
	Snow
	Frost
	Fog
	Brightness
	Contrast
	Elastic
	Pixelate
	JPEG
)

// Severities is how many severities each corruption has: 1 (mild) to 5.
const Severities = 5

// maxSide is the greatest height and width that a JPEG file can tell, in pixels.
const maxSide = 1<<16 - 1

// corruptions holds each corruption's name and what it does to a picture at a severity. A
// corruption may write into the picture that it is given.
var corruptions = [...]struct {
	name  string
	apply func(p picture, severity int, random *rand.Rand) picture
}{
	GaussianNoise: {"gaussian noise", gaussianNoise},
	ShotNoise:     {"shot noise", shotNoise},
	ImpulseNoise:  {"impulse noise", impulseNoise},
	DefocusBlur:   {"defocus blur", defocusBlur},
	GlassBlur:     {"glass blur", glassBlur},
	MotionBlur:    {"motion blur", motionBlur},
	ZoomBlur:      {"zoom blur", zoomBlur},
	Snow:          {"snow", snow},
	Frost:         {"frost", frost},
	Fog:           {"fog", fog},
	Brightness:    {"brightness", brightness},
	Contrast:      {"contrast", contrast},
	Elastic:       {"elastic transform", elastic},
	Pixelate:      {"pixelate", pixelate},
	JPEG:          {"jpeg compression", jpegCompression},
}

// All returns the fifteen corruptions in the paper's order.
func All() []Corruption {
	all := make([]Corruption, len(corruptions))
	for i := range all {
		all[i] = Corruption(i)
	}
	return all
}

// String returns the name in lower case: "gaussian noise".
func (c Corruption) String() string {
	if c.known() {
		return corruptions[c].name
	}
	return fmt.Sprintf("Corruption(%d)", int(c))
}

// MarshalText makes a saved recipe readable.
func (c Corruption) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Corruption) UnmarshalText(text []byte) error {
	for _, known := range All() {
		if string(text) == known.String() {
			*c = known
			return nil
		}
	}
	return fmt.Errorf("corrupt: corruption is %q; it must be one of %v", text, All())
}

func (c Corruption) known() bool { return c >= 0 && int(c) < len(corruptions) }

// Apply returns a corrupted copy of an image of height·width·3 bytes (RGB interleaved, row-major),
// of the same size. The severity is 1 to 5. The result is a pure function of the arguments: a seed
// stands for the same draw (the same normal deviates, the same flakes before they are thresholded,
// the same direction) at every severity, so that where the strengths allow it severities differ in
// strength alone; corruptions of equal seeds are independent.
//
// An unknown corruption, a severity out of range, an image that is empty or has a side of more than
// 65535 pixels, and a buffer of another size are errors. Results may differ by a level between
// processor architectures, whose compilers fuse multiplications and additions differently.
func Apply(c Corruption, severity int, pix []uint8, height, width int, seed uint64) ([]uint8, error) {
	if err := check(c, severity); err != nil {
		return nil, err
	}
	if err := cmp.Or(
		setting.Within(1, maxSide, "corrupt: height", float64(height)),
		setting.Within(1, maxSide, "corrupt: width", float64(width)),
	); err != nil {
		return nil, err
	}
	if want := height * width * 3; len(pix) != want {
		return nil, fmt.Errorf("corrupt: pix holds %d bytes for an image of %d×%d×3 = %d", len(pix), height, width, want)
	}
	random := rand.New(rand.NewPCG(hash(seed, uint64(c)), hash(uint64(c), seed)))
	return corruptions[c].apply(fromBytes(pix, height, width), severity, random).bytes(), nil
}

// check returns an error that names what is out of range.
func check(c Corruption, severity int) error {
	if !c.known() {
		return fmt.Errorf("corrupt: the corruption is %d; it must be from 0 to %d", int(c), len(corruptions)-1)
	}
	if severity < 1 || severity > Severities {
		return fmt.Errorf("corrupt: severity is %d; it must be from 1 to %d", severity, Severities)
	}
	return nil
}

// hash makes one seed of several words, such that neighbouring ones have nothing in common:
// SplitMix64's output function (Steele, Lea and Flood 2014) over each.
func hash(words ...uint64) uint64 {
	var h uint64
	for _, word := range words {
		z := (h ^ word) + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		h = z ^ z>>31
	}
	return h
}
