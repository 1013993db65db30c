package fcos

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/device/devicetest"
)

// slowTarget is what one place should say, in the words of the paper.
func slowTarget(m FCOS, x, y float64, level int, boxes [][]float32, classes []int32) (class int32, of int) {
	stride := float64(m.stride(level))
	class, of = data.NoObject, -1
	smallest := math.Inf(1)
	for k, c := range classes {
		x0, y0, x1, y1 := float64(boxes[k][0]), float64(boxes[k][1]), float64(boxes[k][2]), float64(boxes[k][3])
		l, t, r, b := x-x0, y-y0, x1-x, y1-y
		if min(l, t, r, b) <= 0 || c == data.NoObject {
			continue
		}
		if c == data.IgnoredObject {
			if of < 0 {
				class = c
			}
			continue
		}
		farthest := max(l, t, r, b)
		if level > 0 && farthest < m.Reach*stride/2 || level < m.Levels-1 && farthest > m.Reach*stride {
			continue
		}
		if math.Abs(x-(x0+x1)/2) >= 1.5*stride || math.Abs(y-(y0+y1)/2) >= 1.5*stride {
			continue
		}
		if area := (x1 - x0) * (y1 - y0); area < smallest {
			smallest, class, of = area, c, k
		}
	}
	return class, of
}

// TestTargetsAgainstASlowReference: crowds, images without an object and places for objects that
// are not used among them.
func TestTargetsAgainstASlowReference(t *testing.T) {
	t.Parallel()
	for _, m := range []FCOS{{Classes: 4}, {Classes: 4, Levels: 1, Finest: 8}, {Classes: 4, Levels: 4, Finest: 2, Reach: 6.5}} {
		m = m.WithDefaults().(FCOS)
		t.Run(fmt.Sprintf("%d levels from %d", m.Levels, m.Finest), func(t *testing.T) {
			t.Parallel()
			const images, most, height, width = 12, 9, 64, 48
			random := rand.New(rand.NewPCG(3, uint64(m.Levels)))
			boxes, classes := make([][][]float32, images), make([][]int32, images)
			for i := range images {
				for k := range most {
					box, class := make([]float32, 4), int32(data.NoObject)
					if k < i {
						w, h := 4+44*random.Float64()*random.Float64(), 4+60*random.Float64()*random.Float64()
						x, y := random.Float64()*(width-w), random.Float64()*(height-h)
						box = []float32{float32(x), float32(y), float32(x + w), float32(y + h)}
						if class = int32(random.IntN(m.Classes)); random.IntN(4) == 0 {
							class = data.IgnoredObject
						}
					}
					boxes[i], classes[i] = append(boxes[i], box), append(classes[i], class)
				}
			}
			p := m.places(height, width)
			out, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
				targets := assign(p, in[0], in[1])
				return append([]*Node{targets.class, targets.centerness()}, targets.distance[:]...)
			}, boxes, classes)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[int32]int{}
			for i := range images {
				at := 0
				for level := range m.Levels {
					stride := m.stride(level)
					for y := stride / 2; y < height; y += stride {
						for x := stride / 2; x < width; x += stride {
							class, of := slowTarget(m, float64(x), float64(y), level, boxes[i], classes[i])
							got := out[0].Value().([][]int32)[i][at]
							if got != class {
								t.Fatalf("image %d, level %d, place (%d, %d): class %d, want %d", i, level, x, y, got, class)
							}
							var want [4]float32
							centerness := 0.
							if of >= 0 {
								b := boxes[i][of]
								want = [4]float32{float32(x) - b[0], float32(y) - b[1], b[2] - float32(x), b[3] - float32(y)}
								between := func(a, b float32) float64 { return float64(min(a, b) / max(a, b)) }
								centerness = math.Sqrt(between(want[0], want[2]) * between(want[1], want[3]))
							}
							for k := range want {
								near(t, "a distance", float64(out[2+k].Value().([][]float32)[i][at]), float64(want[k]), 1e-6)
							}
							near(t, "centerness", float64(out[1].Value().([][]float32)[i][at]), centerness, 1e-5)
							seen[min(class, 0)]++
							at++
						}
					}
				}
				if at != m.Places(height, width) {
					t.Fatalf("%d places, want %d", m.Places(height, width), at)
				}
			}
			for _, class := range []int32{0, data.NoObject, data.IgnoredObject} {
				if seen[class] == 0 {
					t.Errorf("no place of class %d is among those tested", class)
				}
			}
		})
	}
}

// TestDecodeUndoesAssign: places that say the distances that they should say the boxes.
func TestDecodeUndoesAssign(t *testing.T) {
	t.Parallel()
	m := FCOS{Classes: 3}.WithDefaults().(FCOS)
	boxes, classes := [][][]float32{{{3, 5, 20, 30}, {30, 10, 62, 60}, {40, 2, 47, 9}}}, [][]int32{{0, 1, 2}}
	p := m.places(64, 64)
	out, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
		targets := assign(p, in[0], in[1])
		return []*Node{targets.class, decode(p, targets.distance, 64, 64)}
	}, boxes, classes)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int32]bool{}
	for at, class := range out[0].Value().([][]int32)[0] {
		if class < 0 {
			continue
		}
		found[class] = true
		for k, got := range out[1].Value().([][][]float32)[0][at] {
			near(t, "a side", float64(got), float64(boxes[0][class][k]), 1e-6)
		}
	}
	if len(found) != 3 {
		t.Errorf("objects %v are found, want all three", found)
	}
}
