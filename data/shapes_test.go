package data

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// neighbours is the accuracy in percent of weighted k-NN (cosine, k 20,
// temperature 0.1: Wu et al., "Unsupervised feature learning via
// non-parametric instance discrimination", 2018) on raw pixels.
func neighbours(t testing.TB, world Shapes) float64 {
	train, trainLabels := unitPixels(t, world, Train)
	test, testLabels := unitPixels(t, world, Test)
	correct := make([]bool, len(test))
	err := parallel(len(test), func(i int) error {
		type neighbour struct {
			similarity float32
			label      int
		}
		best := make([]neighbour, 0, 21)
		for j, x := range train {
			var dot0, dot1, dot2, dot3 float32
			y := test[i]
			for k := 0; k < len(x); k += 4 {
				dot0 += x[k] * y[k]
				dot1 += x[k+1] * y[k+1]
				dot2 += x[k+2] * y[k+2]
				dot3 += x[k+3] * y[k+3]
			}
			dot := dot0 + dot1 + dot2 + dot3
			if len(best) == 20 && dot <= best[19].similarity {
				continue
			}
			at, _ := slices.BinarySearchFunc(best, dot, func(n neighbour, d float32) int {
				if n.similarity > d {
					return -1
				}
				return 1
			})
			best = slices.Insert(best, at, neighbour{dot, trainLabels[j]})
			best = best[:min(len(best), 20)]
		}
		var votes [10]float64
		for _, n := range best {
			votes[n.label] += math.Exp(float64(n.similarity) / 0.1)
		}
		winner := 0
		for c := range votes {
			if votes[c] > votes[winner] {
				winner = c
			}
		}
		correct[i] = winner == testLabels[i]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	for _, ok := range correct {
		if ok {
			hits++
		}
	}
	return 100 * float64(hits) / float64(len(test))
}

func unitPixels(t testing.TB, world Shapes, split Split) ([][]float32, []int) {
	set, err := world.Open(split)
	if err != nil {
		t.Fatal(err)
	}
	x := make([][]float32, set.Len())
	err = parallel(set.Len(), func(i int) error {
		height, width := set.Size()
		pix := make([]uint8, height*width*3)
		if err := set.Read(i, pix); err != nil {
			return err
		}
		x[i] = make([]float32, len(pix))
		mean := 0.0
		for _, p := range pix {
			mean += float64(p)
		}
		mean /= float64(len(pix))
		norm := 0.0
		for k, p := range pix {
			x[i][k] = float32(float64(p) - mean)
			norm += float64(x[i][k]) * float64(x[i][k])
		}
		for k := range x[i] {
			x[i][k] /= float32(math.Sqrt(norm))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return x, Labels(set)
}

// TestRawPixelsDoNotDo keeps the world hard: k-NN on pixels is above chance,
// which is 10 %, and far below what a small network reaches.
func TestRawPixelsDoNotDo(t *testing.T) {
	accuracy := neighbours(t, Shapes{Train: 1500, Test: 400})
	if accuracy < 12 || accuracy > 32 {
		t.Errorf("k-NN on raw pixels has %.1f %% with 1,500 training images, want 12 to 32", accuracy)
	}
}

func TestShapesAreBalanced(t *testing.T) {
	set, err := Shapes{Seed: 5}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 10_000 || len(set.Classes()) != 10 || set.Name() != "shapes/train" {
		t.Fatalf("%s: %d images of %v", set.Name(), set.Len(), set.Classes())
	}
	labels := Labels(set)
	for start := 0; start < len(labels); start += 10 {
		ten := slices.Sorted(slices.Values(labels[start : start+10]))
		if !slices.Equal(ten, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Fatalf("images %d to %d have classes %v", start, start+9, ten)
		}
	}
}

func TestShapesArePureFunctions(t *testing.T) {
	world := Shapes{Seed: 3, Size: 40}
	set, err := world.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	pix := make([]uint8, 40*40*3)
	for _, i := range []int{0, 1, 1999, 7} {
		sample := world.Sample(Test, i)
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pix, sample.Pix) || set.Label(i) != sample.Class {
			t.Errorf("image %d of the set is not Sample %d", i, i)
		}
	}
	first := world.Sample(Test, 0).Pix
	if bytes.Equal(first, world.Sample(Train, 0).Pix) || bytes.Equal(first, Shapes{Seed: 4, Size: 40}.Sample(Test, 0).Pix) {
		t.Error("another split, or another seed, gives the same image")
	}
	sets := map[string]bool{}
	for _, s := range []Shapes{{}, {Seed: 1}, {Train: 20}, {Size: 33}, {Spurious: 0.5}} {
		set, err := s.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		sets[set.Fingerprint()] = true
	}
	if len(sets) != 5 {
		t.Errorf("five worlds have %d fingerprints", len(sets))
	}
}

func TestShapesBoxAndMask(t *testing.T) {
	for i := range 300 {
		s := Shapes{}.Sample(Train, i)
		inside := 0
		for y := range s.Size {
			for x := range s.Size {
				in := x >= s.Box.X0 && x < s.Box.X1 && y >= s.Box.Y0 && y < s.Box.Y1
				if m := s.Mask[y*s.Size+x]; m > 1 || m == 1 && !in {
					t.Fatalf("image %d: mask %d at (%d, %d) outside of %v", i, m, x, y, s.Box)
				} else if m == 1 {
					inside++
				}
			}
		}
		// Every side touches the mask, and the object has a size worth seeing.
		if share := float64(inside) / float64(s.Box.Width()*s.Box.Height()); share < 0.15 || share > 1 {
			t.Errorf("image %d, %s: the mask fills %.2f of its box %v", i, s.Caption, share, s.Box)
		}
		if longest := max(s.Box.Width(), s.Box.Height()); longest < 7 || longest > 27 {
			t.Errorf("image %d, %s: the box %v is not 25 to 80 %% of 32 pixels", i, s.Caption, s.Box)
		}
		tight := func(x0, y0, x1, y1 int) bool {
			for y := y0; y < y1; y++ {
				for x := x0; x < x1; x++ {
					if s.Mask[y*s.Size+x] == 1 {
						return true
					}
				}
			}
			return false
		}
		b := s.Box
		if !tight(b.X0, b.Y0, b.X0+1, b.Y1) || !tight(b.X1-1, b.Y0, b.X1, b.Y1) || !tight(b.X0, b.Y0, b.X1, b.Y0+1) || !tight(b.X0, b.Y1-1, b.X1, b.Y1) {
			t.Errorf("image %d: the box %v is not tight", i, b)
		}
	}
}

// TestShapesContrast checks that every object stands out from its background
// in luma, as documented, whatever its colours.
func TestShapesContrast(t *testing.T) {
	for i := range 1000 {
		sc := Shapes{Size: 32}.scene(Train, i)
		for _, ink := range sc.object.inks {
			for _, ground := range sc.backdrop.inks {
				if d := math.Abs(ink.luma() - ground.luma()); d < contrast-1e-9 {
					t.Fatalf("image %d: luma %.2f on %.2f", i, ink.luma(), ground.luma())
				}
			}
		}
	}
}

// TestShapesSpurious measures the correlation of group and class parity (the
// phi coefficient, which is Pearson's for two binary variables).
func TestShapesSpurious(t *testing.T) {
	correlation := func(world Shapes, split Split) float64 {
		set, err := world.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		groups := set.(Grouped)
		sum := 0.0
		for i := range set.Len() {
			if set.Label(i)%2 == groups.Group(i) {
				sum++
			} else {
				sum--
			}
		}
		return sum / float64(set.Len())
	}
	for _, want := range []float64{0, 0.6, 1} {
		if got := correlation(Shapes{Spurious: want}, Train); math.Abs(got-want) > 0.04 {
			t.Errorf("correlation %.3f, want %.1f", got, want)
		}
	}
	if got := correlation(Shapes{Spurious: 1}, Test); math.Abs(got) > 0.08 {
		t.Errorf("correlation %.3f in test, want about 0", got)
	}
}

func TestShapesCaption(t *testing.T) {
	s := Shapes{}.Sample(Train, 0)
	for _, word := range []string{ShapeClasses()[s.Class], s.Colour, s.Texture, ShapeGroups()[s.Group], "background"} {
		if !strings.Contains(s.Caption, word) {
			t.Errorf("caption %q does not say %q", s.Caption, word)
		}
	}
}

func TestShapesViewsKeepTheIdentity(t *testing.T) {
	world := Shapes{}
	views := world.Views(Train, 11, 6)
	if !bytes.Equal(views[0].Pix, world.Sample(Train, 11).Pix) {
		t.Error("view 0 is not the sample")
	}
	for k, v := range views[1:] {
		if v.Class != views[0].Class || v.Colour != views[0].Colour || v.Texture != views[0].Texture {
			t.Errorf("view %d is another object: %s", k+1, v.Caption)
		}
		if bytes.Equal(v.Pix, views[k].Pix) || v.Box == views[k].Box {
			t.Errorf("view %d is view %d", k+1, k)
		}
	}
	if !bytes.Equal(world.Views(Train, 11, 3)[2].Pix, views[2].Pix) {
		t.Error("view 2 depends on how many are asked for")
	}
}

func TestShapesVideo(t *testing.T) {
	world := Shapes{}
	bounced := false
	for i := range 10 {
		v := world.Video(Test, i, 60)
		sample := world.Sample(Test, i)
		if len(v.Frames) != 60 || v.Classes[0] != sample.Class || v.Frames[0].Boxes[0] != sample.Box {
			t.Fatalf("video %d does not begin with the object of its sample", i)
		}
		if short := world.Video(Test, i, 3); !bytes.Equal(short.Frames[2].Pix, v.Frames[2].Pix) {
			t.Errorf("video %d: frame 2 depends on how many are asked for", i)
		}
		last := 0
		for f := 1; f < len(v.Frames); f++ {
			now, before := v.Frames[f].Boxes[0], v.Frames[f-1].Boxes[0]
			if now == (Box{}) || now.X0 < 0 || now.Y0 < 0 || now.X1 > 32 || now.Y1 > 32 {
				t.Fatalf("video %d: object 0 left the picture in frame %d: %v", i, f, now)
			}
			step := (now.X0 + now.X1) - (before.X0 + before.X1)
			// 6 % of 32 pixels a frame, and what a turn does to the box.
			if step > 10 || step < -10 {
				t.Errorf("video %d: object 0 jumps by %d half pixels in frame %d", i, step, f)
			}
			if step*last < 0 {
				bounced = true
			}
			if step != 0 {
				last = step
			}
			for k, b := range v.Frames[f].Boxes {
				if visible := bytes.IndexByte(v.Frames[f].Mask, uint8(k+1)) >= 0; visible != (b != Box{}) {
					t.Errorf("video %d, frame %d: object %d has box %v, visible %v", i, f, k, b, visible)
				}
			}
		}
	}
	if !bounced {
		t.Error("nothing turned back in 10 videos of 60 frames")
	}
}

func TestBounce(t *testing.T) {
	for _, c := range []struct{ at, v, low, high, wantAt, wantV float64 }{
		{5, 1, 0, 10, 5, 1},
		{11, 2, 0, 10, 9, -2},
		{-3, -4, 0, 10, 3, 4},
		{9, 4, 4, 6, 4, -4}, // farther than the range is wide
	} {
		if at, v := bounce(c.at, c.v, c.low, c.high); math.Min(math.Max(at, c.low), c.high) != at || v != c.wantV || at != math.Max(c.wantAt, c.low) {
			t.Errorf("bounce(%g, %g) in [%g, %g] gives %g, %g", c.at, c.v, c.low, c.high, at, v)
		}
	}
}

// TestOutlines checks each signed distance against a finely sampled edge: its
// sign changes there, and near the edge it is the distance to it.
func TestOutlines(t *testing.T) {
	for class, name := range shapeNames {
		var edge []point
		const n = 400
		at := func(k int) float64 { return -1.2 + 2.4*float64(k)/n }
		for a := range n {
			for b := range n {
				here := outline(class, at(a), at(b)) < 0
				if here != (outline(class, at(a+1), at(b)) < 0) || here != (outline(class, at(a), at(b+1)) < 0) {
					edge = append(edge, point{at(a), at(b)})
				}
			}
		}
		if len(edge) == 0 {
			t.Fatalf("%s has no edge", name)
		}
		r := newRNG(1, 0, uint64(class), 0)
		for range 300 {
			x, y := r.between(-1.1, 1.1), r.between(-1.1, 1.1)
			d := outline(class, x, y)
			if math.Abs(d) > 0.1 { // exactness is only claimed for the edge
				continue
			}
			nearest := math.Inf(1)
			for _, e := range edge {
				nearest = math.Min(nearest, math.Hypot(x-e.x, y-e.y))
			}
			// The sampling itself is off by up to 2.4/400·√2. A corner of a
			// bound (heart, crescent) may be off by as much as a tenth.
			if math.Abs(math.Abs(d)-nearest) > 0.012 && !(nearest > math.Abs(d) && (name == "heart" || name == "crescent")) {
				t.Errorf("%s at (%.2f, %.2f): distance %.3f, want ±%.3f", name, x, y, d, nearest)
			}
		}
		for _, e := range edge {
			if math.Hypot(e.x, e.y) > 1.13 {
				t.Errorf("%s reaches (%.2f, %.2f), outside of the unit disc", name, e.x, e.y)
				break
			}
		}
	}
}

func TestShadeHasTheLumaAskedFor(t *testing.T) {
	r := newRNG(1, 0, 0, 0)
	for range 1000 {
		hue, saturation, luma := r.between(-1, 2), r.float(), r.between(0.02, 0.98)
		c := shadeOf(hue, saturation, luma)
		if math.Abs(c.luma()-luma) > 1e-9 || min(c[0], c[1], c[2]) < 0 || max(c[0], c[1], c[2]) > 1+1e-9 {
			t.Fatalf("hue %.2f saturation %.2f: luma %.3f of %v, want %.3f", hue, saturation, c.luma(), c, luma)
		}
	}
}

func TestShapesBadSettings(t *testing.T) {
	for _, c := range []struct {
		world Shapes
		parts []string
	}{
		{Shapes{Size: 31}, []string{"data.Shapes: Size", "31", "in [32, 4096] (0 means 32)"}},
		{Shapes{Train: -1}, []string{"data.Shapes: Train", "-1"}},
		{Shapes{Test: -2}, []string{"data.Shapes: Test", "-2"}},
		{Shapes{Spurious: 1.1}, []string{"data.Shapes: Spurious", "1.1", "[0, 1]"}},
		{Shapes{Spurious: math.NaN()}, []string{"data.Shapes: Spurious"}},
	} {
		_, err := c.world.Open(Train)
		wantError(t, err, c.parts...)
	}
	_, err := Shapes{}.Open(Split(9))
	wantError(t, err, "the split is 9")
	set, err := Shapes{}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, set.Read(10_000, make([]uint8, 3072)), "image 10000", "[0, 10000)")
	wantError(t, set.Read(0, make([]uint8, 3071)), "3071", "3072")
}

// BenchmarkShapes reports images a second that one core draws.
func BenchmarkShapes(b *testing.B) {
	set, err := Shapes{}.Open(Train)
	if err != nil {
		b.Fatal(err)
	}
	pix := make([]uint8, 32*32*3)
	b.ReportAllocs()
	for i := range b.N {
		set.(*shapesSet).draw(i%set.Len(), pix)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

// Every factor varies within its range, and by the images' class no factor can be told.
func TestFactorsAreInTheirRanges(t *testing.T) {
	ranges := map[string][2]float64{
		"size": {.2, .34}, "rotation": {0, 30}, "stretch": {1, 1.23}, "off-centre": {0, .43}, "clutter": {0, 3}, "light": {0,
			.15}, "noise": {0, .03},
	}
	const n = 2000
	values, err := Shapes{}.Factors(Test, n)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Shapes{}.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for f, name := range ShapeFactors() {
		low, high := slices.Min(values[f]), slices.Max(values[f])
		if want := ranges[name]; len(values[f]) != n || low < want[0] || high > want[1] || high-low < .5*(want[1]-want[0]) {
			t.Errorf("%s: %d values from %g to %g, want within %v", name, len(values[f]), low, high, want)
		}
		var mean, square float64
		for _, v := range values[f] {
			mean, square = mean+v/n, square+v*v/n
		}
		for class := range ShapeClasses() {
			var of, count float64
			for i, v := range values[f] {
				if set.Label(i) == class {
					of, count = of+v, count+1
				}
			}
			if z := (of/count - mean) / math.Sqrt((square-mean*mean)/count); math.Abs(z) > 4 {
				t.Errorf("%s: class %d differs from the others by %.1f standard errors", name, class, z)
			}
		}
	}
	if _, err := (Shapes{}).Factors(Test, 0); err == nil {
		t.Error("no image is no error")
	}
	if _, err := (Shapes{Spurious: 2}).Factors(Test, 1); err == nil {
		t.Error("bad settings are no error")
	}
}
