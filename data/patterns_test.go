package data

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestPatternsAreAFunctionOfSeedSplitAndIndex(t *testing.T) {
	t.Parallel()
	world := Patterns{Train: 50, Validation: 50, Test: 50, Seed: 1}
	read := func(world Patterns, split Split, i int) []uint8 {
		set := opened(t, world, split)
		height, width := set.Size()
		pix := make([]uint8, height*width*3)
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		return pix
	}
	image := read(world, Train, 7)
	more := world
	more.Train = 5000
	if !bytes.Equal(image, read(world, Train, 7)) || !bytes.Equal(image, read(more, Train, 7)) {
		t.Error("image 7 is another one when it is read again, or when there are more images")
	}
	other := world
	other.Seed = 2
	for what, pix := range map[string][]uint8{
		"image 8": read(world, Train, 8), "the test split": read(world, Test, 7), "another seed": read(other, Train, 7),
	} {
		if bytes.Equal(image, pix) {
			t.Errorf("%s shows the same as image 7", what)
		}
	}
	if a, b := opened(t, world, Train).Fingerprint(), opened(t, other, Train).Fingerprint(); a == b {
		t.Error("two seeds have one fingerprint")
	}
	world.Kinds = 4
	if opened(t, world, Train).Fingerprint() == opened(t, Patterns{Train: 50, Validation: 50, Test: 50, Seed: 1}, Train).Fingerprint() {
		t.Error("two numbers of kinds have one fingerprint")
	}
}

// What is drawn must not change: committed results are of these pixels. A level more or less, which
// another processor may have, is left out of the sum.
func TestPatternsStayTheSame(t *testing.T) {
	t.Parallel()
	set := opened(t, Patterns{}, Train)
	var coarse []byte
	pix := make([]uint8, 32*32*3)
	for i := range 20 {
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(pix); at += 3 * 64 {
			sum := 0
			for _, v := range pix[at : at+3*64] {
				sum += int(v)
			}
			coarse = append(coarse, byte(math.Round(float64(sum)/3/64/16)))
		}
	}
	const want = "e29b5ba157b41bf9"
	if got := fmt.Sprintf("%x", sha256.Sum256(coarse))[:16]; got != want {
		t.Errorf("the first images have the sum %s, want %s: raise patternsVersion, and measure anew what was measured of them", got, want)
	}
}

func TestPatternsOfAClassAndTheirGroups(t *testing.T) {
	t.Parallel()
	world := Patterns{Train: 2000, Kinds: 3, Seed: 5}
	set := opened(t, world, Train).(*patternSet)
	classes, kinds := map[int]int{}, map[int]int{}
	for i := range set.Len() {
		classes[set.Label(i)]++
		_, kind := set.drawnBy(i)
		kinds[kind]++
		if kind/3 != set.Label(i) || set.Group(i) != int(set.kinds[kind].weave) {
			t.Fatalf("image %d of class %d is of pattern %d, group %d", i, set.Label(i), kind, set.Group(i))
		}
	}
	if len(classes) != 10 || len(kinds) != 30 {
		t.Fatalf("%d classes of %d patterns, want 10 of 30", len(classes), len(kinds))
	}
	for class, n := range classes {
		if n != 200 {
			t.Errorf("class %d has %d images, want 200", class, n)
		}
	}
	for kind, n := range kinds { // A binomial deviation is 6.7.
		if n < 67-30 || n > 67+30 {
			t.Errorf("pattern %d has %d images of 2,000, want about 67", kind, n)
		}
	}
	weavesSeen := map[weave]int{}
	for _, k := range set.kinds {
		weavesSeen[k.weave]++
	}
	for w := range weaves {
		if n := weavesSeen[w]; n < 4 || n > 5 {
			t.Errorf("%d of 30 patterns are %s, want 4 or 5", n, weaveNames[w])
		}
	}
}

