package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/data"
)

// movers are pipelines that move pixels.
var movers = []Pipeline{
	{},
	{Flip{}},
	{VerticalFlip{}},
	{Translate{Most: .4}},
	{CenterCrop{Size: 17}},
	{Resize{Size: 33}},
	{Resize{Size: 11}},
	{RandomResizedCrop{Size: 20}},
	{RandomResizedCrop{Scale: [2]float64{.5, 1}}},
	{Affine{Translation: .3}},
	{Affine{Scale: [2]float64{.5, 2}, P: .7}},
	{Affine{Rotation: 180, Translation: .2, Scale: [2]float64{.5, 2}}},
	{RandAugment{Ops: 3, Magnitude: 25}},
	{CenterCrop{}, QuarterTurns{}},
	{Flip{}, RandomResizedCrop{Size: 30, Scale: [2]float64{.3, 1}}, ColorJitter{Brightness: .5}, QuarterTurns{}, Affine{Rotation: 20, Scale: [2]float64{.6, 1}}, Normalize{}},
}

const (
	denseN, denseHeight, denseWidth = 12, 24, 32
	denseMost                       = 6
)

// dense is a batch of masks and of boxes inside of images, the last of each image no object.
func dense() (masks []uint8, boxes []float32, classes []int32) {
	random := rand.New(rand.NewPCG(3, 4))
	for range denseN {
		for at := range denseHeight * denseWidth {
			masks = append(masks, uint8(at/denseWidth/5*3+at%denseWidth/6))
		}
		for k := range denseMost {
			x, y := random.Float32()*(denseWidth-6), random.Float32()*(denseHeight-6)
			w, h := 5+random.Float32()*(denseWidth-x-5), 5+random.Float32()*(denseHeight-y-5)
			if k == denseMost-1 {
				boxes, classes = append(boxes, 0, 0, 0, 0), append(classes, -1)
				continue
			}
			boxes, classes = append(boxes, x, y, x+w, y+h), append(classes, int32(k-2)) // -2 is a crowd, -1 none.
		}
	}
	return masks, boxes, classes
}

// rowOf is the row of an image in the parameters of each transform.
func rowOf(params [][][]float32, i int) [][]float32 {
	row := make([][]float32, len(params))
	for t := range params {
		if params[t] != nil {
			row[t] = params[t][i]
		}
	}
	return row
}

// paramsOf draws the parameters of a pipeline: for each transform a row an image, nil for none.
func paramsOf(t *testing.T, p Pipeline) [][][]float32 {
	t.Helper()
	params := make([][][]float32, len(p))
	height, width := denseHeight, denseWidth
	for i, tr := range p {
		if _, ok := tr.(Normalize); !ok {
			params[i] = drawParams(t, tr, State(5, i), denseN, height, width)
		}
		height, width = outputSize(tr, height, width)
	}
	return params
}

// constants are drawn parameters as nodes of a graph.
func constants(g *Graph, params [][][]float32) []*Node {
	nodes := make([]*Node, len(params))
	for i, rows := range params {
		if rows != nil {
			nodes[i] = Const(g, rows)
		}
	}
	return nodes
}

func TestBoxesAndMasksAgreeWithHost(t *testing.T) {
	masks, boxes, classes := dense()
	for _, p := range movers {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			params := paramsOf(t, p)
			outputs := several(t, func(masks, boxes, classes *Node) (*Node, *Node, *Node) {
				nodes := constants(masks.Graph(), params)
				moved, kept := p.ApplyBoxes(nodes, boxes, classes, denseHeight, denseWidth)
				return float(p.ApplyMasks(nodes, masks)), moved, float(kept)
			}, tensors.FromFlatDataAndDimensions(masks, denseN, denseHeight, denseWidth),
				tensors.FromFlatDataAndDimensions(boxes, denseN, denseMost, 4), tensors.FromFlatDataAndDimensions(classes, denseN, denseMost))
			inMasks, inBoxes, inClasses := slices.Collect(slices.Chunk(masks, len(masks)/denseN)), rows(boxes, denseN), slices.Collect(slices.Chunk(classes, denseMost))
			for i := range denseN {
				row := rowOf(params, i)
				wantMask := p.HostMask(row, inMasks[i], denseHeight, denseWidth)
				other := 0
				for at, got := range rows(outputs[0], denseN)[i] {
					if got != float32(wantMask[at]) {
						other++
					}
				}
				if other > 1+len(wantMask)/200 { // Float32 may fall to the other side of a border between pixels.
					t.Errorf("image %d: %d of %d pixels of the mask differ", i, other, len(wantMask))
				}
				wantBoxes, wantClasses := p.HostBoxes(row, inBoxes[i], inClasses[i], denseHeight, denseWidth)
				for k, got := range rows(outputs[1], denseN)[i] {
					if math.Abs(float64(got-wantBoxes[k])) > 1e-3 {
						t.Errorf("image %d: boxes %v, want %v", i, rows(outputs[1], denseN)[i], wantBoxes)
						break
					}
				}
				for k, got := range rows(outputs[2], denseN)[i] {
					if got != float32(wantClasses[k]) {
						t.Errorf("image %d: classes %v, want %v", i, rows(outputs[2], denseN)[i], wantClasses)
						break
					}
				}
			}
		})
	}
}

