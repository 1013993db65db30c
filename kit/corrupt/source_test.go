package corrupt

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

func open(t *testing.T, source data.Source, split data.Split) data.Set {
	t.Helper()
	set, err := source.Open(split)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func read(t *testing.T, set data.Set, i int) []uint8 {
	t.Helper()
	height, width := set.Size()
	pix := make([]uint8, height*width*3)
	if err := set.Read(i, pix); err != nil {
		t.Fatal(err)
	}
	return pix
}

func TestSourceCorruptsWhatItReads(t *testing.T) {
	from := data.Shapes{Train: 20, Validation: 20, Test: 20}
	source := Source{From: from, Corruption: GaussianNoise, Severity: 4, Seed: 9}
	seen := map[string]bool{}
	for _, split := range []data.Split{data.Validation, data.Test} {
		clean, set := open(t, from, split), open(t, source, split)
		if want := "shapes-gaussian-noise-4/" + split.String(); set.Name() != want {
			t.Errorf("name %q, want %q", set.Name(), want)
		}
		if set.Len() != 20 || set.Label(7) != clean.Label(7) {
			t.Errorf("%d images, label %d", set.Len(), set.Label(7))
		}
		again := open(t, source, split)
		for i := 19; i >= 0; i-- { // another order
			read(t, again, i)
		}
		for i := range 20 {
			pix := read(t, set, i)
			if !bytes.Equal(pix, read(t, again, i)) {
				t.Fatalf("%v, image %d is another one the second time", split, i)
			}
			// The noise itself, where nothing is clamped, differs from image to image and from
			// split to split.
			noise := make([]uint8, 0, len(pix))
			for k, v := range read(t, clean, i) {
				noise = append(noise, pix[k]-v)
			}
			seen[string(noise)] = true
		}
		grouped, ok := set.(data.Grouped)
		if !ok || grouped.Group(3) != clean.(data.Grouped).Group(3) || len(grouped.Groups()) != 2 {
			t.Error("the subgroups are lost")
		}
		if _, ok := set.(data.Clips); ok {
			t.Error("the corrupted set claims clips, which would be clean")
		}
		if err := set.Read(20, make([]uint8, 3072)); err == nil {
			t.Error("image 20 of 20")
		}
		if err := set.Read(0, make([]uint8, 3071)); err == nil {
			t.Error("a buffer too small")
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d different noises of 40", len(seen))
	}
}

// Boxes and masks are those of the clean images.
func TestSourceKeepsObjectsAndMasks(t *testing.T) {
	from := data.Scenes{Test: 4, Size: 32, Radius: [2]float64{.1, .3}}
	clean, set := open(t, from, data.Test), open(t, Source{From: from, Corruption: Snow, Severity: 2}, data.Test)
	objects, err := data.ObjectsIn(set)
	if err != nil {
		t.Fatal(err)
	}
	masks, err := data.MasksIn(set)
	if err != nil {
		t.Fatal(err)
	}
	mask, want := make([]uint8, 32*32), make([]uint8, 32*32)
	for i := range set.Len() {
		if !slices.Equal(objects.ObjectsOf(i), clean.(data.Objects).ObjectsOf(i)) {
			t.Errorf("image %d has other objects", i)
		}
		if err := errors.Join(masks.ReadMask(i, mask), clean.(data.Masks).ReadMask(i, want)); err != nil || !bytes.Equal(mask, want) {
			t.Errorf("image %d has another mask, error %v", i, err)
		}
	}
	if _, err := data.ObjectsIn(open(t, Source{From: bare{from}, Corruption: Snow, Severity: 2}, data.Test)); err == nil {
		t.Error("a set without objects gives some")
	}
}

// bare is a source whose sets hold images alone.
type bare struct{ data.Source }

func (b bare) Open(split data.Split) (data.Set, error) {
	set, err := b.Source.Open(split)
	return struct{ data.Set }{set}, err
}

func TestSourceLeavesTrainingImages(t *testing.T) {
	from := data.Shapes{Train: 20}
	clean, set := open(t, from, data.Train), open(t, Source{From: from, Corruption: Fog, Severity: 5}, data.Train)
	if set.Fingerprint() != clean.Fingerprint() || !bytes.Equal(read(t, set, 3), read(t, clean, 3)) {
		t.Error("training images changed")
	}
}

// File names hold the first twelve digits.
func TestFingerprintsDiffer(t *testing.T) {
	from := data.Shapes{Test: 20, Validation: 20}
	fingerprints := map[string]bool{open(t, from, data.Test).Fingerprint()[:12]: true}
	for _, source := range []Source{
		{From: from, Corruption: Fog, Severity: 1},
		{From: from, Corruption: Fog, Severity: 2},
		{From: from, Corruption: Snow, Severity: 1},
		{From: from, Corruption: Fog, Severity: 1, Seed: 1},
		{From: data.Shapes{Test: 20, Validation: 20, Seed: 1}, Corruption: Fog, Severity: 1},
	} {
		for _, split := range []data.Split{data.Validation, data.Test} {
			fingerprint := open(t, source, split).Fingerprint()
			if fingerprint != open(t, source, split).Fingerprint() || len(fingerprint) != 64 {
				t.Errorf("fingerprint %q", fingerprint)
			}
			fingerprints[fingerprint[:12]] = true
		}
	}
	if len(fingerprints) != 11 {
		t.Errorf("%d different fingerprints of 11", len(fingerprints))
	}
}

func TestBadSources(t *testing.T) {
	for _, test := range []struct {
		source Source
		names  string
	}{
		{Source{From: data.Shapes{}}, "severity is 0"},
		{Source{From: data.Shapes{}, Corruption: 99, Severity: 1}, "corruption is 99"},
		{Source{Severity: 1}, "corrupt.Source: From is missing"},
		{Source{From: data.Shapes{Size: 3}, Severity: 1}, "Size is 3"},
	} {
		if _, err := test.source.Open(data.Test); err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v, want it to name %q", err, test.names)
		}
	}
}
