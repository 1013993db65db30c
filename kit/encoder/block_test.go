package encoder

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

func TestDropPathKeepsTheMean(t *testing.T) {
	const n, probability = 20_000, .3
	for _, training := range []bool{true, false} {
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(3); err != nil {
			t.Fatal(err)
		}
		exec := model.MustNewExec(devicetest.Backend(t), store, func(scope *model.Scope, g *Graph) *Node {
			scope.Store().SetTraining(g, training)
			return dropPath(scope, Ones(g, shapes.Make(dtypes.Float32, n, 2)), probability)
		})
		out, err := exec.Call()
		if err != nil {
			t.Fatal(err)
		}
		dropped, mean := 0, 0.
		for _, row := range out[0].Value().([][]float32) {
			if row[0] != row[1] || (row[0] != 0 && math.Abs(float64(row[0])-1/(1-probability)) > 1e-6 && training) {
				t.Fatalf("an image's branch is %v", row)
			}
			if row[0] == 0 {
				dropped++
			}
			mean += float64(row[0]) / n
		}
		if !training {
			if dropped > 0 || mean < 1-1e-9 || mean > 1+1e-9 {
				t.Errorf("out of training, %d branches are left out, and the mean is %g", dropped, mean)
			}
			continue
		}
		// Five standard deviations: of the share of dropped ones √(.3 × .7 / n) = .0032.
		if share := float64(dropped) / n; math.Abs(share-probability) > .017 {
			t.Errorf("%.3f of the branches are left out, want %g", share, probability)
		}
		if math.Abs(mean-1) > .024 {
			t.Errorf("the mean of a branch of ones is %.3f", mean)
		}
	}
}

func TestStochasticDepthIsRandomInTrainingOnly(t *testing.T) {
	for _, e := range []Stochastic{
		ViT{Patch: 4, Width: 8, Depth: 2, Heads: 1, StochasticDepth: .5},
		ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{2, 2, 2, 2}, Stem: 1, StochasticDepth: .5},
	} {
		store, _ := initialised(t, e, images(8, 8), false)
		scramble(t, store.Scope("/encoder"))
		for _, test := range []struct {
			encoder          Encoder
			training, random bool
		}{{e, true, true}, {e, false, false}, {e.Deterministic(), true, false}} {
			exec := model.MustNewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node {
				scope.Store().SetTraining(x.Graph(), test.training)
				return test.encoder.Encode(scope.At("encoder"), x).Pooled
			})
			var outs []*tensors.Tensor
			for range 2 {
				if err := store.SetRNGStateFromSeed(5); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					out, err := exec.Call(images(8, 8))
					if err != nil {
						t.Fatal(err)
					}
					outs = append(outs, out[0])
				}
			}
			if differ := !outs[0].Equal(outs[1]); differ != test.random {
				t.Errorf("%s, training %v: two calls differ: %v, want %v", test.encoder.Name(), test.training, differ, test.random)
			}
			if !outs[0].Equal(outs[2]) || !outs[1].Equal(outs[3]) {
				t.Errorf("%s: not a function of the state of the random generator", test.encoder.Name())
			}
		}
	}
}

func TestPathRateRisesWithDepth(t *testing.T) {
	for i, want := range []float64{0, .1, .2, .3} {
		if got := pathRate(.3, i, 4); math.Abs(got-want) > 1e-12 {
			t.Errorf("block %d: %g, want %g", i, got, want)
		}
	}
	if got := pathRate(.3, 0, 1); got != 0 {
		t.Errorf("the only block: %g, want 0", got)
	}
}
