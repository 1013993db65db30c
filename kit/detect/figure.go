package detect

import (
	"fmt"
	"slices"

	"sslkit/data"
	"sslkit/kit/setting"
	"sslkit/plots"
)

// leastShown is the least score of a box in a figure.
const leastShown = .3

// Figure shows n images of a split of the detector's data, spread evenly over it: their objects above
// what is found of them with a score of at least 0.3. Errors: those of Detect, and n below 1.
func (d *Detector) Figure(split data.Split, n int) (*plots.Figure, error) {
	return Figure("Objects and what is found of them", d.Run.Recipe.Data, split, n, Row{"found", d})
}

// Row is a row of [Figure].
type Row struct {
	Name     string
	Detector *Detector
}

// Figure shows n images of a split of a source, spread evenly over it: their objects, and below what
// each of the detectors finds of them with a score of at least 0.3, in a row of its own. The classes of
// a detector need not be those of the source. Errors: a source without boxes, n below 1, and those of
// [Detector.DetectIn].
func Figure(title string, source data.Source, split data.Split, n int, detectors ...Row) (*plots.Figure, error) {
	fail := func(err error) (*plots.Figure, error) {
		return nil, fmt.Errorf("a figure of the objects of %s's %s split: %w", source.Name(), split, err)
	}
	if err := setting.AtLeast(1, "n", n); err != nil {
		return fail(err)
	}
	set, err := source.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return fail(err)
	}
	rows, names := make([][]plots.BoxPicture, 1+len(detectors)), []string{"truth"}
	height, width := set.Size()
	chosen := data.Spread(n, set.Len())
	for k, i := range chosen {
		pix, err := data.Pixels(set, []int{i})
		if err != nil {
			return fail(err)
		}
		picture, err := plots.Picture(pix, height, width)
		if err != nil {
			return fail(err)
		}
		for at := range rows {
			rows[at] = append(rows[at], plots.BoxPicture{Image: picture})
		}
		for _, object := range objects.ObjectsOf(i) {
			rows[0][k].Boxes = append(rows[0][k].Boxes, drawn(object.Box, object.Class, objects.ObjectClasses()[object.Class]))
		}
	}
	for at, of := range detectors {
		found, err := of.Detector.DetectIn(source, split)
		if err != nil {
			return fail(err)
		}
		names = append(names, of.Name)
		for k, i := range chosen {
			shown := &rows[1+at][k]
			for _, f := range slices.Backward(found[i]) { // The surest on top.
				if f.Score >= leastShown {
					shown.Boxes = append(shown.Boxes, drawn(f.Box, f.Class, fmt.Sprintf("%s %.2f", of.Detector.Classes[f.Class], f.Score)))
				}
			}
		}
	}
	figure, err := plots.Boxes(title, rows, names)
	if err != nil {
		return fail(err)
	}
	return figure, nil
}

// drawn is a box as package plots takes it.
func drawn(r data.Rect, class int, label string) plots.Box {
	return plots.Box{X0: float64(r.X0), Y0: float64(r.Y0), X1: float64(r.X1), Y1: float64(r.Y1), Class: class, Label: label}
}
