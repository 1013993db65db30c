package data

import "math"

// Video is a clip of [Shapes]: a few objects that move in straight lines,
// bounce off the edges and turn, in front of a background that stays.
type Video struct {
	Size    int     // side of every frame in pixels
	Classes []int   // class of each object; 0 is the object of the sample of the same index
	Caption string  // of the first frame's object 0, as in Sample
	Frames  []Frame // in order of time
}

// Frame is one picture of a video.
type Frame struct {
	Pix   []uint8 // [Size, Size, 3], RGB
	Mask  []uint8 // [Size, Size], 0 for the background, k+1 where object k is seen; earlier objects hide later ones
	Boxes []Box   // of what is seen of each object; the zero Box where it is hidden
}

// maxObjects is the most objects in a video.
const maxObjects = 3

// motion moves a pose from frame to frame.
type motion struct {
	vx, vy float64 // pixels a frame
	turn   float64 // radians a frame
}

// Video draws a clip of the given number of frames: the object and background
// of Sample(split, i), which is what its first frame shows, joined by up to
// two smaller objects. Speeds are 2 to 6 % of the side a frame, turns up to
// 0.2 radians. Frame f does not depend on how many frames are asked for. It
// panics as [Shapes.Sample] does.
func (s Shapes) Video(split Split, i, frames int) Video {
	s.mustCheck(split, i)
	s = s.WithDefaults()
	film := s.film(split, i)
	v := Video{Size: s.Size, Caption: film.scene.caption(s.Size), Frames: make([]Frame, frames)}
	for k := range film.cast {
		v.Classes = append(v.Classes, film.cast[k].class)
	}
	c := newCanvas(s.Size)
	for f := range v.Frames {
		film.expose(c, f)
		frame := Frame{Pix: make([]uint8, s.Size*s.Size*3), Mask: append([]uint8(nil), c.mask...)}
		c.develop(&film.scene.backdrop, frame.Pix)
		for k := range film.cast {
			frame.Boxes = append(frame.Boxes, c.box(uint8(k+1)))
		}
		film.advance()
		v.Frames[f] = frame
	}
	return v
}

// film is a video at one moment.
type film struct {
	scene scene // whose object is the first of the cast, at the start
	cast  []actor
	size  float64
	noise uint64 // seed of the background's texture
}

// actor is an object that moves.
type actor struct {
	object
	motion
}

// film is the video of image i before its first frame.
func (s Shapes) film(split Split, i int) film {
	m := film{scene: s.scene(split, i), size: float64(s.Size)}
	m.noise = m.scene.backdrop.seed
	r := newRNG(s.Seed, forVideo, uint64(split), uint64(i))
	m.cast = make([]actor, 1+r.intn(maxObjects))
	for k := range m.cast {
		if k == 0 {
			m.cast[k].object = m.scene.object
		} else {
			m.cast[k].object = s.companion(&r, &m.scene)
		}
		speed, direction := m.size*r.between(0.02, 0.06), r.angle()
		m.cast[k].motion = motion{speed * math.Cos(direction), speed * math.Sin(direction), r.between(-0.2, 0.2)}
	}
	return m
}

// expose draws frame f, the moment that the film is at, ready to be developed
// in the scene's backdrop.
func (m *film) expose(c *canvas, f int) {
	m.scene.backdrop.seed = m.noise // the background's texture stays
	c.paint(&m.scene.backdrop)
	for k := len(m.cast) - 1; k >= 0; k-- { // object 0 in front
		c.add(&m.cast[k].object, uint8(k+1))
	}
	m.scene.backdrop.seed = m.noise + uint64(f) // the sensor's noise does not
}

// advance moves the film on by one frame.
func (m *film) advance() {
	for k := range m.cast {
		m.cast[k].motion.advance(&m.cast[k].pose, m.size)
	}
}

// companion is another, smaller object on the same background.
func (s Shapes) companion(r *rng, sc *scene) object {
	l := newLook(r, r.intn(len(shapeNames)))
	o := s.arrange(r, l, sc.group).object
	// Its inks were chosen for another background: take the first object's
	// lumas, which stand out from this one.
	for k, hue := range [2]float64{l.hue, l.secondHue} {
		o.inks[k] = shadeOf(hue, r.between(0.5, 1), sc.object.inks[k].luma())
	}
	size := float64(s.Size)
	o.radius = size * r.between(0.13, 0.2)
	o.x, o.y = r.between(o.radius, size-o.radius), r.between(o.radius, size-o.radius)
	return o
}

// advance moves a pose on by one frame, keeping its circle in the picture.
func (m *motion) advance(p *pose, size float64) {
	p.x, m.vx = bounce(p.x+m.vx, m.vx, p.radius, size-p.radius)
	p.y, m.vy = bounce(p.y+m.vy, m.vy, p.radius, size-p.radius)
	p.angle += m.turn
}

// bounce reflects a coordinate, and its velocity, at the ends of a range.
func bounce(at, velocity, low, high float64) (position, after float64) {
	if at < low {
		at, velocity = 2*low-at, -velocity
	} else if at > high {
		at, velocity = 2*high-at, -velocity
	}
	// A range narrower than the step would be overshot on the other side.
	return min(max(at, low), high), velocity
}
