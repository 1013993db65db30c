package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// spoken are names in many scripts, and one of letters that no font here has.
var spoken = []string{
	"猫", "ネコ", "고양이", "кошка", "γάτα", "חתול", "قطة", "แมว", "chat dégriffé", "e\u0301te\u0301", "बिल्ली", "🐈",
}

// TestNamesInAnyScriptAreSeen: each leaves ink of its own in SVG, PNG and PDF.
func TestNamesInAnyScriptAreSeen(t *testing.T) {
	blank := map[string]int{}
	for _, name := range append([]string{" "}, spoken...) {
		fig, err := Curve("", "", name, Line{X: []float64{0, 1}, Y: []float64{0, 1}})
		if err != nil {
			t.Fatal(err)
		}
		fig.chart.plot.Y.Label.TextStyle.Rotation = 0
		svg, err := fig.SVG()
		if err != nil {
			t.Fatal(err)
		}
		pdf, err := fig.pdf()
		if err != nil {
			t.Fatal(err)
		}
		img, err := fig.Image(1)
		if err != nil {
			t.Fatal(err)
		}
		for format, amount := range map[string]int{"SVG": len(svg), "PDF": len(pdf), "PNG": inked(img)} {
			if name == " " {
				blank[format] = amount
			} else if amount <= blank[format]+5 {
				t.Errorf("%s: %q leaves %d, a blank name %d", format, name, amount, blank[format])
			}
		}
	}
	face := textHandler.Fonts.Lookup(textStyle(tickSize).Font, vg.Points(tickSize))
	if got := runs(face, "🐈"); len(got) != 1 || got[0].text != "[U+1F408]" {
		t.Errorf("a letter that no font has is %+v", got)
	}
	if got := runs(face, "אב"); len(got) != 1 || got[0].text != "בא" {
		t.Errorf("text from right to left is %+v", got)
	}
}

// inked counts the pixels that are not white.
func inked(img image.Image) (count int) {
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if c := color.GrayModel.Convert(img.At(x, y)).(color.Gray); c.Y < 250 {
				count++
			}
		}
	}
	return count
}

// TestLongNamesStayInTheirPlace: in every kind of figure, names of any length leave the figure's size,
// and most of its area, to the data.
func TestLongNamesStayInTheirPlace(t *testing.T) {
	long := strings.Repeat("an image of a very long name ", 40)
	one := strings.Repeat("長", 900)
	tile := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for kind, figure := range map[string]func(name string) (*Figure, error){
		"curve": func(name string) (*Figure, error) {
			return Curve(name, name, name, Line{Name: name, X: []float64{0, 1}, Y: []float64{0, 1}}, Line{Name: "b" + name, X: []float64{0, 1}, Y: []float64{1, 0}})
		},
		"scatter": func(name string) (*Figure, error) {
			return Scatter(name, [][2]float64{{0, 0}, {1, 1}}, []int{0, 1}, []string{name, "b" + name})
		},
		"confusion": func(name string) (*Figure, error) {
			return Confusion(name, [][]int{{1, 2}, {3, 4}}, []string{name, "b" + name})
		},
		"bars": func(name string) (*Figure, error) {
			return Bars(name, name, Bar{Name: name, Value: 1}, Bar{Name: "b" + name, Value: 2})
		},
		"grid": func(name string) (*Figure, error) {
			return ImageGrid(name, [][]image.Image{{tile, tile}}, []string{name}, []string{name, name})
		},
		"retrieval": func(name string) (*Figure, error) {
			return Retrieval(name, Query{Image: tile, Class: name, Neighbours: []Neighbour{{Image: tile, Class: name}}})
		},
	} {
		for _, name := range []string{long, one} {
			fig, err := figure(name)
			if err != nil {
				t.Fatal(err)
			}
			if fig.Width > 900 || fig.Height > 700 {
				t.Errorf("%s: %g × %g pixels", kind, fig.Width, fig.Height)
			}
			img, err := fig.Image(1)
			if err != nil {
				t.Fatal(err)
			}
			edge := 0
			for y := range img.Bounds().Dy() {
				for _, x := range []int{0, img.Bounds().Dx() - 1} {
					if c := color.GrayModel.Convert(img.At(x, y)).(color.Gray); c.Y < 250 {
						edge++
					}
				}
			}
			if edge > 0 {
				t.Errorf("%s: %d pixels of text at its sides: a name is cut off", kind, edge)
			}
			if dir := os.Getenv("SSLKIT_FIGURES"); dir != "" {
				if err := fig.Save(filepath.Join(dir, fmt.Sprintf("long-%s-%d.png", kind, len(name)))); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if !bytes.Contains([]byte(shorten(textStyle(tickSize), long, 50)), []byte("…")) {
		t.Error("no ellipsis")
	}
}
