package ssl

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

func TestAllFlipsAreWhatTheirLabelsSay(t *testing.T) {
	backend := devicetest.Backend(t)
	want := [][]float32{{1, 2, 3, 4}, {3, 4, 1, 2}, {2, 1, 4, 3}, {4, 3, 2, 1}} // Of one image, by class, row by row.
	for vertical, classes := range map[bool]int{false: 4, true: 2} {
		outputs, err := CallOnceN(backend, func(images *Node) (*Node, *Node) { return Flipping{Vertical: vertical}.AllFlips(images) },
			[][][][]float32{{{{1}, {2}}, {{3}, {4}}}, {{{11}, {12}}, {{13}, {14}}}})
		if err != nil {
			t.Fatal(err)
		}
		flipped, labels := outputs[0].Value().([][][][]float32), outputs[1].Value().([]int32)
		if len(flipped) != 2*classes || len(labels) != 2*classes {
			t.Fatalf("%d images and %d labels, want %d", len(flipped), len(labels), 2*classes)
		}
		for i, x := range flipped {
			offset := float32(10 * (i / classes))
			got := []float32{x[0][0][0] - offset, x[0][1][0] - offset, x[1][0][0] - offset, x[1][1][0] - offset}
			if labels[i] != int32(i%classes) || !slices.Equal(got, want[labels[i]]) {
				t.Errorf("image %d has label %d and is %v", i, labels[i], got)
			}
		}
	}
}

func TestFlippingStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	for vertical, classes := range map[bool]float64{false: 4, true: 2} {
		loss, gradients := negfreeStep(t, Flipping{Vertical: vertical}, 0)
		if math.Abs(loss-math.Log(classes)) > .7 {
			t.Errorf("the first loss is %g, far from log %g", loss, classes)
		}
		if gradients["/encoder/conv1/weight"] <= 0 {
			t.Error("no gradient reaches the encoder")
		}
	}
}
