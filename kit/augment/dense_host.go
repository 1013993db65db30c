package augment

import (
	"math"

	"sslkit/data"
)

// AffineMap is a map of points, row by row: x' = m[0][0]*x + m[0][1]*y + m[0][2], and y' of m[1] in
// the same way.
type AffineMap [2][3]float64

// at is where a point goes.
func (m AffineMap) at(x, y float64) (float64, float64) {
	return m[0][0]*x + m[0][1]*y + m[0][2], m[1][0]*x + m[1][1]*y + m[1][2]
}

// inverse is the way back.
func (m AffineMap) inverse() AffineMap {
	determinant := m[0][0]*m[1][1] - m[0][1]*m[1][0]
	a, b := m[1][1]/determinant, -m[0][1]/determinant
	d, e := -m[1][0]/determinant, m[0][0]/determinant
	return AffineMap{{a, b, -a*m[0][2] - b*m[1][2]}, {d, e, -d*m[0][2] - e*m[1][2]}}
}

// hostMove is move on the host.
type hostMove struct {
	inverse                 AffineMap
	height, width, toH, toW int
}

// hostMoves are moves on the host, for the parameters of one image.
func (p Pipeline) hostMoves(params [][]float32, height, width int) (steps []hostMove) {
	for i, t := range p {
		toH, toW := outputSize(t, height, width)
		switch t := t.(type) {
		case Geometric:
			steps = append(steps, hostMove{t.HostMap(params[i], height, width), height, width, toH, toW})
		case mover:
			for _, m := range t.hostMoves(params[i], height, width) {
				steps = append(steps, hostMove{m, height, width, height, width})
			}
		}
		height, width = toH, toW
	}
	return steps
}

// HostBoxes is ApplyBoxes' twin for one image on the host: boxes holds four numbers for each of the
// classes, and params are those that Host takes. It returns new slices.
func (p Pipeline) HostBoxes(params [][]float32, boxes []float32, classes []int32, height, width int) ([]float32, []int32) {
	moved, kept := make([]float32, len(boxes)), make([]int32, len(classes))
	steps := p.hostMoves(params, height, width)
	for k, class := range classes {
		kept[k] = data.NoObject
		b := [4]float64{}
		for i := range b {
			b[i] = float64(boxes[4*k+i])
		}
		left := 1.
		for _, step := range steps {
			forward := step.inverse.inverse()
			around := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
			for corner := range 4 {
				x, y := forward.at(b[2*(corner%2)], b[2*(corner/2)+1])
				around = [4]float64{min(around[0], x), min(around[1], y), max(around[2], x), max(around[3], y)}
			}
			for i, limit := range [4]int{step.toW, step.toH, step.toW, step.toH} {
				b[i] = min(max(around[i], 0), float64(limit))
			}
			left *= (b[2] - b[0]) * (b[3] - b[1]) / max((around[2]-around[0])*(around[3]-around[1]), 1e-9)
		}
		if class == data.NoObject || left < BoxLeft || b[2]-b[0] < BoxSide || b[3]-b[1] < BoxSide {
			continue
		}
		kept[k] = class
		for i := range b {
			moved[4*k+i] = float32(b[i])
		}
	}
	return moved, kept
}

// HostMask is ApplyMasks' twin for one mask, [height, width], on the host: params are those that
// Host takes. It returns a new mask.
func (p Pipeline) HostMask(params [][]float32, mask []uint8, height, width int) []uint8 {
	toH, toW := p.OutputSize(height, width)
	moved := make([]uint8, toH*toW)
	steps := p.hostMoves(params, height, width)
	for at := range moved {
		x, y := float64(at%toW)+.5, float64(at/toW)+.5
		inside := true
		for i := len(steps) - 1; i >= 0; i-- {
			x, y = steps[i].inverse.at(x, y)
			inside = inside && x >= -nudge && y >= -nudge && x < float64(steps[i].width)-nudge && y < float64(steps[i].height)-nudge
		}
		moved[at] = data.IgnoredPixel
		if inside {
			moved[at] = mask[int(y+nudge)*width+int(x+nudge)]
		}
	}
	return moved
}

// hostMoves implements mover.
func (t RandAugment) hostMoves(params []float32, height, width int) (maps []AffineMap) {
	t = t.WithDefaults()
	for i := range t.Ops {
		maps = append(maps, operation(params[2*i]).hostMap(float64(params[2*i+1]), height, width, t.Translation))
	}
	return maps
}

// hostMap is where the pixels of an operation come from, the same place where it moves none.
func (o operation) hostMap(strength float64, height, width int, translation float64) AffineMap {
	m := AffineMap{{1, 0, 0}, {0, 1, 0}}
	shift := func(side int) float64 {
		return math.Copysign(math.Floor(math.Abs(translation*float64(side)*strength)+wholePixel), strength)
	}
	switch o {
	case shearX:
		m[0][1] = .3 * strength
	case shearY:
		m[1][0] = .3 * strength
	case translateX:
		m[0][2] = shift(width)
	case translateY:
		m[1][2] = shift(height)
	case rotate:
		return turned(strength*30*math.Pi/180, 1, float64(width)/2, float64(height)/2, 0, 0)
	}
	return m
}

// turned is the map, from output to input, of an image that is turned clockwise by an angle in
// radians and magnified about its centre, and then shifted right and down by pixels.
func turned(angle, magnification, centreX, centreY, right, down float64) AffineMap {
	sin, cos := math.Sincos(angle)
	sin, cos = sin/magnification, cos/magnification
	x, y := centreX+right, centreY+down
	return AffineMap{{cos, sin, centreX - cos*x - sin*y}, {-sin, cos, centreY + sin*x - cos*y}}
}
