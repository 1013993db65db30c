package plots

import (
	"image"
	"math"
	"strings"
	"testing"
)

func exampleBoxes() (*Figure, error) {
	var truth, found []BoxPicture
	for i := range 3 {
		truth = append(truth, BoxPicture{sprite(i), []Box{{3, 2 + float64(i), 14, 14, i, cifarClasses[i]}, {0, 0, 4, 5, 5, "dog"}}})
		found = append(found, BoxPicture{sprite(i), []Box{{10, 9, 40, 15.5, 6, "frog 0.31"}, {3.5, 3, 13, 14.5, i, cifarClasses[i] + " 0.93"}}})
	}
	return Boxes("Objects and what is found of them", [][]BoxPicture{truth, found}, []string{"truth", "found"})
}

func TestBoxesRefused(t *testing.T) {
	t.Parallel()
	tile := image.NewGray(image.Rect(0, 0, 4, 4))
	with := func(b Box) [][]BoxPicture { return [][]BoxPicture{{{tile, nil}, {tile, []Box{{X1: 1, Y1: 1}, b}}}} }
	for name, c := range map[string]struct {
		rows   [][]BoxPicture
		labels []string
		want   string
	}{
		"no rows":    {nil, nil, "rows has no image"},
		"no image":   {[][]BoxPicture{{{}}}, nil, "rows[0][0] has no image"},
		"row labels": {with(Box{}), []string{"a", "b"}, "rowLabels has 2 names, but rows has 1"},
		"NaN":        {with(Box{X0: math.NaN()}), nil, "rows[0][1]: box 1: a side is NaN"},
		"inside out": {with(Box{X0: 3, X1: 2}), nil, "from (3, 0) to (2, 0)"},
		"class":      {with(Box{Class: -1}), nil, "Class is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Boxes("t", c.rows, c.labels); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; the error must say %q", err, c.want)
			}
		})
	}
}
