package plots

import (
	"bytes"
	"compress/zlib"
	"encoding/gob"
	"encoding/xml"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot"
)

var (
	identifier = regexp.MustCompile(` id="([^"]+)"`)
	reference  = regexp.MustCompile(`href="#([^"]+)"`)
)

// checkSVG checks one document, and that its identifiers are its own.
func checkSVG(t *testing.T, name, svg string, owner map[string]string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: not well-formed: %v", name, err)
		}
		if start, ok := token.(xml.StartElement); ok && (start.Name.Local == "text" || start.Name.Local == "style") {
			t.Errorf("%s: has a <%s>, which depends on the page or its fonts", name, start.Name.Local)
		}
	}
	defined := map[string]bool{}
	for _, m := range identifier.FindAllStringSubmatch(svg, -1) {
		defined[m[1]] = true
		if other, taken := owner[m[1]]; taken && other != name {
			t.Errorf("%s and %s both define %s", name, other, m[1])
		}
		owner[m[1]] = name
	}
	if len(defined) == 0 {
		t.Errorf("%s: defines no glyph", name)
	}
	for _, m := range reference.FindAllStringSubmatch(svg, -1) {
		if !defined[m[1]] {
			t.Errorf("%s: refers to %s, which it does not define", name, m[1])
		}
	}
	if strings.Contains(strings.ReplaceAll(svg, `xmlns="http://www.w3.org/2000/svg"`, ""), "http") {
		t.Errorf("%s: refers to something outside", name)
	}
}

func TestSave(t *testing.T) {
	fig, err := exampleBars()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, start := range map[string]string{
		"new/folder/bars.svg": "<svg ", "bars.PNG": "\x89PNG", "bars.pdf": "%PDF-",
	} {
		path := filepath.Join(dir, name)
		if err := fig.Save(path); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(content, []byte(start)) {
			t.Errorf("%s: starts with %.8q (error %v), want %q", name, content, err, start)
		}
	}
	for _, name := range []string{"bars.bmp", "bars"} {
		err := fig.Save(filepath.Join(dir, name))
		if err == nil || !strings.Contains(err.Error(), ".svg, .png or .pdf") || !strings.Contains(err.Error(), name) {
			t.Errorf("saving %s: error is %v, want one that names the file and the allowed extensions", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("saving %s left a file", name)
		}
	}
}

func TestPNGHasTwoPixelsToACSSPixel(t *testing.T) {
	fig, err := exampleCurve()
	if err != nil {
		t.Fatal(err)
	}
	content, err := fig.PNG()
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil || config.Width != 2*chartWidth || config.Height != 2*chartHeight {
		t.Errorf("PNG is %d × %d (error %v), want %d × %d", config.Width, config.Height, err, 2*chartWidth, 2*chartHeight)
	}
	if _, err := fig.Image(0); err == nil {
		t.Error("Image(0) is not an error")
	}
}

// TestMessage checks what a notebook is sent: charts as SVG in an <img>, images as PNG at their
// size in CSS pixels, and nothing that would weigh on a committed notebook.
func TestMessage(t *testing.T) {
	for name, figure := range gallery {
		fig, err := figure()
		if err != nil {
			t.Fatal(err)
		}
		data, err := fig.message()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := gob.NewEncoder(io.Discard).Encode(data); err != nil { // as gonbui sends it
			t.Errorf("%s: %v", name, err)
		}
		switch content := data.Data[protocol.MIMETextHTML].(type) {
		case string:
			if fig.photo || !strings.HasPrefix(content, `<img alt="`) || !strings.Contains(content, "data:image/svg+xml;base64,") {
				t.Errorf("%s: HTML output starts with %.60q", name, content)
			}
			t.Logf("%s: %d bytes of HTML", name, len(content))
			if len(content) > 150_000 {
				t.Errorf("%s: %d bytes in the notebook, want at most 150,000", name, len(content))
			}
		default:
			content2, ok := data.Data[protocol.MIMEImagePNG].([]byte)
			if !ok {
				t.Fatalf("%s: neither HTML nor PNG", name)
			}
			t.Logf("%s: %d bytes of PNG", name, len(content2))
			size, ok := data.Metadata["image/png"].(map[string]int)
			if !ok || size["width"] != int(fig.Width) {
				t.Errorf("%s: metadata of the PNG is %v, want its width in CSS pixels", name, data.Metadata)
			}
			if alt, _ := data.Metadata["alt"].(string); alt != fig.Title {
				t.Errorf("%s: the text alternative is %q, want the title %q", name, alt, fig.Title)
			}
		}
	}
}

func TestShowOutsideANotebook(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	fig, err := exampleBars()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = write
	err = Show(fig, fig)
	os.Stdout = stdout
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	printed, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Fields(string(printed))
	if len(paths) != 2 || paths[0] == paths[1] {
		t.Fatalf("printed %q, want two paths", printed)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(file); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		file.Close()
	}
	if err := Show[*Figure](nil); err == nil {
		t.Error("Show(nil) is not an error")
	}
}

func TestFromPlot(t *testing.T) {
	p := plot.New()
	p.Title.Text = "own"
	fig, err := FromPlot(p, 0, 300)
	if err != nil || fig.Width != chartWidth || fig.Height != 300 || fig.Title != "own" {
		t.Errorf("got %+v (error %v)", fig, err)
	}
	for _, bad := range []func() (*Figure, error){
		func() (*Figure, error) { return FromPlot(nil, 1, 1) },
		func() (*Figure, error) { return FromPlot(p, -1, 1) },
	} {
		if _, err := bad(); err == nil {
			t.Error("bad input is not an error")
		}
	}
}

// TestPDFColors checks that translucent colours keep their hue: the band of the second line is
// vermilion, #d55e00.
func TestPDFColors(t *testing.T) {
	fig, err := exampleCurve()
	if err != nil {
		t.Fatal(err)
	}
	content, err := fig.pdf()
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	for _, part := range bytes.Split(content, []byte("stream\n"))[1:] {
		unzip, err := zlib.NewReader(bytes.NewReader(part))
		if err != nil {
			continue // between two streams
		}
		text, err := io.ReadAll(unzip)
		if err != nil {
			t.Fatal(err)
		}
		page.Write(text)
	}
	if !strings.Contains(page.String(), "0.835 0.369 0.000 rg") {
		t.Error("nothing is filled with the second series' colour")
	}
	if strings.Contains(page.String(), "0.149 0.067 0.000 rg") {
		t.Error("the second series' band is filled with its colour times its opacity")
	}
}

// A band around one point has no width, so its interval is an error bar.
func TestCurveShowsTheIntervalOfALonePoint(t *testing.T) {
	ends := Line{Name: "ends", X: []float64{0, 2}, Y: []float64{0, 10}}
	inks := map[bool]int{}
	for _, interval := range []bool{false, true} {
		lone := Line{Name: "lone", X: []float64{1}, Y: []float64{5}}
		if interval {
			lone.Low, lone.High = []float64{2}, []float64{8}
		}
		fig, err := Curve("", "x", "y", ends, lone)
		if err != nil {
			t.Fatal(err)
		}
		img, err := fig.Image(2)
		if err != nil {
			t.Fatal(err)
		}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if color.NRGBAModel.Convert(img.At(x, y)) == color.Color(seriesColor(1)) {
					inks[interval]++
				}
			}
		}
	}
	if inks[true] < inks[false]+100 {
		t.Errorf("%d pixels in the colour of the lone point with its interval, %d without", inks[true], inks[false])
	}
}

