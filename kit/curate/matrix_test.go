package curate

import (
	"slices"
	"testing"
)

func TestUnit(t *testing.T) {
	x := []float32{3, 4, 0, 0, 0, -2}
	before := slices.Clone(x)
	if got, want := Unit(x, 3, 2), []float32{0.6, 0.8, 0, 0, 0, -1}; !slices.Equal(got, want) {
		t.Errorf("Unit(%v) is %v, want %v", x, got, want)
	}
	if !slices.Equal(x, before) {
		t.Errorf("Unit changed its input to %v, want %v", x, before)
	}
}
