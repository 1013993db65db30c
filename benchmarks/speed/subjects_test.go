package main

import (
	"path/filepath"
	"slices"
	"testing"

	"sslkit/data"
)

// What is measured can be trained, on all the images of the folder.
func TestSubjectsCanBeTrained(t *testing.T) {
	dir := t.TempDir()
	images, cache := filepath.Join(dir, "images"), filepath.Join(dir, "cache")
	for range 2 { // The second finds them there.
		if err := writeImages(images, true); err != nil {
			t.Fatal(err)
		}
	}
	for _, quick := range []bool{false, true} {
		for do, subjects := range map[string][]subject{doTrain: compared(quick, false), doParts: alone(quick, false)} {
			for _, s := range subjects {
				recipe := s.recipe(images, cache, 100)
				if err := recipe.Check(); err != nil {
					t.Errorf("%s of %s: %v", do, s.name, err)
				}
				set, err := recipe.Data.Open(data.Train)
				if err != nil {
					t.Fatal(err)
				}
				if set.Len() != 256 {
					t.Errorf("%d images, want the 256 that were written", set.Len())
				}
				if err := set.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// The numbers are those that torch_side.py and jax_side.py count.
func TestParameters(t *testing.T) {
	for name, want := range map[string]int64{
		"simclr/resnet18-w16-half": 733_456, "simclr/vit6-w192-p4": 2_753_728,
		"simclr/resnet18-w4-half": 49_732, "simclr/vit1-w24-p8": 16_288,
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range slices.Concat(compared(false, false), compared(true, false), compared(false, true)) {
				if s.name != name {
					continue
				}
				if got, err := countParameters(s.encoder, s.method, side); err != nil || got != want {
					t.Errorf("%d, error %v, want %d", got, err, want)
				}
			}
		})
	}
}
