package plots

import (
	"errors"
	"fmt"
	"image"
	"math"
)

// Explorer is an interactive map of a representation: a page on which a point stands for an image.
//
//	page, err := plots.Explorer{
//		Title:   "SimCLR on CIFAR-10",
//		Layouts: []plots.Layout{{Name: "t-SNE", Points: points, Neighbours: nearest}},
//		Columns: []plots.Column{{Name: "label", Of: labels, Names: classes}},
//		Images:  func(i int) (image.Image, error) { return pictures[i], nil },
//	}.Page()
//	err = plots.Show(page)             // in the cell
//	err = page.Save("explorer.html")   // a file that needs neither a network nor Jupyter
//
// It shows a picture and what is known of it under the pointer, the nearest neighbours of a point on
// a click, colors by any column, whose legend hides classes, a search by class and file name, and
// two layouts side by side, such as before and after training. The points that a lasso or a
// rectangle picks come back as indices in one of three ways:
//
//   - "Copy as Go" puts a line on the clipboard, var picks = []int{3, 14}, to be pasted into the next
//     cell. It needs nothing more than a browser, also where the page was opened without a kernel.
//   - "Save as JSON" saves a file, which [Picks] reads.
//   - [Page.Pick] shows the page in the cell of a running kernel, waits for "Send to the cell", and
//     keeps what was picked in a file for the cells after it.
//
// A page of 10,000 points moves smoothly, and one of 100,000 can be used.
type Explorer struct {
	// Title stands above the map. Default: "Explorer".
	Title string

	// Layouts are where the points lie, one or more, which a list on the page switches between. All
	// have the same points, at least 1.
	Layouts []Layout

	// Beside shows the first two layouts side by side when the page opens.
	Beside bool

	// Columns are what is known of the points, the first of which gives the colors at first. May be
	// empty.
	Columns []Column

	// Names are the points' file names, one a point. Nil: there are none.
	Names []string

	// Indices are what the points are called and picked by, rising from 0 or more: where only some
	// images of a set are shown, their indices in it. Nil: 0, 1, 2 and so on.
	Indices []int

	// Images gives the picture of a point, of any size; nil: the page has none. It is called once
	// for each point, in their order, until the pictures fill MostBytes.
	Images func(i int) (image.Image, error)

	// Thumbnail is the side of a picture in the page, in pixels: a multiple of 16, from 16 to 256.
	// Larger pictures are reduced to it, and narrow ones get a grey border. Default 32.
	Thumbnail int

	// MostBytes is the most that the pictures take in the page. Points after those that fit have
	// none, which Page.Notes says. Default 10,000,000: some 10,000 photographs of 32 pixels.
	MostBytes int
}

// Layout places the points in the plane.
type Layout struct {
	Name   string       // such as "t-SNE"; may not be empty
	Points [][2]float64 // [n]; finite

	// Neighbours are each point's nearest others by their places in Points, the nearest first,
	// [n][up to any number]. Those of the features tell more than those in the plane. Nil: a click shows none.
	Neighbours [][]int
}

// Column is one thing that is known of every point: its class (Of and Names) or a number (Values).
type Column struct {
	Name   string    // such as "label", "prediction" or "split"; may not be empty
	Of     []int     // [n]; an index of Names, or −1 where there is none
	Names  []string  // of the classes, also of those that no point has: a class keeps its color
	Values []float64 // [n]; finite
}

const (
	defaultThumbnail = 32
	defaultMostBytes = 10_000_000
)

// Page makes the page. The same Explorer gives the same bytes. Errors: no points, what is not as
// long as the points, coordinates that are not finite, an index out of range, and those of Images.
func (e Explorer) Page() (*Page, error) {
	if e.Title == "" {
		e.Title = "Explorer"
	}
	if e.Thumbnail == 0 {
		e.Thumbnail = defaultThumbnail
	}
	if e.MostBytes == 0 {
		e.MostBytes = defaultMostBytes
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("plots.Explorer: %w", err)
	}
	page, err := e.page()
	if err != nil {
		return nil, fmt.Errorf("plots.Explorer: %w", err)
	}
	return page, nil
}

func (e Explorer) check() error {
	if len(e.Layouts) == 0 {
		return errors.New("Layouts is empty; give at least one")
	}
	n := len(e.Layouts[0].Points)
	if n == 0 {
		return errors.New("Layouts[0].Points is empty")
	}
	if e.Thumbnail < 16 || e.Thumbnail > 256 || e.Thumbnail%16 != 0 {
		return fmt.Errorf("Thumbnail is %d; it must be a multiple of 16 from 16 to 256 (0 means %d)", e.Thumbnail, defaultThumbnail)
	}
	if e.MostBytes < 0 {
		return fmt.Errorf("MostBytes is %d; it must be at least 1 (0 means %d)", e.MostBytes, defaultMostBytes)
	}
	if e.Beside && len(e.Layouts) < 2 {
		return errors.New("Beside needs two Layouts; there is 1")
	}
	if e.Names != nil && len(e.Names) != n {
		return fmt.Errorf("Names has %d values, but Layouts[0] has %d points", len(e.Names), n)
	}
	if e.Indices != nil && len(e.Indices) != n {
		return fmt.Errorf("Indices has %d values, but Layouts[0] has %d points", len(e.Indices), n)
	}
	for i, index := range e.Indices {
		if index < 0 || index > math.MaxInt32 || i > 0 && index <= e.Indices[i-1] {
			return fmt.Errorf("Indices[%d] is %d; they must rise, from 0 or more to at most %d", i, index, math.MaxInt32)
		}
	}
	for i, l := range e.Layouts {
		if err := l.check(n); err != nil {
			return fmt.Errorf("%s: %w", labelled("layout", i, l.Name), err)
		}
	}
	for i, c := range e.Columns {
		if err := c.check(n); err != nil {
			return fmt.Errorf("%s: %w", labelled("column", i, c.Name), err)
		}
	}
	return nil
}

func (l Layout) check(n int) error {
	if l.Name == "" {
		return errors.New("Name is empty")
	}
	if len(l.Points) != n {
		return fmt.Errorf("Points has %d values, but Layouts[0] has %d", len(l.Points), n)
	}
	for i, p := range l.Points {
		if err := finite32(fmt.Sprintf("Points[%d]", i), p[:]); err != nil {
			return err
		}
	}
	if l.Neighbours == nil {
		return nil
	}
	if len(l.Neighbours) != n {
		return fmt.Errorf("Neighbours has %d values, but Layouts[0] has %d points", len(l.Neighbours), n)
	}
	for i, near := range l.Neighbours {
		for j, neighbour := range near {
			if neighbour < 0 || neighbour >= n {
				return fmt.Errorf("Neighbours[%d][%d] is %d; it must be an index of the %d points", i, j, neighbour, n)
			}
		}
	}
	return nil
}

func (c Column) check(n int) error {
	switch {
	case c.Name == "":
		return errors.New("Name is empty")
	case (c.Of == nil) == (c.Values == nil):
		return errors.New("one of Of and Values must be given, and not both")
	case c.Values != nil && len(c.Values) != n:
		return fmt.Errorf("Values has %d values, but Layouts[0] has %d points", len(c.Values), n)
	case c.Values != nil:
		return finite32("Values", c.Values)
	case len(c.Of) != n:
		return fmt.Errorf("Of has %d values, but Layouts[0] has %d points", len(c.Of), n)
	}
	for i, class := range c.Of {
		if class < -1 || class >= len(c.Names) {
			return fmt.Errorf("Of[%d] is %d; it must be −1 (none) or an index of the %d Names", i, class, len(c.Names))
		}
	}
	return nil
}
