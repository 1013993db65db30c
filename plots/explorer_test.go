package plots

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// explored is an explorer of n points in two layouts: a spiral, and a grid. The class of a point is
// its index modulo 3, of four classes, the second of which nobody has.
func explored(n int) Explorer {
	spiral, grid, near := make([][2]float64, n), make([][2]float64, n), make([][]int, n)
	label, wrong, score, names := make([]int, n), make([]int, n), make([]float64, n), make([]string, n)
	side := int(math.Ceil(math.Sqrt(float64(n))))
	for i := range n {
		radius := math.Sqrt(float64(i) / float64(n))
		spiral[i] = [2]float64{radius * math.Cos(2.4*float64(i)), radius * math.Sin(2.4*float64(i))}
		grid[i] = [2]float64{float64(i % side), float64(i / side)}
		label[i], wrong[i], score[i] = []int{0, 2, 3}[i%3], i%2, float64(i)
		names[i] = fmt.Sprintf("train/%05d.png", i)
		for j := max(0, i-2); j < min(n, i+3); j++ {
			if j != i {
				near[i] = append(near[i], j)
			}
		}
	}
	return Explorer{
		Title:   "A spiral",
		Layouts: []Layout{{Name: "spiral", Points: spiral, Neighbours: near}, {Name: "grid", Points: grid, Neighbours: near}},
		Columns: []Column{
			{Name: "label", Of: label, Names: []string{"cat", "nobody", "dog", "ship"}},
			{Name: "error", Of: wrong, Names: []string{"right", "wrong"}},
			{Name: "score", Values: score},
		},
		Names:  names,
		Images: func(i int) (image.Image, error) { return plain(32, 32, byte(i)), nil },
	}
}

func plain(width, height int, shade byte) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(img.Pix[4*i:], []byte{shade, 255 - shade, 128, 255})
	}
	return img
}

// written is the data that a page carries.
func written(t *testing.T, page *Page) explorerData {
	t.Helper()
	found := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindSubmatch(page.HTML())
	if found == nil {
		t.Fatal("the page has no data")
	}
	var data explorerData
	if err := json.Unmarshal(found[1], &data); err != nil {
		t.Fatal(err)
	}
	return data
}

func unpacked[T any](t *testing.T, text string, into []T) []T {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, into); err != nil || len(raw) != 4*len(into) {
		t.Fatalf("%d bytes for %d values: %v", len(raw), len(into), err)
	}
	return into
}

func TestExplorerCarriesItsData(t *testing.T) {
	t.Parallel()
	const n = 700 // More than two sheets of 16 × 16.
	e := explored(n)
	page, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	data := written(t, page)
	if data.N != n || data.Title != e.Title || !slices.Equal(data.Names, e.Names) || len(page.Notes) != 0 {
		t.Errorf("n %d, title %q, %d names, notes %q", data.N, data.Title, len(data.Names), page.Notes)
	}
	for l, layout := range data.Layouts {
		if layout.Name != e.Layouts[l].Name {
			t.Errorf("layout %d is %q, want %q", l, layout.Name, e.Layouts[l].Name)
		}
		for i, v := range unpacked(t, layout.Points, make([]float32, 2*n)) {
			if v != float32(e.Layouts[l].Points[i/2][i%2]) {
				t.Fatalf("layout %d: coordinate %d is %g, want %g", l, i, v, e.Layouts[l].Points[i/2][i%2])
			}
		}
		if layout.Neighbours != 0 {
			t.Errorf("the neighbours of layout %d are %d, want the one list of both", l, layout.Neighbours)
		}
	}
	near := unpacked(t, data.Neighbours[0].Index, make([]int32, 4*n))
	if !slices.Equal(near[:4], []int32{1, 2, -1, -1}) || !slices.Equal(near[40:44], []int32{8, 9, 11, 12}) {
		t.Errorf("the neighbours of points 0 and 10 are %v and %v", near[:4], near[40:44])
	}
	for i, class := range unpacked(t, data.Columns[0].Of, make([]int32, n)) {
		if int(class) != e.Columns[0].Of[i] {
			t.Fatalf("label %d is %d, want %d", i, class, e.Columns[0].Of[i])
		}
	}
	for i, v := range unpacked(t, data.Columns[2].Values, make([]float32, n)) {
		if v != float32(i) {
			t.Fatalf("score %d is %g", i, v)
		}
	}
	if data.Thumbnails != n || len(data.Sheets) != 3 {
		t.Fatalf("%d thumbnails on %d sheets, want %d on 3", data.Thumbnails, len(data.Sheets), n)
	}
	i := 600 // Its picture is where the scripts look for it.
	img := sheetOf(t, data, i)
	place := i % data.PerSheet
	got := color.NRGBAModel.Convert(img.At(place%data.PerRow*data.Tile+16, place/data.PerRow*data.Tile+16)).(color.NRGBA)
	if shade := byte(i % 256); apart(got.R, shade) > 6 || apart(got.G, 255-shade) > 6 {
		t.Errorf("the picture of point %d is %v, want about %d, %d, 128", i, got, shade, 255-shade)
	}
	again, err := e.Page()
	if err != nil || !bytes.Equal(page.HTML(), again.HTML()) {
		t.Errorf("the page differs the second time (%v)", err)
	}
}