// The slow reference of a moved box: the pixels of the box are moved as a mask, and the box is what
// lies around those that are left.
func TestMovedBoxesLieAroundTheirPixels(t *testing.T) {
	const scale = 4 // Many pixels, so that whole ones matter little.
	for _, p := range movers {
		turns := 0
		for _, tr := range p {
			switch tr := tr.(type) {
			case RandAugment:
				turns += tr.Ops
			case Affine:
				if tr.Rotation > 0 {
					turns++
				}
			}
		}
		if turns > 1 {
			continue // Its boxes are around boxes.
		}
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			params := paramsOf(t, p)
			_, boxes, _ := dense()
			kept := 0
			for i := range denseN {
				row := rowOf(params, i)
				for k := range denseMost - 1 {
					b := boxes[4*(i*denseMost+k):][:4]
					for c := range b { // On whole pixels.
						b[c] = float32(math.Round(float64(b[c])))
					}
					mask := make([]uint8, denseHeight*denseWidth)
					for y := int(b[1]); y < int(b[3]); y++ {
						for x := int(b[0]); x < int(b[2]); x++ {
							mask[y*denseWidth+x] = 1
						}
					}
					moved, class := p.HostBoxes(row, b, []int32{0}, denseHeight, denseWidth)
					toH, toW := p.OutputSize(denseHeight, denseWidth)
					around := [4]float64{math.Inf(1), math.Inf(1), 0, 0}
					for at, m := range finer(p, row, mask, scale) {
						if m != 1 {
							continue
						}
						x, y := float64(at%(toW*scale))/scale, float64(at/(toW*scale))/scale
						around = [4]float64{min(around[0], x), min(around[1], y), max(around[2], x+1./scale), max(around[3], y+1./scale)}
					}
					if class[0] < 0 {
						continue
					}
					kept++
					for c := range around {
						// A corner that is turned out of the picture takes its part of the box along, where
						// the pixels stop before: a clipped box may be larger, never smaller.
						grown := float64(moved[c]) - around[c]
						if c < 2 {
							grown = -grown
						}
						if grown < -1.01/scale || turns == 0 && grown > 1.01/scale {
							t.Errorf("image %d, box %v: moved to %v, its pixels are within %v of %d x %d", i, b, moved, around, toH, toW)
							break
						}
					}
				}
			}
			if kept < denseN {
				t.Errorf("%d boxes are kept", kept)
			}
		})
	}
}

// finer is HostMask with so many pixels a pixel of the view.
func finer(p Pipeline, row [][]float32, mask []uint8, scale int) []uint8 {
	toH, toW := p.OutputSize(denseHeight, denseWidth)
	steps := p.hostMoves(row, denseHeight, denseWidth)
	fine := make([]uint8, toH*toW*scale*scale)
	for at := range fine {
		x, y := (float64(at%(toW*scale))+.5)/float64(scale), (float64(at/(toW*scale))+.5)/float64(scale)
		inside := true
		for i := len(steps) - 1; i >= 0; i-- {
			x, y = steps[i].inverse.at(x, y)
			inside = inside && x >= 0 && y >= 0 && x < float64(steps[i].width) && y < float64(steps[i].height)
		}
		if inside {
			fine[at] = mask[int(y)*denseWidth+int(x)]
		}
	}
	return fine
}

