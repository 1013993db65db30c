package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// cocoMask is a mask as COCO's annotations have it: polygons, or runs of pixels.
type cocoMask struct {
	polygons [][]float64 // x0, y0, x1, y1, ... of each, in pixels; the mask is all of them together
	runs     []int       // lengths of runs of 0 and of 1 in turn, column after column, beginning with 0
}

// empty tells whether there is no mask.
func (m cocoMask) empty() bool { return len(m.polygons) == 0 && len(m.runs) == 0 }

// parseCOCOMask reads the segmentation of an object in an image of the given size. One that is
// missing, or an empty list, is no mask.
func parseCOCOMask(raw json.RawMessage, height, width int) (m cocoMask, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return m, nil
	case raw[0] == '[':
		if bytes.Contains(raw, []byte("null")) { // Which would be read as 0.
			return m, errors.New("its polygon has a coordinate that is no number")
		}
		if err := json.Unmarshal(raw, &m.polygons); err != nil {
			return m, fmt.Errorf("its polygons are not lists of numbers: %w", err)
		}
		for _, polygon := range m.polygons {
			if err := checkPolygon(polygon, height, width); err != nil {
				return m, err
			}
		}
		return m, nil
	}
	var coded struct {
		Size   []int           `json:"size"`
		Counts json.RawMessage `json:"counts"`
	}
	if err := json.Unmarshal(raw, &coded); err != nil {
		return m, fmt.Errorf("its segmentation is neither polygons nor runs: %w", err)
	}
	if len(coded.Size) != 2 || coded.Size[0] != height || coded.Size[1] != width {
		return m, fmt.Errorf("its mask is of size %v; it must be [%d %d], the height and width of the image", coded.Size, height, width)
	}
	counts := bytes.TrimSpace(coded.Counts)
	if len(counts) > 0 && counts[0] == '"' {
		var text string
		if err := json.Unmarshal(counts, &text); err != nil {
			return m, fmt.Errorf("the runs of its mask are no text: %w", err)
		}
		m.runs, err = decodeRuns(text)
	} else if err = json.Unmarshal(counts, &m.runs); err != nil {
		err = fmt.Errorf("the runs of its mask are no whole numbers: %w", err)
	}
	if err != nil {
		return m, err
	}
	left := height * width
	for _, n := range m.runs {
		if left -= n; n < 0 || left < 0 {
			return m, fmt.Errorf("the runs of its mask have %d pixels or more; they must have the %d of the image", height*width-left, height*width)
		}
	}
	if left > 0 {
		return m, fmt.Errorf("the runs of its mask have %d pixels; they must have the %d of the image", height*width-left, height*width)
	}
	return m, nil
}

// checkPolygon returns an error for a polygon that means nothing, or that takes long to draw since it
// reaches far out of the image.
func checkPolygon(polygon []float64, height, width int) error {
	if len(polygon)%2 != 0 {
		return fmt.Errorf("its polygon has %d coordinates; they must be an even number", len(polygon))
	}
	if len(polygon) < 6 {
		return fmt.Errorf("its polygon has %d corners; it must have at least 3", len(polygon)/2)
	}
	for i, v := range polygon {
		side := float64([...]int{width, height}[i%2])
		if !(v >= -side && v <= 2*side) {
			return fmt.Errorf("its polygon has the coordinate %g, out of the image by more than its size", v)
		}
	}
	return nil
}

// decodeRuns reads COCO's compressed runs: each number in groups of five bits, the lowest first, as
// characters from 48 on, of which 32 says that another follows; the third number and all after it are
// less the one two before.
func decodeRuns(text string) (runs []int, err error) {
	for at := 0; at < len(text); {
		value, shift := 0, 0
		for more := true; more; at++ {
			if at == len(text) {
				return nil, errors.New("the runs of its mask end within a number")
			}
			group := int(text[at]) - 48
			if group < 0 || group > 63 || shift > 30 {
				return nil, fmt.Errorf("the runs of its mask have %q at %d", text[at], at)
			}
			value |= group & 31 << shift
			shift += 5
			if more = group&32 != 0; !more && group&16 != 0 {
				value |= -1 << shift
			}
		}
		if len(runs) > 2 {
			value += runs[len(runs)-2]
		}
		runs = append(runs, value)
	}
	return runs, nil
}

// draw fills pixels, of height·width, with 1 inside the mask, else 0: column after column.
func (m cocoMask) draw(pixels []uint8, height, width int) {
	clear(pixels)
	at := 0
	for i, n := range m.runs {
		for k := range n * (i % 2) {
			pixels[at+k] = 1
		}
		at += n
	}
	if len(m.polygons) == 0 {
		return
	}
	turns := make([]bool, height*width+1)
	for _, polygon := range m.polygons {
		clear(turns)
		turnsOf(polygon, height, width, turns)
		inside := false
		for at := range pixels {
			if inside = inside != turns[at]; inside {
				pixels[at] = 1
			}
		}
	}
}

// turnsOf turns those pixels around, of height·width and one more, column after column, at which a
// polygon begins or ends: bit for bit as in pycocotools (rleFrPoly in common/maskApi.c of
// cocodataset/cocoapi).
//
// The outline is followed in fifths of a pixel. Where it passes the middle of a column, the polygon
// begins or ends at the next pixel below.
func turnsOf(polygon []float64, height, width int, turns []bool) {
	const scale = 5
	fifths := func(v float64) int { return int(scale*v + .5) }
	corners := len(polygon) / 2
	lastX, lastY, begun := 0, 0, false
	visit := func(x, y int) {
		if begun && x != lastX {
			column := (float64(min(x, lastX))+.5)/scale - .5
			if column == math.Floor(column) && column >= 0 && column <= float64(width-1) {
				row := (float64(min(y, lastY))+.5)/scale - .5
				row = math.Ceil(min(max(row, 0), float64(height)))
				at := int(column)*height + int(row)
				turns[at] = !turns[at]
			}
		}
		lastX, lastY, begun = x, y, true
	}
	for k := range corners {
		next := (k + 1) % corners
		x0, y0 := fifths(polygon[2*k]), fifths(polygon[2*k+1])
		x1, y1 := fifths(polygon[2*next]), fifths(polygon[2*next+1])
		along, across := abs(x1-x0), abs(y1-y0)
		flat := along >= across
		// A line is drawn from its lower end along the longer axis, so that both ways give one.
		back := flat && x0 > x1 || !flat && y0 > y1
		if back {
			x0, y0, x1, y1 = x1, y1, x0, y0
		}
		steps, slope := along, float64(y1-y0)/float64(along)
		if !flat {
			steps, slope = across, float64(x1-x0)/float64(across)
		}
		for d := range steps + 1 {
			t := d
			if back {
				t = steps - d
			}
			switch moved := float64(slope * float64(t)); { // Not fused with the sum, whose rounding is part of the outline.
			case steps == 0:
				visit(x0, y0) // A corner that comes twice.
			case flat:
				visit(t+x0, int(float64(y0)+moved+.5))
			default:
				visit(int(float64(x0)+moved+.5), t+y0)
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }
