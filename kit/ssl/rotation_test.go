package ssl

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

func TestAllTurnsAreWhatTheirLabelsSay(t *testing.T) {
	backend := devicetest.Backend(t)
	outputs, err := CallOnceN(backend, func(images *Node) (*Node, *Node) { return AllTurns(images) },
		[][][][]float32{{{{1}, {2}}, {{3}, {4}}}, {{{5}, {6}}, {{7}, {8}}}})
	if err != nil {
		t.Fatal(err)
	}
	turned, labels := outputs[0].Value().([][][][]float32), outputs[1].Value().([]int32)
	if len(turned) != 8 || len(labels) != 8 {
		t.Fatalf("%d images and %d labels, want 8", len(turned), len(labels))
	}
	for i, image := range turned {
		if labels[i] != int32(i%4) {
			t.Errorf("label %d is %d", i, labels[i])
		}
		// Turn it back, clockwise, as often as its label says.
		for range labels[i] {
			image = [][][]float32{{image[1][0], image[0][0]}, {image[1][1], image[0][1]}}
		}
		first := float32(1 + 4*(i/4))
		if image[0][0][0] != first || image[0][1][0] != first+1 || image[1][0][0] != first+2 || image[1][1][0] != first+3 {
			t.Errorf("image %d, turned back %d times, is %v", i, labels[i], image)
		}
	}
}

func TestRotationStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	loss, gradients := negfreeStep(t, Rotation{}, 0)
	if math.Abs(loss-math.Log(4)) > .7 {
		t.Errorf("the first loss is %g, far from log 4", loss)
	}
	if gradients["/encoder/conv1/weight"] <= 0 {
		t.Error("no gradient reaches the encoder")
	}
}

func TestRotationWantsSquareViews(t *testing.T) {
	if err := checked(Rotation{}, 4, 32, 48); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	err := checked(Rotation{}, 4, 32, 48, augment.Pipeline{augment.Normalize{}})
	if err == nil || !strings.Contains(err.Error(), "the view is of 32×48") {
		t.Errorf("error %v does not name the view", err)
	}
}
