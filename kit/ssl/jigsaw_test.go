package ssl

import (
	"math"
	"strings"
	"testing"

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

func TestJigsawCheck(t *testing.T) {
	if err := (Jigsaw{}).Check(4, 33, 33); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]Jigsaw{
		"Grid": {Grid: 1}, "Orders": {Grid: 2, Orders: 25}, "Gap": {Gap: 11}, "Hidden": {Hidden: -1},
	} {
		if err := bad.Check(4, 33, 33); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	err := Jigsaw{Grid: 2}.CheckEncoder(encoder.ResNet{Stem: encoder.HalfStem}, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "tiles of 14×14") {
		t.Errorf("error %v does not name the tiles", err)
	}
	if err := (Jigsaw{Grid: 2}).CheckEncoder(encoder.ResNet{}, 32, 32); err != nil {
		t.Error(err)
	}
}
