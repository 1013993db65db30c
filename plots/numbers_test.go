package plots

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"
)

// TestPCA compares with gonum's stat.PC, which takes the singular value decomposition instead, for
// more vectors than dimensions and for fewer.
func TestPCA(t *testing.T) {
	for _, shape := range [][2]int{{60, 7}, {9, 31}} {
		n, dim, k := shape[0], shape[1], 4
		random := rand.New(rand.NewPCG(1, 2))
		x := make([]float32, n*dim)
		wide := mat.NewDense(n, dim, nil)
		for i := range x {
			x[i] = float32((1 + float64(i%dim)) * random.NormFloat64())
			wide.Set(i/dim, i%dim, float64(x[i]))
		}
		proj, explained, err := PCA(x, n, dim, k)
		if err != nil {
			t.Fatal(err)
		}
		var pc stat.PC
		if !pc.PrincipalComponents(wide, nil) {
			t.Fatal("the reference failed")
		}
		variance := pc.VarsTo(nil)
		var total float64
		for _, v := range variance {
			total += v
		}
		var vectors, want mat.Dense
		pc.VectorsTo(&vectors)
		want.Mul(centre(x, n, dim), vectors.Slice(0, dim, 0, k))
		for j := range k {
			if math.Abs(explained[j]-variance[j]/total) > 1e-12 {
				t.Errorf("%v: axis %d explains %g, want %g", shape, j, explained[j], variance[j]/total)
			}
			sign := math.Copysign(1, proj[j]*want.At(0, j))
			for i := range n {
				if math.Abs(proj[i*k+j]-sign*want.At(i, j)) > 1e-9 {
					t.Fatalf("%v: proj[%d, %d] is %g, want %g", shape, i, j, proj[i*k+j], sign*want.At(i, j))
				}
			}
		}
		again, _, err := PCA(x, n, dim, k)
		if err != nil || !slices.Equal(again, proj) {
			t.Errorf("%v: a second run differs (error %v)", shape, err)
		}
	}
}

func TestPCABadInput(t *testing.T) {
	x := []float32{1, 2, 3, 4, 5, 7}
	for want, call := range map[string]func() error{
		"k is 0":           func() error { _, _, err := PCA(x, 3, 2, 0); return err },
		"k is 3":           func() error { _, _, err := PCA(x, 3, 2, 3); return err },
		"x has 6 values":   func() error { _, _, err := PCA(x, 2, 2, 1); return err },
		"dim is 0":         func() error { _, _, err := PCA(nil, 3, 0, 1); return err },
		"no variance":      func() error { _, _, err := PCA(make([]float32, 6), 3, 2, 1); return err },
		"x[1] (vector 0)":  func() error { _, _, err := PCA([]float32{1, float32(math.Inf(1))}, 1, 2, 1); return err },
		"no variance: all": func() error { _, _, err := PCA(x[:2], 1, 2, 1); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one that contains %q", err, want)
		}
	}
}

func TestSmooth(t *testing.T) {
	y := []float64{1, 2, 6, 3, 8}
	for window, want := range map[int][]float64{
		1: y,
		2: {1.5, 4, 4.5, 5.5, 8},
		3: {1.5, 3, 11. / 3, 17. / 3, 5.5},
		9: {4, 4, 4, 4, 4},
	} {
		if got := smooth(y, window); !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("window %d: got %v, want %v", window, got, want)
		}
	}
}

