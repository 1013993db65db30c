package encoder

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestStages: there is a map for each stride, of that resolution, and the last one is Output.Map.
func TestStages(t *testing.T) {
	t.Parallel()
	const side = 32
	for _, c := range []struct {
		e       Staged
		strides []int
		widths  []int
	}{
		{ResNet{Depth: 10, Width: 2}, []int{1, 2, 4, 8}, []int{2, 4, 8, 16}},
		{ResNet{Depth: 26, Width: 2, Stem: HalfStem}, []int{2, 4, 8, 16}, []int{8, 16, 32, 64}},
		{ResNet{Depth: 10, Width: 2, Stem: ImageNetStem}, []int{4, 8, 16, 32}, []int{2, 4, 8, 16}},
		{ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{2, 3, 4, 5}, Stem: 2}, []int{2, 4, 8, 16}, []int{2, 3, 4, 5}},
	} {
		t.Run(c.e.Name(), func(t *testing.T) {
			t.Parallel()
			if got := c.e.Strides(); !slices.Equal(got, c.strides) {
				t.Errorf("strides are %v, want %v", got, c.strides)
			}
			store, out := initialised(t, c.e, images(2, side), false)
			stages := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
				scope.Store().SetTraining(in[0].Graph(), false)
				return c.e.EncodeStages(scope, in[0])
			}, images(2, side))
			if len(stages) != len(c.strides) {
				t.Fatalf("%d maps, want %d", len(stages), len(c.strides))
			}
			for i, stage := range stages {
				want := []int{2, side / c.strides[i], side / c.strides[i], c.widths[i]}
				if got := stage.Shape().Dimensions; !slices.Equal(got, want) {
					t.Errorf("map %d is %v, want %v", i, got, want)
				}
			}
			if d := far(t, stages[len(stages)-1], out[1]); d != 0 {
				t.Errorf("the last map differs from Output.Map by up to %g", d)
			}
		})
	}
}
