package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"github.com/disintegration/imaging"
)

// sheets are the pictures of an explorer, many in an image: a JPEG of one alone would have more
// headers than pixels.
type sheets struct {
	Sheets     []string `json:"sheets"`     // Data URIs.
	Thumbnails int      `json:"thumbnails"` // How many points have one: the first.
	Tile       int      `json:"tile"`       // The side of one, in pixels.
	PerRow     int      `json:"perRow"`
	PerSheet   int      `json:"perSheet"`
}

const (
	sheetPixels  = 512 // The side of a sheet, or that of one picture where it is larger.
	sheetQuality = 90
)

// sheets draws the pictures of the first points until MostBytes are full.
func (e Explorer) sheets(n int) (sheets, error) {
	perRow := max(sheetPixels/e.Thumbnail, 1)
	s := sheets{Sheets: []string{}, Tile: e.Thumbnail, PerRow: perRow, PerSheet: perRow * perRow}
	if e.Images == nil {
		return s, nil
	}
	for left := e.MostBytes; s.Thumbnails < n; {
		count := min(s.PerSheet, n-s.Thumbnails)
		rows := (count + perRow - 1) / perRow
		// A tile is a multiple of 16 pixels wide, as JPEG's blocks are, so that none shines into
		// the next.
		sheet := image.NewNRGBA(image.Rect(0, 0, perRow*e.Thumbnail, rows*e.Thumbnail))
		draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
		for k := range count {
			i := s.Thumbnails + k
			img, err := e.Images(i)
			if err != nil {
				return s, fmt.Errorf("Images(%d): %w", i, err)
			}
			if img == nil || img.Bounds().Empty() {
				return s, fmt.Errorf("Images(%d) gives an empty picture", i)
			}
			small := fitTile(img, e.Thumbnail)
			at := image.Pt(k%perRow, k/perRow).Mul(e.Thumbnail).Add(image.Pt(e.Thumbnail, e.Thumbnail).Sub(small.Bounds().Size()).Div(2))
			draw.Draw(sheet, image.Rectangle{Min: at, Max: at.Add(small.Bounds().Size())}, small, small.Bounds().Min, draw.Over)
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, sheet, &jpeg.Options{Quality: sheetQuality}); err != nil {
			return s, fmt.Errorf("encoding the pictures from %d on: %w", s.Thumbnails, err)
		}
		uri := "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(out.Bytes())
		if left -= len(uri); left < 0 {
			break
		}
		s.Sheets, s.Thumbnails = append(s.Sheets, uri), s.Thumbnails+count
	}
	return s, nil
}

// fitTile makes a picture fit a tile: reduced where it is larger, and enlarged by a whole factor
// where it is much smaller.
func fitTile(img image.Image, side int) image.Image {
	size := img.Bounds().Size()
	longest := max(size.X, size.Y)
	if longest > side {
		return imaging.Fit(img, side, side, imaging.Lanczos)
	}
	if factor := side / longest; factor > 1 {
		return imaging.Resize(img, size.X*factor, size.Y*factor, imaging.NearestNeighbor)
	}
	return img
}
