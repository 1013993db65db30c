package augment

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

func TestTiles(t *testing.T) {
	const n, height, width, down, across = 3, 6, 8, 3, 2
	pix := batch(n, height, width)
	out := several(t, func(state, images *Node) []*Node {
		images = float(Reshape(images, n, height, width, 3))
		tiles := Tiles(images, down, across)
		order := NewRandom(state).Permutations(n, down*across)
		shuffled := Shuffle(tiles, order)
		back := Shuffle(shuffled, argsort(order))
		return []*Node{tiles, Assemble(tiles, down, across), float(order), shuffled, Assemble(back, down, across)}
	}, wordsOf(State(1, 0)), pix)
	tiles, shuffled := rows(out[0], n*down*across), rows(out[3], n*down*across)
	const h, w = height / down, width / across
	for i := range n {
		for tile := range down * across {
			for at := range h * w {
				y, x := tile/across*h+at/w, tile%across*w+at%w
				if want := pix[3*((i*height+y)*width+x)]; tiles[i*down*across+tile][3*at] != float32(want) {
					t.Fatalf("image %d, tile %d, pixel %d is not the image's", i, tile, at)
				}
			}
			from := int(out[2][i*down*across+tile])
			if !slices.Equal(shuffled[i*down*across+tile], tiles[i*down*across+from]) {
				t.Errorf("image %d: place %d does not show tile %d", i, tile, from)
			}
		}
	}
	for k, name := range map[int]string{1: "tiles put together are", 4: "tiles shuffled and put back are"} {
		for i, v := range out[k] {
			if v != float32(pix[i]) {
				t.Fatalf("%s not the image", name)
			}
		}
	}
}

// Every crop is a piece of its own tile, and all places are taken.
func TestCropTiles(t *testing.T) {
	const n, tiles, side, piece = 64, 9, 5, 3
	numbers := make([]float32, n*tiles*side*side)
	for i := range numbers {
		numbers[i] = float32(i)
	}
	flat := run(t, func(state, x *Node) *Node {
		return CropTiles(NewRandom(state), Reshape(x, n, tiles, side, side, 1), piece, piece)
	}, wordsOf(State(1, 0)), numbers)
	places := map[int]int{}
	for i, crop := range rows(flat, n*tiles) {
		place := int(crop[0]) - i*side*side
		for at, v := range crop {
			if want := int(crop[0]) + at/piece*side + at%piece; int(v) != want {
				t.Fatalf("crop %d holds %v", i, crop)
			}
		}
		if place/side > side-piece || place%side > side-piece {
			t.Fatalf("crop %d starts at %d", i, place)
		}
		places[place]++
	}
	for place, count := range places {
		if expected := n * tiles / 9; count < expected/2 || count > 2*expected {
			t.Errorf("place %d is taken %d times, want about %d", place, count, expected)
		}
	}
	if len(places) != 9 {
		t.Errorf("%d places, want 9", len(places))
	}
}

func TestJigsawPermutations(t *testing.T) {
	for _, test := range []struct {
		tiles, count int
		least        int // Hamming distance of any two
		average      float64
	}{
		{tiles: 9, count: 100, least: 4, average: 8.05},
		{tiles: 9, count: 9, least: 9, average: 9},
		{tiles: 4, count: 24, least: 2, average: 3},
		{tiles: 16, count: 40, least: 12, average: 15.1},
	} {
		permutations := JigsawPermutations(test.tiles, test.count, 1)
		least, average := distances(t, permutations, test.tiles)
		random := rand.New(rand.NewPCG(1, 2))
		var chance [][]int
		for range test.count {
			chance = append(chance, random.Perm(test.tiles))
		}
		chanceLeast, chanceAverage := distances(nil, chance, test.tiles)
		t.Logf("%d of %d tiles: distances at least %d, on average %.3f; at random %d and %.3f",
			test.count, test.tiles, least, average, chanceLeast, chanceAverage)
		if len(permutations) != test.count || least < test.least || average < test.average-1e-9 ||
			least <= chanceLeast || average <= chanceAverage {
			t.Errorf("%d permutations with distances of at least %d and %.3f on average, want %d, %d and %.3f",
				len(permutations), least, average, test.count, test.least, test.average)
		}
	}
	same := func(a, b []int) bool { return slices.Equal(a, b) }
	if !slices.EqualFunc(JigsawPermutations(6, 20, 7), JigsawPermutations(6, 20, 7), same) {
		t.Error("the same seed gives different permutations")
	}
	if slices.EqualFunc(JigsawPermutations(6, 20, 7), JigsawPermutations(6, 20, 8), same) {
		t.Error("another seed gives the same permutations")
	}
}

// distances are the least and the mean Hamming distance of any two permutations, which must be
// distinct if t is given.
func distances(t *testing.T, permutations [][]int, tiles int) (least int, average float64) {
	least = tiles
	pairs := 0
	for i, a := range permutations {
		sorted := slices.Sorted(slices.Values(a))
		for k, v := range sorted {
			if k != v {
				t.Fatalf("%v is no permutation", a)
			}
		}
		for _, b := range permutations[:i] {
			distance := 0
			for k := range a {
				if a[k] != b[k] {
					distance++
				}
			}
			least = min(least, distance)
			average += float64(distance)
			pairs++
		}
	}
	if t != nil && least == 0 {
		t.Error("two permutations are the same")
	}
	return least, average / float64(pairs)
}

func TestBadTiles(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{CheckTiles(32, 32, 3, 3), "their height must be a multiple of 3 and width of 3"},
		{CheckTiles(32, 32, 1, 1), "the tiles are 1 x 1; there must be at least 2"},
		{CheckPermutations(4, 25), "augment.JigsawPermutations: count is 25; it must be in [1, 24] for 4 tiles"},
		{CheckPermutations(1, 1), "augment.JigsawPermutations: tiles is 1; it must be in [2, 64]"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("error %v, want %q", test.err, test.want)
		}
	}
	if err := CheckTiles(33, 30, 3, 2); err != nil {
		t.Error(err)
	}
}
