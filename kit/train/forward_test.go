package train

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
)

func TestPassesSuitTheImages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ images, side, want int }{
		{8, 32, 8}, {250, 32, 250}, {10_000, 32, 250}, {10_000, 64, 250}, {10_000, 224, 45}, {10_000, 518, 8}, {3, 4096, 1}, {0, 32, 1},
	} {
		if got := batchOf(c.images, c.side, c.side); got != c.want {
			t.Errorf("%d images of %d pixels: %d in a pass, want %d", c.images, c.side, got, c.want)
		}
	}
}

// TestOnePassServesFewerAndMoreImages: what was compiled for few images gives the same for each.
func TestOnePassServesFewerAndMoreImages(t *testing.T) {
	set, err := data.Shapes{Test: 12}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	height, width := set.Size()
	forward, err := NewForward(model.NewStore(), 5, height, width, func(_ *model.Scope, images *Node) *Node {
		return ReduceSum(ConvertDType(images, dtypes.Float32), 1, 2)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer forward.Close()
	if !forward.Takes(4, height, width) || forward.Takes(12, height, width) || forward.Takes(4, height, width+1) {
		t.Error("it takes other sets than it is compiled for")
	}
	all, dim, err := forward.Over(set)
	if err != nil || dim != 3 || len(all) != 12*3 {
		t.Fatalf("%d values of %d dimensions, %v", len(all), dim, err)
	}
	two, _, err := forward.OverImages(set, []int{11, 2})
	if err != nil || !slices.Equal(two, append(slices.Clone(all[11*3:]), all[2*3:3*3]...)) {
		t.Errorf("two images give %v, %v", two, err)
	}
}

// TestAPassOverClips: a network that reads clips sees all their frames, pass by pass.
func TestAPassOverClips(t *testing.T) {
	set, err := data.Shapes{Test: 5}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	height, width := set.Size()
	item := data.Item{Frames: 2}
	forward, err := NewItemForward(model.NewStore(), item, 2, height, width, func(_ *model.Scope, clips *Node) *Node {
		return Reshape(ConvertDType(clips, dtypes.Float32), clips.Shape().Dim(0), -1)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer forward.Close()
	var order []int
	err = forward.ByPass(set, []int{4, 0, 3}, func(pass []int, x []float32, dim int) error {
		order = append(order, pass...)
		pix, err := item.Pixels(set, pass, 0)
		if dim != 2*height*width*3 || len(x) != len(pix) {
			t.Fatalf("%d values of %d dimensions, want %d", len(x), dim, len(pix))
		}
		for i := range x {
			if x[i] != float32(pix[i]) {
				t.Fatalf("value %d of the clips %v is %g, want %d", i, pass, x[i], pix[i])
			}
		}
		return err
	})
	if err != nil || !slices.Equal(order, []int{4, 0, 3}) {
		t.Errorf("the clips %v are seen, %v", order, err)
	}
	seen := 0
	err = forward.ByPass(set, nil, func(pass []int, _ []float32, _ int) error {
		seen += len(pass)
		return nil
	})
	if err != nil || seen != 5 {
		t.Errorf("%d of 5 clips are seen, %v", seen, err)
	}
}
