package plots

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image/color"
	"math"
)

// explorerData is what the page's scripts read (explorer/01_points.js). Numbers travel as base64 of
// little-endian float32 and int32: a third of their size in digits.
type explorerData struct {
	Title      string              `json:"title"`
	N          int                 `json:"n"`
	Beside     bool                `json:"beside"`
	Layouts    []explorerLayout    `json:"layouts"`
	Neighbours []explorerNeighbors `json:"neighbors"`
	Columns    []explorerColumn    `json:"columns"`
	Names      []string            `json:"names"`   // Null: none.
	Indices    string              `json:"indices"` // [n]; empty: 0, 1, 2 and so on.
	Notes      []string            `json:"notes"`

	sheets

	Colors  []string       `json:"colors"`  // Of classes, by their number.
	Markers [][][2]float64 `json:"markers"` // Corners in radii; none: a disc; one: a ring of that width.
	Scale   []string       `json:"scale"`   // Of numbers, from the lowest to the highest.
}

type explorerLayout struct {
	Name       string `json:"name"`
	Points     string `json:"points"`    // [n, 2]
	Neighbours int    `json:"neighbors"` // An index of the neighbours; −1: none.
}

// explorerNeighbors may be of several layouts: those of one representation.
type explorerNeighbors struct {
	K     int    `json:"k"`
	Index string `json:"index"` // [n, k]; −1: no more.
}

type explorerColumn struct {
	Name    string   `json:"name"`
	Classes []string `json:"classes"`
	Of      string   `json:"of,omitempty"`     // [n]; −1: none.
	Values  string   `json:"values,omitempty"` // [n]
}

// viridis is matplotlib's scale, from its lowest color to its highest in equal steps.
var viridis = []string{"#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"}

// page makes the page of what was checked.
func (e Explorer) page() (*Page, error) {
	n := len(e.Layouts[0].Points)
	data := explorerData{
		Title: e.Title, N: n, Beside: e.Beside, Names: e.Names, Indices: whole(e.Indices), Neighbours: []explorerNeighbors{},
		Columns: []explorerColumn{}, Notes: []string{}, Scale: viridis, Markers: explorerMarkers(),
	}
	for _, c := range petroff10 {
		data.Colors = append(data.Colors, hex(c))
	}
	kept := map[explorerNeighbors]int{}
	for _, l := range e.Layouts {
		layout := explorerLayout{Name: l.Name, Points: floats(flat(l.Points)), Neighbours: -1}
		if l.Neighbours != nil {
			near := packNeighbors(l.Neighbours)
			at, ok := kept[near]
			if !ok {
				at = len(data.Neighbours)
				kept[near] = at
				data.Neighbours = append(data.Neighbours, near)
			}
			layout.Neighbours = at
		}
		data.Layouts = append(data.Layouts, layout)
	}
	for _, c := range e.Columns {
		column := explorerColumn{Name: c.Name, Classes: c.Names}
		if c.Of != nil {
			column.Of = whole(c.Of)
		} else {
			column.Values = floats(c.Values)
		}
		data.Columns = append(data.Columns, column)
	}
	var err error
	if data.sheets, err = e.sheets(n); err != nil {
		return nil, err
	}
	if e.Images != nil && data.Thumbnails < n {
		data.Notes = append(data.Notes, fmt.Sprintf(
			"Pictures: of the first %d of %d points; those of all would take more than %d bytes.", data.Thumbnails, n, e.MostBytes))
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return newPage(e.Title, text, data.Notes)
}

func explorerMarkers() [][][2]float64 {
	var shapes [][][2]float64
	for _, m := range markers {
		corners := [][2]float64{}
		switch m := m.(type) {
		case polygon:
			for _, p := range m {
				// Rounded, since the last bits of sines differ among processors.
				corners = append(corners, [2]float64{math.Round(1000*float64(p.X)) / 1000, math.Round(1000*float64(p.Y)) / 1000})
			}
		case ring:
			corners = append(corners, [2]float64{0.5, 0})
		}
		shapes = append(shapes, corners)
	}
	return shapes
}

func packNeighbors(all [][]int) explorerNeighbors {
	var k int
	for _, near := range all {
		k = max(k, len(near))
	}
	index := make([]int, 0, len(all)*k)
	for _, near := range all {
		index = append(index, near...)
		for range k - len(near) {
			index = append(index, -1)
		}
	}
	return explorerNeighbors{K: k, Index: whole(index)}
}

func flat(points [][2]float64) []float64 {
	out := make([]float64, 0, 2*len(points))
	for _, p := range points {
		out = append(out, p[0], p[1])
	}
	return out
}

func floats(values []float64) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func whole(values []int) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(int32(v)))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
