package fcos

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// places are where the head looks from: the middles of all places of all levels, from the finest
// level to the coarsest and row by row in each. Everything is in pixels, float32 [places].
type places struct {
	x, y   []float32
	stride []float32 // Of the place's level.
	// A place is asked for boxes whose farthest side is from nearest to farthest away.
	nearest, farthest []float32
}

// placesOf are those of images of that size.
func (m FCOS) placesOf(images *Node) places {
	return m.places(images.Shape().Dim(1), images.Shape().Dim(2))
}

func (m FCOS) places(height, width int) (p places) {
	for level := range m.Levels {
		stride := m.stride(level)
		nearest, farthest := m.Reach*float64(stride)/2, m.Reach*float64(stride)
		if level == 0 {
			nearest = 0
		}
		if level == m.Levels-1 {
			farthest = math.MaxFloat32
		}
		for row := range height / stride {
			for column := range width / stride {
				p.x = append(p.x, (float32(column)+.5)*float32(stride))
				p.y = append(p.y, (float32(row)+.5)*float32(stride))
				p.stride = append(p.stride, float32(stride))
				p.nearest, p.farthest = append(p.nearest, float32(nearest)), append(p.farthest, float32(farthest))
			}
		}
	}
	return p
}

// Places is the number of places in an image of that size in pixels.
func (m FCOS) Places(height, width int) int { return len(m.places(height, width).x) }
