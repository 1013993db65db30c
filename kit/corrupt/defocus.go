package corrupt

import (
	"math"
	"math/rand/v2"
)

// defocusBlur is a lens out of focus: every point becomes a disk.
func defocusBlur(p picture, severity int, _ *rand.Rand) picture {
	lens := strengths[disk]{
		cifar:    [...]disk{{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}},
		imagenet: [...]disk{{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}},
	}.at(severity, p)
	return p.filter(lens.filter(), mirrorInside)
}

// disk is a filter of equal weights within a radius, whose edge is softened by a Gaussian; radius
// and the Gaussian's standard deviation are in pixels.
type disk struct{ radius, soften float64 }

// filter is the disk as a square picture of one channel, of odd side.
func (d disk) filter() picture {
	reach, soft := 8, 1 // the authors' sizes: 17×17, softened over 3×3; for large disks one as wide as the disk, and 5×5
	if d.radius > 8 {
		reach, soft = int(d.radius), 2
	}
	f := blank(2*reach+1, 2*reach+1, 1)
	var inside float64
	for y := -reach; y <= reach; y++ {
		for x := -reach; x <= reach; x++ {
			if float64(x*x+y*y) <= d.radius*d.radius {
				f.pix[f.at(y+reach, x+reach)] = 1
				inside++
			}
		}
	}
	for i := range f.pix {
		f.pix[i] /= inside
	}
	return f.gaussian(d.soften, float64(soft)/d.soften, mirrorInside)
}

// filter correlates every channel with a filter of one channel and odd sides. What lies outside
// comes from the border.
func (p picture) filter(f picture, edge border) picture {
	type tap struct {
		dy, dx int
		weight float64
	}
	var taps []tap
	for y := range f.height {
		for x := range f.width {
			if weight := f.pix[f.at(y, x)]; math.Abs(weight) > 1e-12 { // the frame around a small disk is empty
				taps = append(taps, tap{y - f.height/2, x - f.width/2, weight})
			}
		}
	}
	rows, cols := padded(p.height, f.height/2, edge), padded(p.width, f.width/2, edge)
	out := blank(p.height, p.width, p.channels)
	for y := range p.height {
		for x := range p.width {
			to := out.pix[out.at(y, x):][:p.channels]
			for _, t := range taps {
				from := p.pix[p.at(rows[y+t.dy+f.height/2], cols[x+t.dx+f.width/2]):][:p.channels]
				for c, v := range from {
					to[c] += t.weight * v
				}
			}
		}
	}
	return out
}

// padded lists which of n positions stands for each of -margin to n-1+margin.
func padded(n, margin int, edge border) []int {
	at := make([]int, n+2*margin)
	for i := range at {
		at[i] = edge(i-margin, n)
	}
	return at
}