// Two pieces of one pattern have the same structure, whatever their colours: their spectra are more
// alike than those of pieces of different patterns, and their mean colours are not.
func TestPiecesOfAPatternAreAlikeInStructureAlone(t *testing.T) {
	t.Parallel()
	set := opened(t, Patterns{Train: 600, Kinds: 1, Seed: 3}, Train).(*patternSet)
	pix := make([]uint8, 32*32*3)
	spectra, colours := make([][]float64, 200), make([][]float64, 200)
	for i := range spectra {
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		spectra[i], colours[i] = spectrum(pix), meanColour(pix)
	}
	alike := func(of [][]float64) (same, other float64) {
		var sums, counts [2]float64
		for i := range of {
			for j := range i { // Each pair once.
				k := 0
				if set.Label(i) != set.Label(j) {
					k = 1
				}
				sums[k], counts[k] = sums[k]+distance(of[i], of[j]), counts[k]+1
			}
		}
		return sums[0] / counts[0], sums[1] / counts[1]
	}
	if same, other := alike(spectra); same > .94*other {
		t.Errorf("spectra of one pattern are %.3f apart, of two %.3f", same, other)
	}
	if same, other := alike(colours); same < .95*other || same > 1.05*other {
		t.Errorf("colours of one pattern are %.3f apart, of two %.3f: they tell the class", same, other)
	}
}

// spectrum is the strength of low frequencies of the brightness, at unit length.
func spectrum(pix []uint8) []float64 {
	var grey [32][32]float64
	mean := 0.
	for at := range 32 * 32 {
		v := float64(pix[3*at]) + float64(pix[3*at+1]) + float64(pix[3*at+2])
		grey[at/32][at%32], mean = v, mean+v/(32*32)
	}
	var out []float64
	norm := 0.
	for f := range 8 {
		for g := -7; g <= 7; g++ {
			if f == 0 && g <= 0 {
				continue
			}
			var re, im float64
			for y := range 32 {
				for x := range 32 {
					sin, cos := math.Sincos(2 * math.Pi * float64(f*x+g*y) / 32)
					re, im = re+cos*(grey[y][x]-mean), im+sin*(grey[y][x]-mean)
				}
			}
			out = append(out, math.Hypot(re, im))
			norm += re*re + im*im
		}
	}
	for i := range out {
		out[i] /= math.Sqrt(norm)
	}
	return out
}

func meanColour(pix []uint8) []float64 {
	out := make([]float64, 3)
	for at, v := range pix {
		out[at%3] += float64(v) / 255 / 1024
	}
	return out
}

func distance(a, b []float64) float64 {
	sum := 0.
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// toCells looks at the nine squares around a point: here all of them are looked at.
func TestToCellsFindsTheNearestPoints(t *testing.T) {
	t.Parallel()
	r := newRNG(1, 0, 0, 0)
	for range 200 {
		x, y, irregular, seed := r.between(-5, 5), r.between(-5, 5), r.float(), r.uint64()
		nearest, second := math.Inf(1), math.Inf(1)
		for i := int64(-9); i <= 9; i++ {
			for j := int64(-9); j <= 9; j++ {
				px, py := float64(i)+.5+irregular*(lattice(i, j, seed)-.5), float64(j)+.5+irregular*(lattice(i, j, seed+1)-.5)
				if d := math.Hypot(px-x, py-y); d < nearest {
					nearest, second = d, nearest
				} else if d < second {
					second = d
				}
			}
		}
		gotNearest, gotSecond := toCells(x, y, irregular, seed)
		if math.Abs(gotNearest-nearest) > 1e-9 {
			t.Errorf("the nearest point of (%g, %g) is %g away, want %g", x, y, gotNearest, nearest)
		}
		if gotSecond < second-1e-9 || second < 1 && math.Abs(gotSecond-second) > 1e-9 {
			t.Errorf("the second nearest point of (%g, %g) is %g away, want %g", x, y, gotSecond, second)
		}
	}
}

func TestPatternsCheck(t *testing.T) {
	t.Parallel()
	for field, bad := range map[string]Patterns{
		"Size is 16": {Size: 16}, "Train is -1": {Train: -1}, "Validation is -1": {Validation: -1}, "Test is -1": {Test: -1}, "Kinds is 101": {Kinds: 101},
	} {
		if _, err := bad.Open(Train); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not say %q", bad, err, field)
		}
	}
	large := opened(t, Patterns{Size: 48, Test: 10}, Test)
	if err := large.Read(3, make([]uint8, 48*48*3)); err != nil {
		t.Error(err)
	}
	if err := large.Read(10, make([]uint8, 48*48*3)); err == nil {
		t.Error("image 10 of 10 was read")
	}
}
