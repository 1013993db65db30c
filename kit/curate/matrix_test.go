package curate

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestUnit(t *testing.T) {
	x := []float32{3, 4, 0, 0, 0, -2}
	before := slices.Clone(x)
	got, err := Unit(x, 3, 2)
	if want := []float32{.6, .8, 0, 0, 0, -1}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Unit(%v) is %v, %v, want %v", x, got, err, want)
	}
	if !slices.Equal(x, before) {
		t.Errorf("Unit changed its input to %v, want %v", x, before)
	}
	if _, err := Unit(x, 2, 2); err == nil || !strings.Contains(err.Error(), "x holds 6 values") {
		t.Errorf("6 values as [2, 2]: error is %v", err)
	}
	x[4] = float32(math.NaN())
	if _, err := Unit(x, 3, 2); err == nil || !strings.Contains(err.Error(), "row 2 column 0") {
		t.Errorf("a value that is no number: error is %v", err)
	}
}
