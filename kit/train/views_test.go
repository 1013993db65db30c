package train

import (
	"fmt"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// TestViewsAreOfTheirOwnImage: with pipelines that draw nothing, view v of image i shows image i of
// source v, whether pipelines are equal and so applied as one or not.
func TestViewsAreOfTheirOwnImage(t *testing.T) {
	const batch, images, side = 3, 2, 4
	plain, grey := augment.Pipeline{augment.Normalize{}}, augment.Pipeline{augment.Grey{P: 1}, augment.Normalize{}}
	plan := Plan{Sources: []int{0, 0, 1, 0, 0, 1}}
	plan.Views = []augment.Pipeline{plain, plain, plain, grey, plain, plain}

	pixels := make([]uint8, batch*images*side*side*3) // Image m of item i is all of one value, 10 × (2i + m).
	for i := range pixels {
		pixels[i] = uint8(i / (side * side * 3) * 10)
	}
	exec := MustNewExec(devicetest.Backend(t), func(items, state *Node) []*Node {
		views, _, _ := plan.views(augment.NewRandom(state), items, nil, nil)
		return views
	})
	defer exec.Finalize()
	state := augment.State(1, 0)
	views := exec.MustCall(tensors.FromFlatDataAndDimensions(pixels, batch, images, side, side, 3),
		tensors.FromFlatDataAndDimensions(state[:], len(state)))
	if len(views) != len(plan.Views) {
		t.Fatalf("%d views, want %d", len(views), len(plan.Views))
	}
	plainOf := map[int][]float32{} // Of each source.
	for v, view := range views {
		if want := []int{batch, side, side, 3}; !slices.Equal(view.Shape().Dimensions, want) {
			t.Fatalf("view %d is %v, want %v", v, view.Shape(), want)
		}
		got := tensors.MustCopyFlatData[float32](view)
		source := plan.Sources[v]
		for i := range batch { // A grey image stays as it is: only that it is not shared out to others is tested.
			first := got[i*side*side*3]
			if i > 0 && first <= got[(i-1)*side*side*3] {
				t.Errorf("view %d: image %d is not brighter than the one before it", v, i)
			}
		}
		if before, ok := plainOf[source]; !ok {
			plainOf[source] = got
		} else if v != 3 && !slices.Equal(before, got) {
			t.Errorf("view %d differs from another one of the same images", v)
		}
	}
	if slices.Equal(plainOf[0], plainOf[1]) {
		t.Error("views of two sources are equal")
	}
}

// TestEqualPipelinesDrawForEachView: two views of an image are not the same view.
func TestEqualPipelinesDrawForEachView(t *testing.T) {
	const batch, side = 4, 16
	crop := augment.Pipeline{augment.RandomResizedCrop{Size: side}}
	plan := Plan{Sources: []int{0, 0, 0}}
	plan.Views = []augment.Pipeline{crop, crop, crop}
	pixels := make([]uint8, batch*side*side*3)
	for i := range pixels {
		pixels[i] = uint8(i * 7919 >> 3)
	}
	exec := MustNewExec(devicetest.Backend(t), func(items, state *Node) []*Node {
		views, _, _ := plan.views(augment.NewRandom(state), items, nil, nil)
		return views
	})
	defer exec.Finalize()
	state := augment.State(1, 0)
	views := exec.MustCall(tensors.FromFlatDataAndDimensions(pixels, batch, side, side, 3),
		tensors.FromFlatDataAndDimensions(state[:], len(state)))
	seen := map[string]string{}
	for v, view := range views {
		x := tensors.MustCopyFlatData[float32](view)
		for i := range batch {
			name, key := fmt.Sprintf("view %d of image %d", v, i), fmt.Sprint(x[i*side*side*3:(i+1)*side*side*3])
			if other, ok := seen[key]; ok {
				t.Errorf("%s is %s", name, other)
			}
			seen[key] = name
		}
	}
}

// TestBoxesMoveWithTheirView: the boxes of a view are around what it shows of the object, whether
// equal pipelines are applied as one or not.
func TestBoxesMoveWithTheirView(t *testing.T) {
	const batch, side = 8, 16
	crop := augment.Pipeline{augment.RandomResizedCrop{Size: side, Scale: [2]float64{.5, 1}}, augment.Flip{}}
	plan := Plan{Sources: []int{0, 0, 0}}
	plan.Views = []augment.Pipeline{crop, crop, {}}
	pixels, boxes, classes := make([]uint8, batch*side*side*3), make([]float32, batch*2*4), make([]int32, batch*2)
	for i := range batch { // A white square on black, and a place without an object.
		x, y := 3+i%4, 2+i/2
		for p := range side * side {
			if px, py := p%side, p/side; px >= x && px < x+8 && py >= y && py < y+8 {
				copy(pixels[(i*side*side+p)*3:], []uint8{255, 255, 255})
			}
		}
		copy(boxes[i*8:], []float32{float32(x), float32(y), float32(x + 8), float32(y + 8)})
		classes[2*i], classes[2*i+1] = int32(i), -1
	}
	exec := MustNewExec(devicetest.Backend(t), func(in []*Node) []*Node {
		views, moved, kept := plan.views(augment.NewRandom(in[3]), in[0], in[1], in[2])
		return slices.Concat(views, moved, kept)
	})
	defer exec.Finalize()
	state := augment.State(1, 0)
	out := exec.MustCall(tensors.FromFlatDataAndDimensions(pixels, batch, side, side, 3),
		tensors.FromFlatDataAndDimensions(boxes, batch, 2, 4), tensors.FromFlatDataAndDimensions(classes, batch, 2),
		tensors.FromFlatDataAndDimensions(state[:], len(state)))
	if len(out) != 9 {
		t.Fatalf("%d outputs, want views, boxes and classes of 3 views", len(out))
	}
	for v := range 3 {
		view, moved := tensors.MustCopyFlatData[float32](out[v]), tensors.MustCopyFlatData[float32](out[3+v])
		if kept := tensors.MustCopyFlatData[int32](out[6+v]); !slices.Equal(kept, classes) {
			t.Fatalf("view %d: the classes are %v, want %v", v, kept, classes)
		}
		for i := range batch {
			box := moved[i*8 : i*8+4]
			for p := range side * side { // Pixels well inside are white, those well outside are black.
				x, y := float32(p%side)+.5, float32(p/side)+.5
				in := min(x-box[0], y-box[1], box[2]-x, box[3]-y)
				if white := view[(i*side*side+p)*3]; in > 1.5 && white < .5 || in < -1.5 && white > .5 {
					t.Errorf("view %d, image %d: pixel (%g, %g) is %g, and the box is %v", v, i, x, y, white, box)
				}
			}
		}
	}
	if slices.Equal(tensors.MustCopyFlatData[float32](out[3]), tensors.MustCopyFlatData[float32](out[4])) {
		t.Error("the boxes of two views are equal")
	}
}
