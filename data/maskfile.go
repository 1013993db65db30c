package data

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"path"
	"strings"
)

// maskFiles are the masks of a split, read from PNG files whose pixels are classes, made square as its
// images are and kept compressed: most have few borders.
type maskFiles struct {
	fit        Fit
	side       int
	classes    []string
	unlabelled []int // classes that count as IgnoredPixel
	maxPixels  int

	byName map[string]*maskFile
	seen   [256]bool // pixels of these classes
}

// maskFile is one of them; err says why it is bad.
type maskFile struct {
	size   image.Point
	packed []byte
	sum    [sha256.Size]byte
	err    error
}

// read reads the masks of a tree in a folder and those below: their names are their paths inside it
// without .png. Only wanted ones are read. root is what comes before the folder, with its slash.
func (m *maskFiles) read(tree archive, folder string, wanted func(name string) bool) (root string, err error) {
	m.byName = map[string]*maskFile{}
	roots := map[string]bool{}
	split := func(p string) (root, name string, ok bool) {
		root, name, ok = strings.Cut("/"+p, "/"+folder+"/")
		name, isPNG := strings.CutSuffix(name, ".png")
		return strings.TrimPrefix(root+"/", "/"), name, ok && isPNG && !hiddenPath(p) && wanted(name)
	}
	ours := func(p string) bool {
		root, _, ok := split(p)
		roots[root] = roots[root] || ok
		return ok
	}
	err = readFiles(tree, ours, func(p string, content []byte) error {
		_, name, _ := split(p)
		m.byName[name] = m.decode(content)
		return nil
	})
	var found []string
	for root, ok := range roots {
		if ok {
			found = append(found, root)
		}
	}
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("there is no mask: no .png in a folder %s", folder)
	case len(found) > 1:
		return "", fmt.Errorf("the folder %s may be in %s: open one of these alone", folder, strings.Join(found, " or "))
	}
	return found[0], nil
}

// decode reads a mask and makes it square.
func (m *maskFiles) decode(content []byte) *maskFile {
	classes, size, err := m.pixels(content)
	if err != nil {
		return &maskFile{err: err}
	}
	square := make([]uint8, m.side*m.side)
	m.fit.mask(square, size.X, size.Y, m.side, IgnoredPixel, func(x, y int) uint8 { return classes[y*size.X+x] })
	for _, class := range square {
		m.seen[class] = true
	}
	return &maskFile{size: size, packed: packMask(square), sum: sha256.Sum256(square)}
}

// pixels are the classes of a mask, row after row.
func (m *maskFiles) pixels(content []byte) (classes []uint8, size image.Point, err error) {
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, size, broken(err)
	}
	size = image.Pt(config.Width, config.Height)
	if size.X < 1 || size.Y < 1 || size.X > m.maxPixels/size.Y {
		return nil, size, fmt.Errorf("it is %d×%d pixels; it must be from 1 to the %d of MaxPixels", size.X, size.Y, m.maxPixels)
	}
	img, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, size, broken(err)
	}
	pix, stride, level := []uint8(nil), 0, 1
	switch img := img.(type) {
	case *image.Paletted:
		pix, stride = img.Pix, img.Stride
	case *image.Gray:
		// Go spreads greys of fewer bits over 0 to 255. The depth is behind the width and height, in
		// the header that every PNG begins with.
		pix, stride, level = img.Pix, img.Stride, 255/(1<<content[24]-1)
	default:
		return nil, size, errors.New("its pixels are colours; they must be classes, as a palette or as grey of up to 8 bits")
	}
	classOf := [256]uint8{}
	for v := range classOf {
		classOf[v] = uint8(v)
	}
	for _, class := range m.unlabelled {
		classOf[class] = IgnoredPixel
	}
	classes = make([]uint8, 0, size.X*size.Y)
	for y := range size.Y {
		for _, v := range pix[y*stride : y*stride+size.X] {
			class := classOf[int(v)/level]
			if class != IgnoredPixel && int(class) >= len(m.classes) {
				return nil, size, fmt.Errorf("it has a pixel of class %d; there are %d classes, from 0", class, len(m.classes))
			}
			classes = append(classes, class)
		}
	}
	return classes, size, nil
}

// packMask compresses a mask.
func packMask(mask []uint8) []byte {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(mask)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // Memory does not fail.
	}
	return packed.Bytes()
}

// unpackMask fills mask from what packMask made.
func unpackMask(packed []byte, mask []uint8) error {
	_, err := io.ReadFull(flate.NewReader(bytes.NewReader(packed)), mask)
	return err
}

// stemOf is the name of a file without what follows its last dot.
func stemOf(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
