package ssl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

func TestJigsawStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	loss, gradients := negfreeStep(t, Jigsaw{Grid: 2, Orders: 24, Gap: 1, Hidden: 16}, 0)
	if math.Abs(loss-math.Log(24)) > 1 {
		t.Errorf("the first loss is %g, far from log 24", loss)
	}
	if gradients["/encoder/conv1/weight"] <= 0 {
		t.Error("no gradient reaches the encoder")
	}
}

func TestPuzzleShowsTheTilesInTheOrderOfItsLabel(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, test := range []struct {
		method    Jigsaw
		side, gap int // Of the view, and what a tile must lose.
	}{
		{Jigsaw{Grid: 2}, 28, 2}, {Jigsaw{Grid: 2, Gap: 1}, 8, 1}, {Jigsaw{Grid: 3, Orders: 12, Gap: 2}, 15, 2},
	} {
		m, side := resolved(test.method), test.side
		tile := side / m.Grid
		left := tile - test.gap
		// An image for each label, whose pixels tell where they are.
		labels, images := make([]int32, m.Orders), make([][][][]float32, m.Orders)
		for i := range images {
			labels[i] = int32(i)
			for y := range side {
				images[i] = append(images[i], make([][]float32, side))
				for x := range side {
					images[i][y][x] = []float32{float32(y*side + x)}
				}
			}
		}
		state := augment.State(1, 0)
		output, err := CallOnce(backend, func(images, label, state *Node) *Node {
			return m.Puzzle(augment.NewRandom(state), images, label)
		}, images, labels, state[:])
		if err != nil {
			t.Fatal(err)
		}
		puzzles := output.Value().([][][][]float32)
		orders := augment.JigsawPermutations(m.Grid*m.Grid, m.Orders, 0)
		seen, offsets := map[string]bool{}, map[int]bool{}
		for label, order := range orders {
			var shown []int
			for place := range order {
				crop := puzzles[label*len(order)+place]
				if len(crop) != left || len(crop[0]) != left {
					t.Fatalf("%+v: a tile is %d×%d, want %d", m, len(crop), len(crop[0]), left)
				}
				top, first := int(crop[0][0][0])/side, int(crop[0][0][0])%side
				shown = append(shown, top/tile*m.Grid+first/tile)
				if top%tile > test.gap || first%tile > test.gap {
					t.Errorf("%+v: a crop at %d, %d leaves its tile", m, top, first)
				}
				offsets[top%tile], offsets[-1-first%tile] = true, true
				for y := range left {
					for x := range left {
						if want := (top+y)*side + first + x; int(crop[y][x][0]) != want {
							t.Fatalf("%+v: pixel %d, %d of a crop is pixel %g of the image, want %d", m, y, x, crop[y][x][0], want)
						}
					}
				}
			}
			if !slices.Equal(shown, order) {
				t.Errorf("%+v: label %d shows tiles %v, want %v", m, label, shown, order)
			}
			seen[fmt.Sprint(shown)] = true
		}
		if len(seen) != m.Orders {
			t.Errorf("%+v: %d different orders, want %d", m, len(seen), m.Orders)
		}
		if len(offsets) != 2*(test.gap+1) { // All of them, down and across.
			t.Errorf("%+v: the crops are at %v, not everywhere in their tiles", m, offsets)
		}
	}
}

// jigsawWitness is a ResNet that remembers the tiles it was shown.
type jigsawWitness struct {
	encoder.ResNet
	shown **Node
}

func (w jigsawWitness) Encode(scope *model.Scope, images *Node) encoder.Output {
	*w.shown = images
	return w.ResNet.Encode(scope, images)
}

// Every tile has mean 0 and deviation 1: Noroozi & Favaro 2016, on how to prevent shortcuts by
// low-level statistics; over all channels at once, as in bbrattoli/JigsawPuzzlePytorch,
// Dataset/JigsawImageLoader.py. A tile of one colour is 0.
func TestJigsawTilesAreNormalizedOneByOne(t *testing.T) {
	method := resolved(Jigsaw{Grid: 2, Hidden: 8})
	var shown *Node
	witness := jigsawWitness{encoder.ResNet{Depth: 10, Width: 2}, &shown}
	images := maskedImages(rand.New(rand.NewPCG(1, 2)), 3, 16)
	for y, row := range images[1] {
		for x := range row {
			for c := range row[x] { // Brighter and of more contrast to the right.
				images[1][y][x][c] = float32(x)*row[x][c] + 10*float32(x)
				images[2][y][x][c] = 4
			}
		}
	}
	state := augment.State(11, 12)
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, witness, in[1])
		step.Random = augment.NewRandom(in[0])
		loss := method.Loss(step)
		return []*Node{loss, Reshape(shown, shown.Shape().Dim(0), -1)}
	}, state[:], images)
	for i, tile := range table(outputs[1]) {
		var mean, square float64
		for _, v := range tile {
			mean += v / float64(len(tile))
			square += v * v / float64(len(tile))
		}
		want := 1.
		if i >= 8 { // The tiles of the last image.
			want = 0
		}
		near(t, fmt.Sprintf("the mean of tile %d", i), mean, 0, 1e-4)
		near(t, fmt.Sprintf("the mean square of tile %d", i), square, want, 1e-3)
	}
}

func TestJigsawCheck(t *testing.T) {
	if err := checked(Jigsaw{}, 4, 33, 33); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]Jigsaw{
		"Grid": {Grid: 1}, "Orders": {Grid: 2, Orders: 25}, "Gap": {Gap: 11}, "Hidden": {Hidden: -1},
	} {
		if err := checked(bad, 4, 33, 33); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	err := checkedWith(Jigsaw{Grid: 2}, encoder.ResNet{Stem: encoder.HalfStem}, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "tiles of 14×14") {
		t.Errorf("error %v does not name the tiles", err)
	}
	if err := checkedWith(Jigsaw{Grid: 2}, encoder.ResNet{}, 32, 32); err != nil {
		t.Error(err)
	}
}
