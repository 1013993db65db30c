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
		return plan.views(augment.NewRandom(state), items)
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
		return plan.views(augment.NewRandom(state), items)
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
