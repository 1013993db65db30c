package ssl

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

func TestPiecesLieWhereTheirLabelsSay(t *testing.T) {
	backend := devicetest.Backend(t)
	// Images whose pixels say which of the 3 × 3 tiles, of 3 × 3 pixels, they are in.
	images := make([][][][]float32, places)
	label := make([]int32, places)
	for i := range images {
		label[i] = int32(i)
		for y := range 9 {
			var row [][]float32
			for x := range 9 {
				row = append(row, []float32{float32(y/3*3 + x/3)})
			}
			images[i] = append(images[i], row)
		}
	}
	state := augment.State(1, 0)
	outputs, err := CallOnceN(backend, func(images, label, state *Node) (*Node, *Node) {
		return resolved(RelativeLocation{Gap: 1}).Pieces(augment.NewRandom(state), images, label)
	}, images, label, state[:])
	if err != nil {
		t.Fatal(err)
	}
	middle, around := outputs[0].Value().([][][][]float32), outputs[1].Value().([][][][]float32)
	want := []float32{0, 1, 2, 3, 5, 6, 7, 8} // Around tile 4.
	for i := range want {
		if len(middle[i]) != 2 || len(middle[i][0]) != 2 || middle[i][0][0][0] != 4 || middle[i][1][1][0] != 4 {
			t.Errorf("the middle of image %d is %v", i, middle[i])
		}
		if around[i][0][0][0] != want[i] || around[i][1][1][0] != want[i] {
			t.Errorf("place %d shows %v, want tile %g", i, around[i], want[i])
		}
	}
}

func TestLocationStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	loss, gradients := negfreeStep(t, RelativeLocation{Gap: 1, Hidden: 16}, 0)
	if math.Abs(loss-math.Log(places)) > 1 {
		t.Errorf("the first loss is %g, far from log %d", loss, places)
	}
	if gradients["/encoder/conv1/weight"] <= 0 {
		t.Error("no gradient reaches the encoder")
	}
}

func TestLocationCheck(t *testing.T) {
	if err := checked(RelativeLocation{}, 4, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]RelativeLocation{
		"Gap": {Gap: 10}, "Hidden": {Hidden: -1},
	} {
		if err := checked(bad, 4, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	err := checked(RelativeLocation{}, 4, 32, 32, augment.Pipeline{augment.Normalize{}})
	if err == nil || !strings.Contains(err.Error(), "ssl.RelativeLocation: the view") {
		t.Errorf("views of 32×32 pixels: error %v", err)
	}
	err = checkedWith(RelativeLocation{}, encoder.ResNet{Stem: encoder.HalfStem}, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "tiles of 7×7") {
		t.Errorf("error %v does not name the tiles", err)
	}
}
