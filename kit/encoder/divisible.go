package encoder

import "strings"

// Divisible is an Encoder whose attention and perceptrons several devices can share out, with the
// weights of these: each takes some of the heads and some of the hidden units (Shoeybi et al. 2019,
// arXiv:1909.08053, section 3).
type Divisible interface {
	Encoder

	// Divides are the numbers of heads and of hidden units, both of which the number of devices
	// must divide.
	Divides() (heads, hidden int)

	// DividedAxis is the axis of a variable along which devices divide it, and false for a variable
	// that each of them has whole; path is the variable's in the encoder's scope, such as
	// "blocks/0/mlp/fc1/weight".
	DividedAxis(path string) (axis int, ok bool)
}

var (
	_ Divisible = ViT{}
	_ Divisible = IGPT{}
)

// Divides are Heads and the hidden units of a block.
func (v ViT) Divides() (heads, hidden int) {
	v = v.WithDefaults()
	return v.Heads, v.hidden()
}

// DividedAxis is that of a block's weights.
func (ViT) DividedAxis(path string) (axis int, ok bool) { return axisOfBlock(path) }

// Divides are Heads and the hidden units of a block.
func (e IGPT) Divides() (heads, hidden int) {
	e = e.WithDefaults()
	return e.Heads, e.Width * e.MLPRatio
}

// DividedAxis is that of a block's weights.
func (IGPT) DividedAxis(path string) (axis int, ok bool) { return axisOfBlock(path) }

// axisOfBlock is the axis of the heads or hidden units: the columns of the first of two linear
// layers and the rows of the second. Between the two of a perceptron nothing passes from device to
// device, and behind them a sum; the weights of queries, keys and values, which are stored one
// behind the other and not by heads, are laid out anew at each step.
func axisOfBlock(path string) (axis int, ok bool) {
	if !strings.HasPrefix(path, "blocks/") {
		return 0, false
	}
	for _, columns := range []string{"/attn/qkv/weight", "/mlp/fc1/weight", "/mlp/fc1_g/weight", "/mlp/fc1_x/weight"} {
		if strings.HasSuffix(path, columns) {
			return 1, true
		}
	}
	for _, rows := range []string{"/mlp/fc1/bias", "/mlp/fc1_g/bias", "/mlp/fc1_x/bias", "/attn/proj/weight", "/mlp/fc2/weight"} {
		if strings.HasSuffix(path, rows) {
			return 0, true
		}
	}
	return 0, false
}
