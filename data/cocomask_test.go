package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestCOCOMasksAreThoseOfPycocotools compares polygons, runs and compressed runs with the golden file
// of benchmarks/peers/dense, pixel by pixel.
func TestCOCOMasksAreThoseOfPycocotools(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/cocomasks.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name          string
		Height, Width int
		Polygons      [][]float64
		Runs          []int
		Counts        string
		Area          int
		Box           [4]float64
	}
	if err := json.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 180 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			coded, err := parseCOCOMask(fmt.Appendf(nil, `{"size": [%d, %d], "counts": %q}`, c.Height, c.Width, c.Counts), c.Height, c.Width)
			if err != nil {
				t.Fatal(err)
			}
			want, got := make([]uint8, c.Height*c.Width), make([]uint8, c.Height*c.Width)
			coded.draw(want, c.Height, c.Width)
			if area := bytes.Count(want, []byte{1}); area != c.Area {
				t.Errorf("the compressed runs have %d pixels, want %d", area, c.Area)
			}
			if box := boxOfColumns(want, c.Height); box != c.Box {
				t.Errorf("the compressed runs are in %v, want %v", box, c.Box)
			}
			if c.Runs != nil && !slices.Equal(coded.runs, c.Runs) {
				t.Errorf("the compressed runs are %v, want %v", coded.runs, c.Runs)
			}
			if c.Polygons != nil {
				cocoMask{polygons: c.Polygons}.draw(got, c.Height, c.Width)
				if !bytes.Equal(got, want) {
					t.Errorf("%d of %d pixels differ", differing(got, want), len(want))
				}
			}
		})
	}
}

// boxOfColumns is x, y, width and height of what is 1, column after column.
func boxOfColumns(pixels []uint8, height int) [4]float64 {
	x0, y0, x1, y1 := len(pixels), len(pixels), 0, 0
	for at, v := range pixels {
		if v == 1 {
			x0, y0, x1, y1 = min(x0, at/height), min(y0, at%height), max(x1, at/height+1), max(y1, at%height+1)
		}
	}
	if x1 == 0 {
		return [4]float64{}
	}
	return [4]float64{float64(x0), float64(y0), float64(x1 - x0), float64(y1 - y0)}
}

func differing(a, b []uint8) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func TestBadCOCOMasks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ segmentation, want string }{
		"none":                    {``, ""},
		"null":                    {`null`, ""},
		"an empty list":           {` []`, ""},
		"an odd number":           {`[[1,2,3,4,5,6,7]]`, "its polygon has 7 coordinates; they must be an even number"},
		"two corners":             {`[[1,2,3,4,5,6],[1,2,3,4]]`, "its polygon has 2 corners; it must have at least 3"},
		"no corner":               {`[[]]`, "its polygon has 0 corners"},
		"null for NaN":            {`[[1,2,3,4,5,null]]`, "its polygon has a coordinate that is no number"},
		"far away":                {`[[1,2,3,4,5,1e9]]`, "its polygon has the coordinate 1e+09, out of the image by more than its size"},
		"words":                   {`[["1",2,3,4,5,6]]`, "its polygons are not lists of numbers"},
		"a number":                {`3`, "its segmentation is neither polygons nor runs"},
		"runs of another size":    {`{"size":[10,9],"counts":[90]}`, "its mask is of size [10 9]; it must be [9 10], the height and width of the image"},
		"too few pixels":          {`{"size":[9,10],"counts":[80,9]}`, "the runs of its mask have 89 pixels; they must have the 90 of the image"},
		"too many pixels":         {`{"size":[9,10],"counts":[80,11]}`, "the runs of its mask have 91 pixels or more"},
		"less than no pixel":      {`{"size":[9,10],"counts":[91,-1]}`, "or more"},
		"no runs":                 {`{"size":[9,10]}`, "the runs of its mask"},
		"runs of half a pixel":    {`{"size":[9,10],"counts":[89.5,0.5]}`, "the runs of its mask are no whole numbers"},
		"text that ends early":    {`{"size":[9,10],"counts":"P"}`, "the runs of its mask end within a number"},
		"text of other letters":   {`{"size":[9,10],"counts":"!"}`, `the runs of its mask have '!' at 0`},
		"text of a huge number":   {`{"size":[9,10],"counts":"PPPPPPPPP0"}`, `the runs of its mask have 'P' at 7`},
		"text of a negative run":  {`{"size":[9,10],"counts":"O"}`, "the runs of its mask have"},
		"runs that are no list":   {`{"size":[9,10],"counts":{}}`, "the runs of its mask are no whole numbers"},
		"a size of three numbers": {`{"size":[9,10,1],"counts":[90]}`, "its mask is of size [9 10 1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseCOCOMask(json.RawMessage(test.segmentation), 9, 10)
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" {
				wantError(t, err, test.want)
			}
		})
	}
}
