package corrupt

// picture is an image in floating point, [height, width, channels], in [0, 1] where it shows
// something. Channels are 3, or 1 for a layer that is blended into an image.
type picture struct {
	pix                     []float64
	height, width, channels int
}

func blank(height, width, channels int) picture {
	return picture{make([]float64, height*width*channels), height, width, channels}
}

func fromBytes(pix []uint8, height, width int) picture {
	p := blank(height, width, 3)
	for i, v := range pix {
		p.pix[i] = float64(v) / 255
	}
	return p
}

// bytes are the levels 0 to 255, cut off to whole ones as the authors do.
func (p picture) bytes() []uint8 {
	pix := make([]uint8, len(p.pix))
	for i, v := range p.pix {
		pix[i] = level(v)
	}
	return pix
}

// level is the whole level not above v, clamped. Without the slack, a level that went through
// floating point and back would fall by one or not with the last bit.
func level(v float64) uint8 { return uint8(255*clamp(v) + 1e-6) }

func clamp(v float64) float64 { return min(max(v, 0), 1) }

// cutOff limits values to [0, 1] and whole levels, in place, as where the authors store 8 bits on
// the way.
func (p picture) cutOff() {
	for i, v := range p.pix {
		p.pix[i] = float64(level(v)) / 255
	}
}

// clone is a copy that shares nothing.
func (p picture) clone() picture {
	q := p
	q.pix = append([]float64(nil), p.pix...)
	return q
}

// at is the place of a pixel's first channel.
func (p picture) at(y, x int) int { return (y*p.width + x) * p.channels }
