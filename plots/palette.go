package plots

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

const (
	exactColors = 128 // of a chart's commonest colours, which fill its areas, are kept as they are
	farthest    = 32  // of 255, that a channel of a rare shade may move
)

// paletted returns a chart with a palette of 256 colours, which is a third of the bytes in a
// notebook. A chart has few colours, and rare shades of them along smoothed edges, which become the
// nearest that the palette has. Where some shade is far from all of those, the chart is returned as
// it is.
func paletted(img image.Image) image.Image {
	b := img.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	count := map[color.RGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	// The commonest first; equally common ones in a fixed order, so that the file is a function of
	// the figure.
	shades := slices.SortedFunc(maps.Keys(count), func(p, q color.RGBA) int {
		return cmp.Or(count[q]-count[p], cmp.Compare(p.R, q.R), cmp.Compare(p.G, q.G), cmp.Compare(p.B, q.B))
	})
	var palette []color.RGBA
	var index map[color.RGBA]uint8
	// Of finer palettes the first 256 colours may leave out whole families of shades; a coarser one
	// has room for them.
	for bits := 6; bits >= 3 && index == nil; bits-- {
		palette = choosePalette(shades, bits)
		index = nearestColors(palette, shades)
	}
	if index == nil {
		return img
	}
	out := image.NewPaletted(b, nil)
	for _, c := range palette {
		out.Palette = append(out.Palette, c)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}

// choosePalette takes the commonest shades as they are and then those that differ from all before
// in the leading bits of a channel, 256 in all.
func choosePalette(shades []color.RGBA, bits int) []color.RGBA {
	if len(shades) <= 256 {
		return shades
	}
	var palette []color.RGBA
	taken := map[color.RGBA]bool{}
	for i, c := range shades {
		leading := color.RGBA{c.R >> (8 - bits), c.G >> (8 - bits), c.B >> (8 - bits), c.A >> (8 - bits)}
		if (i < exactColors || !taken[leading]) && len(palette) < 256 {
			palette = append(palette, c)
			taken[leading] = true
		}
	}
	return palette
}

// nearestColors maps each shade to its nearest colour of the palette, or returns nil where one is
// too far from all.
func nearestColors(palette, shades []color.RGBA) map[color.RGBA]uint8 {
	index := make(map[color.RGBA]uint8, len(shades))
	for _, c := range shades {
		nearest, far := 0, farthest+1
		for i, p := range palette {
			if d := max(apart(p.R, c.R), apart(p.G, c.G), apart(p.B, c.B), apart(p.A, c.A)); d < far {
				nearest, far = i, d
			}
		}
		if far > farthest {
			return nil
		}
		index[c] = uint8(nearest)
	}
	return index
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