func sheetOf(t *testing.T, data explorerData, i int) image.Image {
	t.Helper()
	_, text, _ := strings.Cut(data.Sheets[i/data.PerSheet], ",")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestExplorerSaysWhichPicturesAreLeftOut(t *testing.T) {
	t.Parallel()
	e := explored(600)
	asked := 0
	images := e.Images
	e.Images = func(i int) (image.Image, error) { asked++; return images(i) }
	whole, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	e.MostBytes = len(written(t, whole).Sheets[0]) + 10
	asked = 0
	page, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	if data := written(t, page); data.Thumbnails != 256 || len(data.Sheets) != 1 {
		t.Errorf("%d thumbnails on %d sheets, want 256 on one", data.Thumbnails, len(data.Sheets))
	}
	if len(page.Notes) != 1 || !strings.Contains(page.Notes[0], "of the first 256 of 600 points") {
		t.Errorf("notes are %q", page.Notes)
	}
	if asked > 2*256 {
		t.Errorf("%d pictures were asked for, where 256 have room", asked)
	}
}

func TestExplorerFitsPictures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		width, height int
		want          image.Point
	}{
		"reduced":        {100, 50, image.Pt(32, 16)},
		"as it is":       {32, 32, image.Pt(32, 32)},
		"enlarged":       {14, 7, image.Pt(28, 14)},
		"a little small": {28, 28, image.Pt(28, 28)},
		"a line":         {400, 1, image.Pt(32, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fitTile(plain(test.width, test.height, 9), 32).Bounds().Size(); got != test.want {
				t.Errorf("size is %v, want %v", got, test.want)
			}
		})
	}
}

// Whatever a file or a class is called, it stays text.
func TestExplorerEscapesNames(t *testing.T) {
	t.Parallel()
	const hostile = "</script><img src=x onerror=alert(1)>\"'`${1}&amp;\u2028<!--"
	e := explored(4)
	e.Title, e.Names = hostile, []string{hostile, hostile, hostile, hostile}
	e.Layouts[0].Name, e.Columns[0].Name, e.Columns[0].Names[0] = hostile, hostile, hostile
	page, err := e.Page()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page.HTML(), []byte("<img")) || bytes.Contains(page.HTML(), []byte("<!--")) {
		t.Error("a name became HTML")
	}
	if data := written(t, page); data.Title != hostile || data.Names[0] != hostile || data.Columns[0].Classes[0] != hostile {
		t.Errorf("the names came as %q, %q and %q", data.Title, data.Names[0], data.Columns[0].Classes[0])
	}
	message, err := page.message()
	if err != nil {
		t.Fatal(err)
	}
	frame := message.Data["text/html"].(string)
	if got := strings.Count(frame, "<"); got != 2 { // <iframe …></iframe>
		t.Errorf("the frame in a notebook holds %d tags, want the frame's own two", got)
	}
}

func TestExplorerNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	page, err := explored(4).Page()
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`https?:|@import|url\(|\bfetch\(|XMLHttpRequest|\bimport\b`).FindAll(page.HTML(), -1); found != nil {
		t.Errorf("the page holds %q", found)
	}
	if !bytes.Contains(page.HTML(), []byte("default-src 'none'")) {
		t.Error("the page does not forbid itself the network")
	}
}

func TestExplorerErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken file")
	for name, test := range map[string]struct {
		spoil func(*Explorer)
		want  string
	}{
		"no layout":       {func(e *Explorer) { e.Layouts = nil }, "Layouts is empty; give at least one"},
		"no point":        {func(e *Explorer) { e.Layouts[0].Points = nil }, "Layouts[0].Points is empty"},
		"lengths":         {func(e *Explorer) { e.Layouts[1].Points = e.Layouts[1].Points[:3] }, `layout 1 ("grid"): Points has 3 values, but Layouts[0] has 4`},
		"NaN":             {func(e *Explorer) { e.Layouts[0].Points[2][1] = math.NaN() }, `layout 0 ("spiral"): Points[2][1] is NaN; it must be finite`},
		"beyond float32":  {func(e *Explorer) { e.Layouts[0].Points[2][1] = 1e300 }, `layout 0 ("spiral"): Points[2][1] is 1e+300; it must be finite in float32`},
		"layout's name":   {func(e *Explorer) { e.Layouts[1].Name = "" }, "layout 1: Name is empty"},
		"one beside":      {func(e *Explorer) { e.Layouts, e.Beside = e.Layouts[:1], true }, "Beside needs two Layouts; there is 1"},
		"neighbours":      {func(e *Explorer) { e.Layouts[0].Neighbours = [][]int{{1}} }, `layout 0 ("spiral"): Neighbours has 1 values, but Layouts[0] has 4 points`},
		"a neighbour":     {func(e *Explorer) { e.Layouts[0].Neighbours[3][1] = 4 }, `layout 0 ("spiral"): Neighbours[3][1] is 4; it must be an index of the 4 points`},
		"names":           {func(e *Explorer) { e.Names = e.Names[:1] }, "Names has 1 values, but Layouts[0] has 4 points"},
		"column's name":   {func(e *Explorer) { e.Columns[1].Name = "" }, "column 1: Name is empty"},
		"column's length": {func(e *Explorer) { e.Columns[0].Of = []int{1} }, `column 0 ("label"): Of has 1 values, but Layouts[0] has 4 points`},
		"indices":         {func(e *Explorer) { e.Indices = []int{1} }, "Indices has 1 values, but Layouts[0] has 4 points"},
		"falling indices": {func(e *Explorer) { e.Indices = []int{0, 1, 1, 2} }, "Indices[2] is 1; they must rise, from 0 or more to at most 2147483647"},
		"a class":         {func(e *Explorer) { e.Columns[0].Of[1] = 4 }, `column 0 ("label"): Of[1] is 4; it must be −1 (none) or an index of the 4 Names`},
		"empty column":    {func(e *Explorer) { e.Columns[0].Of = nil }, `column 0 ("label"): one of Of and Values must be given, and not both`},
		"numbers":         {func(e *Explorer) { e.Columns[2].Values[3] = math.Inf(1) }, `column 2 ("score"): Values[3] is +Inf; it must be finite`},
		"fewer numbers":   {func(e *Explorer) { e.Columns[2].Values = []float64{1} }, `column 2 ("score"): Values has 1 values, but Layouts[0] has 4 points`},
		"thumbnail":       {func(e *Explorer) { e.Thumbnail = 20 }, "Thumbnail is 20; it must be a multiple of 16 from 16 to 256 (0 means 32)"},
		"bytes":           {func(e *Explorer) { e.MostBytes = -1 }, "MostBytes is -1; it must be at least 1 (0 means 10000000)"},
		"an image":        {func(e *Explorer) { e.Images = func(i int) (image.Image, error) { return nil, broken } }, "Images(0): broken file"},
		"no image":        {func(e *Explorer) { e.Images = func(int) (image.Image, error) { return nil, nil } }, "Images(0) gives an empty picture"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := explored(4)
			test.spoil(&e)
			if _, err := e.Page(); err == nil || err.Error() != "plots.Explorer: "+test.want {
				t.Errorf("error is %v, want plots.Explorer: %s", err, test.want)
			}
		})
	}
}

func TestPageIsSaved(t *testing.T) {
	t.Parallel()
	page, err := explored(4).Page()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new", "map.html")
	if err := page.Save(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, page.HTML()) {
		t.Errorf("the file differs from the page (%v)", err)
	}
	if err := page.Save("map.png"); err == nil || err.Error() != `plots: saving "map.png": the extension must be .html` {
		t.Errorf("error is %v", err)
	}
}

func TestPicks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want []int
		err  string
	}{
		"as saved":      {file: `{"title":"a","below":9,"picks":[0,3,8],"names":["x","y","z"]}`, want: []int{0, 3, 8}},
		"none":          {file: `{"below":9,"picks":[]}`, want: []int{}},
		"another file":  {file: `{"below":9}`, err: `it has no "picks"`},
		"cut off":       {file: `{"below":9,"picks":[0,`, err: "unexpected end of JSON input"},
		"no such point": {file: `{"below":9,"picks":[9]}`, err: "pick 0 is 9; it must be an index from 0 to 8"},
		"twice":         {file: `{"below":9,"picks":[1,1]}`, err: "pick 1 is 1, after 1; they must rise"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "picks.json")
			if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Picks(path)
			if test.err != "" {
				if want := "plots.Picks: reading " + path + ": " + test.err; err == nil || err.Error() != want {
					t.Errorf("error is %v, want %s", err, want)
				}
			} else if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("picks are %v (%v), want %v", got, err, test.want)
			}
		})
	}
}

func TestPickNeedsANotebook(t *testing.T) {
	t.Parallel()
	page, err := explored(4).Page()
	if err != nil {
		t.Fatal(err)
	}
	want := `plots: picking in "A spiral": there is no notebook: save the page, and take Copy as Go or Save as JSON there`
	if _, err := page.Pick(filepath.Join(t.TempDir(), "picks.json"), time.Second); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}
