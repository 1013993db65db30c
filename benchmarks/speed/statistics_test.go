package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// training is of a first step and others that take so many seconds.
func training(skippedSeconds float64, counted ...float64) measured {
	return measured{First: 100, Steps: append(slices.Repeat([]float64{skippedSeconds}, skipped-1), counted...)}
}

func TestSpeed(t *testing.T) {
	for name, test := range map[string]struct {
		m               measured
		speed, byMedian float64
	}{
		"level":                        {training(1, .5, .5), batch / .5, batch / .5},
		"first steps do not count":     {training(1000, .5, .5), batch / .5, batch / .5},
		"a look counts in one of both": {training(1, .5, .5, 2), batch, batch / .5},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []struct {
				figure
				want float64
			}{{speed, test.speed}, {stepSpeed, test.byMedian}} {
				if got, err := f.of(test.m); err != nil || math.Abs(got-f.want) > 1e-9 {
					t.Errorf("%s: %g, error %v, want %g", f.what, got, err, f.want)
				}
			}
		})
	}
	t.Run("too few steps", func(t *testing.T) {
		if _, err := training(1).imagesPerSecond(); err == nil {
			t.Error("no error")
		}
	})
}

// The machine was half as fast in the second turn, on both sides: the ratio is the same in all.
func TestRatiosArePairedByTurn(t *testing.T) {
	var turns []sides
	for _, slower := range []float64{1, 2, 1} {
		turns = append(turns, sides{sslkit: training(1, .1*slower), lightly: training(1, .3*slower)})
	}
	got, err := ratioRow("train/x", "ratio", turns, sslkit, speed, lightly, speed)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{got.Value, got.Low, got.High} {
		if math.Abs(x-3) > 1e-9 {
			t.Errorf("%g [%g, %g], want 3", got.Value, got.Low, got.High)
		}
	}
	if got.N != 3 || got.Unit != "×" {
		t.Errorf("%+v", got)
	}

	delete(turns[1], lightly)
	if _, err := ratioRow("train/x", "ratio", turns, sslkit, speed, lightly, speed); err == nil || !strings.Contains(err.Error(), "turn 2 has no measurement of lightly") {
		t.Errorf("a side without a turn: %v", err)
	}
	if _, err := ratios([]float64{1, 2}, []float64{1}); err == nil {
		t.Error("turns that are no pairs: no error")
	}
}

func TestRowIsTheMedianWithTheRange(t *testing.T) {
	got := row("case", "what", "ms", []float64{5, 1, 2})
	if got.Value != 2 || got.Low != 1 || got.High != 5 || got.N != 3 {
		t.Errorf("%+v", got)
	}
}

// Parts are of the same round: the second was slow in all of them.
func TestDifferenceIsOfTheSameRound(t *testing.T) {
	if got := difference([]float64{.003, .103, .003}, []float64{.001, .101, .001}); math.Abs(got-2) > 1e-9 {
		t.Errorf("%g ms, want 2", got)
	}
}