// What is drawn against labels is named by the caller, and drawn as accuracy is.
func TestAgainstLabelsNamesItsAxes(t *testing.T) {
	t.Parallel()
	series := Budget{Name: "m", Labels: []int{39, 388}, Accuracy: []float64{80, 90}, Low: []float64{75, 88}, High: []float64{85, 92}}
	named, err := AgainstLabels("t", "labels per class", "accuracy (%)", series)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := LabelEfficiency("t", series)
	if err != nil {
		t.Fatal(err)
	}
	want, err := plain.SVG()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := named.SVG(); err != nil || got != want {
		t.Errorf("of the same names, the figure is another one (%v)", err)
	}
	other, err := AgainstLabels("t", "labels in all", "AUC (%)", series)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other.SVG(); err != nil || got == want {
		t.Errorf("of other names, the figure is the same (%v)", err)
	}
}

// A point without interval has no bar, and no band narrows to it as if it were known best.
func TestLabelsWithoutIntervalHaveNoBand(t *testing.T) {
	t.Parallel()
	svg := func(low, high []float64) string {
		t.Helper()
		figure, err := LabelEfficiency("t", Budget{Name: "m", Labels: []int{1, 2, 5, 10}, Accuracy: []float64{20, 30, 40, 50}, Low: low, High: high})
		if err != nil {
			t.Fatal(err)
		}
		text, err := figure.SVG()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	value := []float64{20, 30, 40, 50}
	none := svg(nil, nil)
	if svg(value, value) != none {
		t.Error("four points without interval are not drawn as a series without intervals")
	}
	if last := svg([]float64{20, 30, 35, 45}, []float64{20, 30, 45, 55}); last == none {
		t.Error("the intervals of two points are not drawn")
	}
	parts := withIntervals(Line{X: value, Y: value, Low: []float64{15, 25, 40, 45}, High: []float64{25, 35, 40, 55}})
	if len(parts) != 2 || !slices.Equal(parts[0].X, value[:2]) || !slices.Equal(parts[1].X, value[3:]) || parts[1].Low[0] != 45 {
		t.Errorf("parts with intervals: %+v", parts)
	}
}
