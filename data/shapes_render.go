package data

import "math"

// canvas is a picture being drawn: linear layers in float32, and which object
// each pixel shows.
type canvas struct {
	size int
	pix  []float32 // [size, size, 3]
	mask []uint8   // [size, size], 0 for the background, k for the k-th object
}

func newCanvas(size int) *canvas {
	return &canvas{size: size, pix: make([]float32, size*size*3), mask: make([]uint8, size*size)}
}

// paint draws the background and its clutter over whatever was there.
func (c *canvas) paint(s *backdrop) {
	clear(c.mask)
	sin, cos := math.Sincos(s.angle)
	centre := float64(c.size) / 2
	edge, span := 1/s.period, float64(c.size)/s.period
	k := 0
	for row := range c.size {
		for column := range c.size {
			x, y := float64(column)+0.5-centre, float64(row)+0.5-centre
			share := s.kind.at((x*cos+y*sin)/s.period, (y*cos-x*sin)/s.period, edge, span, s.seed)
			c.pix[k] = float32(s.inks[0][0] + share*(s.inks[1][0]-s.inks[0][0]))
			c.pix[k+1] = float32(s.inks[0][1] + share*(s.inks[1][1]-s.inks[0][1]))
			c.pix[k+2] = float32(s.inks[0][2] + share*(s.inks[1][2]-s.inks[0][2]))
			k += 3
		}
	}
	for k := range s.marks {
		c.mark(&s.clutter[k])
	}
}

// mark draws a line with round ends.
func (c *canvas) mark(m *mark) {
	reach := m.radius + 1
	x0, x1 := c.clip(min(m.x0, m.x1)-reach, max(m.x0, m.x1)+reach)
	y0, y1 := c.clip(min(m.y0, m.y1)-reach, max(m.y0, m.y1)+reach)
	ex, ey := m.x1-m.x0, m.y1-m.y0
	length := ex*ex + ey*ey
	for row := y0; row < y1; row++ {
		for column := x0; column < x1; column++ {
			px, py := float64(column)+0.5-m.x0, float64(row)+0.5-m.y0
			t := 0.0
			if length > 0 {
				t = min(max((px*ex+py*ey)/length, 0), 1)
			}
			dx, dy := px-t*ex, py-t*ey
			// Compare squares first: most pixels of a slanted line's box are far.
			if d := dx*dx + dy*dy; d < reach*reach {
				c.blend(row*c.size+column, &m.ink, step(m.radius-math.Sqrt(d), 1))
			}
		}
	}
}

// add draws an object over the picture, as the id-th of its mask.
func (c *canvas) add(o *object, id uint8) {
	// Pixels go to the shape's own coordinates by the inverse of its stretch,
	// scale and rotation. The distance comes back in pixels by the mean scale,
	// so that a stretched edge is up to a fifth softer or harder than a pixel.
	sin, cos := math.Sincos(o.angle)
	sx, sy := o.radius*math.Sqrt(o.stretch), o.radius/math.Sqrt(o.stretch)
	if longest := max(sx, sy); longest > o.radius { // stay within the circle of the pose
		sx, sy = sx*o.radius/longest, sy*o.radius/longest
	}
	scale := math.Sqrt(sx * sy)
	edge, span := 1/(scale*o.period), 2/o.period
	x0, x1 := c.clip(o.x-o.radius-1, o.x+o.radius+1)
	y0, y1 := c.clip(o.y-o.radius-1, o.y+o.radius+1)
	for row := y0; row < y1; row++ {
		for column := x0; column < x1; column++ {
			px, py := float64(column)+0.5-o.x, float64(row)+0.5-o.y
			x, y := (px*cos+py*sin)/sx, (py*cos-px*sin)/sy
			if x*x+y*y > 1.5 {
				continue
			}
			cover := step(-outline(o.class, x, y)*scale, 1)
			if cover == 0 {
				continue
			}
			share := o.texture.at(x/o.period, y/o.period, edge, span, o.seed)
			ink := rgb{
				o.inks[0][0] + share*(o.inks[1][0]-o.inks[0][0]),
				o.inks[0][1] + share*(o.inks[1][1]-o.inks[0][1]),
				o.inks[0][2] + share*(o.inks[1][2]-o.inks[0][2]),
			}
			at := row*c.size + column
			c.blend(at, &ink, cover)
			if cover >= 0.5 {
				c.mask[at] = id
			}
		}
	}
}

// develop turns the layers into bytes, under the backdrop's light and noise.
func (c *canvas) develop(s *backdrop, pix []uint8) {
	r := newRNG(s.seed, forPixels, 0, 0)
	half := float64(c.size) / 2
	amplitude := float32(s.noise / (1 << 20))
	k := 0
	for row := range c.size {
		light := 1 + s.light[1]*(float64(row)+0.5-half)/half
		along := s.light[0] / half
		for column := range c.size {
			gain := float32(light + along*(float64(column)+0.5-half))
			// One word is three uniform 21-bit values in [-1, 1).
			word := r.uint64()
			for range 3 {
				noise := float32(int32(word&(1<<21-1))-1<<20) * amplitude
				word >>= 21
				pix[k] = uint8(min(max(c.pix[k]*gain+noise, 0), 1)*255 + 0.5)
				k++
			}
		}
	}
}

// box is the tightest box around an object's visible pixels.
func (c *canvas) box(id uint8) Box {
	b := Box{X0: c.size, Y0: c.size}
	for row := range c.size {
		for column, m := range c.mask[row*c.size : (row+1)*c.size] {
			if m == id {
				b.X0, b.X1 = min(b.X0, column), max(b.X1, column+1)
				b.Y0, b.Y1 = min(b.Y0, row), row+1
			}
		}
	}
	if b.X1 == 0 {
		return Box{}
	}
	return b
}

// clip is the range of pixels whose centres may lie between two coordinates.
func (c *canvas) clip(from, to float64) (first, end int) {
	return max(int(math.Floor(from)), 0), min(int(math.Ceil(to)), c.size)
}

func (c *canvas) blend(at int, ink *rgb, cover float64) {
	p := c.pix[3*at : 3*at+3 : 3*at+3]
	keep := float32(1 - cover)
	p[0] = p[0]*keep + float32(ink[0]*cover)
	p[1] = p[1]*keep + float32(ink[1]*cover)
	p[2] = p[2]*keep + float32(ink[2]*cover)
}
