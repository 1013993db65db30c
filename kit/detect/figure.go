package detect

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/setting"
	"sslkit/plots"
)

// leastShown is the least score of a box in a figure.
const leastShown = .3

// Figure shows n images of a split of the detector's data, spread evenly over it: their objects above
// what is found of them with a score of at least 0.3. Errors: those of Detect, and n below 1.
func (d *Detector) Figure(split data.Split, n int) (*plots.Figure, error) {
	found, err := d.Detect(split)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*plots.Figure, error) {
		return nil, fmt.Errorf("a figure of the detector in %s: %w", d.Run.Dir, err)
	}
	if err := setting.AtLeast(1, "n", n); err != nil {
		return fail(err)
	}
	set, err := d.Run.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return fail(err)
	}
	n = min(n, set.Len())
	rows := make([][]plots.BoxPicture, 2)
	for k := range n {
		i := k * set.Len() / n
		height, width := set.Size()
		pix := make([]uint8, height*width*3)
		if err := set.Read(i, pix); err != nil {
			return fail(fmt.Errorf("image %d of %s: %w", i, set.Name(), err))
		}
		picture, err := plots.Picture(pix, height, width)
		if err != nil {
			return fail(err)
		}
		truth, guess := plots.BoxPicture{Image: picture}, plots.BoxPicture{Image: picture}
		for _, object := range objects.ObjectsOf(i) {
			truth.Boxes = append(truth.Boxes, drawn(object.Box, object.Class, d.Classes[object.Class]))
		}
		for at := len(found[i]) - 1; at >= 0; at-- { // The surest on top.
			if f := found[i][at]; f.Score >= leastShown {
				guess.Boxes = append(guess.Boxes, drawn(f.Box, f.Class, fmt.Sprintf("%s %.2f", d.Classes[f.Class], f.Score)))
			}
		}
		rows[0], rows[1] = append(rows[0], truth), append(rows[1], guess)
	}
	figure, err := plots.Boxes("Objects and what is found of them", rows, []string{"truth", "found"})
	if err != nil {
		return fail(err)
	}
	return figure, nil
}

// drawn is a box as package plots takes it.
func drawn(r data.Rect, class int, label string) plots.Box {
	return plots.Box{X0: float64(r.X0), Y0: float64(r.Y0), X1: float64(r.X1), Y1: float64(r.Y1), Class: class, Label: label}
}