// A mask painted as an image and moved by Apply is the moved mask, where no colours are blended.
func TestMasksFollowTheImages(t *testing.T) {
	masks, _, _ := dense()
	pix := make([]uint8, 0, 3*len(masks))
	for _, m := range masks {
		pix = append(pix, 10*(m+1), 10*(m+1), 10*(m+1))
	}
	for _, p := range movers {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			shown, same, least := Pipeline{}, 0, 1.
			for _, tr := range p {
				switch tr.(type) {
				case Flip, VerticalFlip, CenterCrop, QuarterTurns: // They blend nothing.
					shown = append(shown, tr)
				case ColorJitter, Normalize:
				case Translate: // It mirrors, where masks have 255.
					t.Skip("what is mirrored has no class")
				case RandAugment:
					t.Skip("it changes colours too")
				default:
					shown = append(shown, tr)
					least = .55
				}
			}
			params := paramsOf(t, shown)
			outputs := several(t, func(masks, images *Node) (*Node, *Node) {
				nodes := constants(masks.Graph(), params)
				return float(shown.ApplyMasks(nodes, masks)), shown.ApplyParams(images, nodes)
			}, tensors.FromFlatDataAndDimensions(masks, denseN, denseHeight, denseWidth),
				tensors.FromFlatDataAndDimensions(pix, denseN, denseHeight, denseWidth, 3))
			for at, class := range outputs[0] {
				value := 25.5*float64(outputs[1][3*at]) - 1
				if class == data.IgnoredPixel {
					class = -1 // Black, or blended with it.
				}
				if math.Abs(value-float64(class)) < .51 {
					same++
				}
			}
			if share := float64(same) / float64(len(outputs[0])); share < least {
				t.Errorf("%.0f %% of the pixels show their class", 100*share)
			}
		})
	}
}

// By hand: a box of which the crop leaves a share, and what is dropped.
func TestBoxesThatAreDropped(t *testing.T) {
	crop := [][]float32{{0, 10, 20, 20}} // Columns 10 to 30 and rows 0 to 20, shown as 20 x 20.
	p := Pipeline{RandomResizedCrop{Size: 20}}
	for _, test := range []struct {
		name  string
		box   []float32
		class int32
		want  []float32 // nil: dropped.
	}{
		{"whole", []float32{12, 2, 22, 12}, 3, []float32{2, 2, 12, 12}},
		{"of a crowd", []float32{12, 2, 22, 12}, -2, []float32{2, 2, 12, 12}},
		{"half outside", []float32{5, 2, 15, 12}, 3, []float32{0, 2, 5, 12}},
		{"a little more than a tenth left", []float32{1, 2, 11.1, 12}, 3, []float32{0, 2, 1.1, 12}},
		{"a little less than a tenth left", []float32{0, 2, 10.9, 12}, 3, nil},
		{"outside", []float32{0, 2, 8, 12}, 3, nil},
		{"narrower than a pixel", []float32{12, 2, 12.9, 12}, 3, nil},
		{"lower than a pixel", []float32{12, 2, 22, 2.9}, 3, nil},
		{"none", []float32{12, 2, 22, 12}, -1, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			boxes, classes := p.HostBoxes(crop, test.box, []int32{test.class}, 24, 32)
			wantClass := test.class
			if test.want == nil {
				test.want, wantClass = make([]float32, 4), -1
			}
			for c := range boxes {
				if math.Abs(float64(boxes[c]-test.want[c])) > 1e-5 {
					t.Fatalf("box %v, want %v", boxes, test.want)
				}
			}
			if classes[0] != wantClass {
				t.Errorf("class %d, want %d", classes[0], wantClass)
			}
		})
	}
}

// What was outside of an image once does not come back: a crop cuts it off, and a smaller scale shows
// 255 there.
func TestMasksOfWhatWasCutOffAreIgnored(t *testing.T) {
	p := Pipeline{CenterCrop{Size: 8}, Affine{Scale: [2]float64{.5, .5}}}
	mask := make([]uint8, 16*16)
	moved := p.HostMask([][]float32{{4, 4, 8, 8}, {0, 0, 0, .5}}, mask, 16, 16)
	for at, m := range moved {
		x, y := at%8, at/8
		want := uint8(255)
		if x >= 2 && x < 6 && y >= 2 && y < 6 {
			want = 0
		}
		if m != want {
			t.Errorf("(%d, %d) is %d, want %d", x, y, m, want)
		}
	}
}

// What two crops leave counts together: a quarter of a quarter is less than a tenth.
func TestBoxesThatLoseALittleTwice(t *testing.T) {
	p := Pipeline{RandomResizedCrop{Size: 16}, RandomResizedCrop{Size: 16}}
	box := []float32{0, 0, 8, 8}
	for _, test := range []struct {
		second []float32
		want   int32
	}{
		{[]float32{0, 0, 16, 16}, 3},  // A quarter is left,
		{[]float32{2, 2, 14, 14}, -1}, // and of that a quarter.
	} {
		_, classes := p.HostBoxes([][]float32{{4, 4, 16, 16}, test.second}, box, []int32{3}, 32, 32)
		if classes[0] != test.want {
			t.Errorf("second crop %v: class %d, want %d", test.second, classes[0], test.want)
		}
	}
}
