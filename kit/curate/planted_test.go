package curate

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/disintegration/imaging"

	"sslkit/data"
)

// copying is a way in which a picture comes to be in a set twice.
type copying struct {
	name string
	do   func(*image.NRGBA) image.Image
}

// copyings are those that Perceptual is for.
var copyings = []copying{
	{"exact", func(m *image.NRGBA) image.Image { return m }},
	{"JPEG 75", func(m *image.NRGBA) image.Image { return encoded(m, 75) }},
	{"scaled 3/4", func(m *image.NRGBA) image.Image { return scaled(m, 3, 4) }},
	{"scaled 1/2", func(m *image.NRGBA) image.Image { return scaled(m, 1, 2) }},
	{"brighter", func(m *image.NRGBA) image.Image { return shifted(m, 25) }},
	{"darker", func(m *image.NRGBA) image.Image { return shifted(m, -25) }},
	{"contrast +15 %", func(m *image.NRGBA) image.Image { return imaging.AdjustContrast(m, 15) }},
	{"cut by 1/32", func(m *image.NRGBA) image.Image { return cut(m, 1, 1, 1, 1) }},
}

// hard are beyond what it promises.
var hard = []copying{
	{"JPEG 40", func(m *image.NRGBA) image.Image { return encoded(m, 40) }},
	{"cut by 2/32", func(m *image.NRGBA) image.Image { return cut(m, 2, 2, 2, 2) }},
	{"cut at a corner", func(m *image.NRGBA) image.Image { return cut(m, 2, 2, 0, 0) }},
	{"mirrored", func(m *image.NRGBA) image.Image { return imaging.FlipH(m) }},
}

func encoded(m image.Image, quality int) image.Image {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		panic(err)
	}
	return out
}

func scaled(m image.Image, by, of int) image.Image {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	return imaging.Resize(imaging.Resize(m, w*by/of, h*by/of, imaging.Lanczos), w, h, imaging.Linear)
}

func shifted(m image.Image, by int) image.Image {
	shift := func(v uint8) uint8 { return uint8(min(max(int(v)+by, 0), 255)) }
	return imaging.AdjustFunc(m, func(c color.NRGBA) color.NRGBA {
		return color.NRGBA{shift(c.R), shift(c.G), shift(c.B), c.A}
	})
}

// cut takes thirty-seconds of the side off and scales back.
func cut(m image.Image, left, top, right, bottom int) image.Image {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	r := image.Rect((left*w+16)/32, (top*h+16)/32, w-(right*w+16)/32, h-(bottom*h+16)/32)
	return imaging.Resize(imaging.Crop(m, r), w, h, imaging.Linear)
}

// pictures is a set in memory.
type pictures struct {
	height, width int
	pix           [][]uint8
}

func (p *pictures) Name() string                  { return "pictures" }
func (p *pictures) Len() int                      { return len(p.pix) }
func (p *pictures) Size() (height, width int)     { return p.height, p.width }
func (p *pictures) Classes() []string             { return nil }
func (p *pictures) Label(i int) int               { return -1 }
func (p *pictures) Read(i int, pix []uint8) error { copy(pix, p.pix[i]); return nil }
func (p *pictures) Fingerprint() string           { return "" }
func (p *pictures) Close() error                  { return nil }

func (p *pictures) add(img image.Image)      { p.pix = append(p.pix, rgb(imaging.Clone(img))) }
func (p *pictures) image(i int) *image.NRGBA { return nrgba(p.pix[i], p.height, p.width) }
func (p *pictures) part(from, to int) *pictures {
	return &pictures{p.height, p.width, p.pix[from:to:to]}
}

func rgb(m *image.NRGBA) []uint8 {
	var pix []uint8
	for p := 0; p < len(m.Pix); p += 4 {
		pix = append(pix, m.Pix[p:p+3]...)
	}
	return pix
}

func nrgba(pix []uint8, height, width int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for k := range height * width {
		copy(m.Pix[4*k:], pix[3*k:3*k+3])
		m.Pix[4*k+3] = 255
	}
	return m
}

func load(t *testing.T, set data.Set) *pictures {
	t.Helper()
	height, width := set.Size()
	p := &pictures{height: height, width: width}
	for i := range set.Len() {
		pix := make([]uint8, height*width*3)
		if err := set.Read(i, pix); err != nil {
			t.Fatal(err)
		}
		p.pix = append(p.pix, pix)
	}
	return p
}

// planted is a set to whose images copies of some are appended, as many of each
// kind: copy k is image n+k, of image of[k], made by kinds[k].
type planted struct {
	*pictures
	n     int
	of    []int
	kinds []string
}

func plant(t *testing.T, set data.Set, copies int, ways []copying) planted {
	t.Helper()
	p := planted{pictures: load(t, set)} // a copy: images are added
	p.n = p.Len()
	order := rand.New(rand.NewPCG(3, 0)).Perm(p.n)
	for k := range copies {
		way := ways[k%len(ways)]
		p.of, p.kinds = append(p.of, order[k]), append(p.kinds, way.name)
		p.add(way.do(p.image(order[k])))
	}
	return p
}

// score counts the pairs that were found against those that were planted, and
// prints the figures. own are pairs of the set's own images that are known to be
// copies; all others that were found count as false.
func (p planted) score(t *testing.T, name string, pairs, own [][2]int) (precision, recall float64) {
	t.Helper()
	known := map[[2]int]bool{}
	for _, pair := range own {
		known[pair] = true
	}
	found := map[[2]int]bool{}
	hits, wrong, ignored := 0, 0, 0
	for _, pair := range pairs {
		found[pair] = true
		a, b := p.origin(pair[0]), p.origin(pair[1])
		switch {
		case a == b:
			hits++
		case known[[2]int{min(a, b), max(a, b)}]:
			ignored++
		default:
			wrong++
		}
	}
	byKind, got := map[string]int{}, map[string]int{}
	total := 0
	for k, of := range p.of {
		byKind[p.kinds[k]]++
		if found[[2]int{of, p.n + k}] {
			total++
			got[p.kinds[k]]++
		}
	}
	precision, recall = float64(hits)/float64(max(hits+wrong, 1)), float64(total)/float64(len(p.of))
	text := fmt.Sprintf("%s: %d copies in %d images: precision %.4f, recall %.4f, %d wrong pairs, %d own",
		name, len(p.of), p.n, precision, recall, wrong, ignored)
	for _, way := range append(append([]copying(nil), copyings...), hard...) {
		if n := byKind[way.name]; n > 0 {
			text += fmt.Sprintf("; %s %d/%d", way.name, got[way.name], n)
		}
	}
	t.Log(text)
	return precision, recall
}

func (p planted) origin(i int) int {
	if i >= p.n {
		return p.of[i-p.n]
	}
	return i
}

// pairsOf are all pairs within groups, the lower image first.
func pairsOf(groups Groups) [][2]int {
	var pairs [][2]int
	for _, group := range groups {
		for b, j := range group {
			for _, i := range group[:b] {
				pairs = append(pairs, [2]int{i, j})
			}
		}
	}
	return pairs
}