// TestThin checks that a thinned line keeps its ends and every extreme, and that a short one is
// left alone.
func TestThin(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	x := steps(50_000, 1)
	xy := points(x, mapped(x, func(float64) float64 { return random.NormFloat64() }))
	xy[31_234].Y, xy[7].Y = 40, -40
	got := thin(xy, 960)
	if len(got) > 4*962 || got[0] != xy[0] || got[len(got)-1] != xy[len(xy)-1] {
		t.Errorf("%d points from %v to %v", len(got), got[0], got[len(got)-1])
	}
	if !slices.Contains(got, xy[31_234]) || !slices.Contains(got, xy[7]) {
		t.Error("an extreme is lost")
	}
	if short := xy[:1000]; len(thin(short, 960)) != 1000 {
		t.Error("a short line was thinned")
	}
	same := points(make([]float64, 9000), x[:9000])
	if got := thin(same, 960); len(got) != 2 {
		t.Errorf("a vertical line became %d points, want its ends", len(got))
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 780, "0 200 400 600"},
		{4.6, 6.01, "5.0 5.5 6.0"},
		{-3.4, -0.8, "−3.0 −2.5 −2.0 −1.5 −1.0"},
		{0, 0.001, "0 0.0002 0.0004 0.0006 0.0008 0.0010"},
		{0, 0.0003, "0 5e−5 1.0e−4 1.5e−4 2.0e−4 2.5e−4 3.0e−4"},
		{0, 250_000, "0 50k 100k 150k 200k 250k"},
		{1e6, 3e6, "1.0M 1.5M 2.0M 2.5M 3.0M"},
		{-1, 1, "−1.0 −0.5 0 0.5 1.0"},
		{7, 7, "7"},
	} {
		var labels []string
		for _, tick := range (roundTicks{}).Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("[%g, %g]: ticks are %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestCountTicks(t *testing.T) {
	ticks := countTicks([]int{1, 4, 10, 25, 250})
	for i, want := range []string{"1", "4", "10", "25", "250"} {
		if ticks[i].Label != want {
			t.Errorf("tick %d is %q, want %q", i, ticks[i].Label, want)
		}
	}
	near := countTicks([]int{1, 100, 101, 1000})
	if near[1].Label != "100" || near[2].Label != "" || near[2].Value != 101 || near[3].Label != "1000" {
		t.Errorf("near counts give %v, want no number at 101", near)
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.001: "<1", 0.005: "1", 0.5: "50", 0.994: "99", 0.996: ">99", 1: "100"} {
		if got := percent(share); got != want {
			t.Errorf("%g is written %q, want %q", share, got, want)
		}
	}
}

// TestTextIsReadableOnEveryGround asks for WCAG's contrast of large text, 3, on the whole scale.
func TestTextIsReadableOnEveryGround(t *testing.T) {
	for i := range 101 {
		ground := blues(float64(i) / 100)
		if got := contrast(ground, readable(ground)); got < 3.5 {
			t.Errorf("at %d %%: contrast is %.2f", i, got)
		}
	}
	if blues(0) != bluesStops[0] || blues(1) != bluesStops[len(bluesStops)-1] {
		t.Error("the scale does not reach its ends")
	}
	if got := contrast(white, color.NRGBA{A: 255}); math.Abs(got-21) > 1e-9 {
		t.Errorf("contrast of white and black is %g, want 21 (WCAG 2)", got)
	}
}

func TestWrap(t *testing.T) {
	style := textStyle(10)
	width := style.Width("two words")
	lines := wrap(style, "two words  and incomprehensibilities", width)
	if len(lines) != 3 || lines[0] != "two words" || lines[1] != "and" || !strings.HasSuffix(lines[2], "…") {
		t.Errorf("got %q", lines)
	}
	for _, line := range lines {
		if style.Width(line) > width {
			t.Errorf("%q is %v wide, want at most %v", line, style.Width(line), width)
		}
	}
	if got := shorten(style, "any", vg.Length(0.1)); got != "…" {
		t.Errorf("no room: got %q", got)
	}
}

// TestPalettedKeepsAreas checks that reducing colours touches only rare ones, and those by little.
func TestPalettedKeepsAreas(t *testing.T) {
	fig, err := exampleConfusion()
	if err != nil {
		t.Fatal(err)
	}
	img, err := fig.Image(2)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := paletted(img).(*image.Paletted)
	if !ok {
		t.Fatal("a confusion matrix does not fit a palette")
	}
	changed, b := 0, img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			p, q := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA), color.RGBAModel.Convert(out.At(x, y)).(color.RGBA)
			if p == q {
				continue
			}
			changed++
			for _, pair := range [3][2]uint8{{p.R, q.R}, {p.G, q.G}, {p.B, q.B}} {
				if apart(pair[0], pair[1]) > farthest {
					t.Fatalf("pixel (%d, %d) went from %v to %v", x, y, p, q)
				}
			}
		}
	}
	if share := float64(changed) / float64(b.Dx()*b.Dy()); share > 0.05 {
		t.Errorf("%.1f %% of the pixels changed, want only edges", 100*share)
	}
	noise := image.NewRGBA(image.Rect(0, 0, 64, 64))
	random := rand.New(rand.NewPCG(1, 1))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.Uint32()) | 0xff*uint8(i%4/3)
	}
	if paletted(noise) != image.Image(noise) {
		t.Error("a picture of more than 256 colours was reduced")
	}
}
