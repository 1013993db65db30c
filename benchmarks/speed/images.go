package main

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/data"
)

// writeImages writes images of Shapes as PNG in class folders, once: train/<class>/<number>.png,
// and test likewise, which is there so that no training image is held out.
func writeImages(dir string, quick bool) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	source := data.Shapes{Train: 2048, Test: 256}
	if quick {
		source.Train = 256
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	for _, split := range []data.Split{data.Train, data.Test} {
		set, err := source.Open(split)
		if err != nil {
			return err
		}
		defer set.Close()
		height, width := set.Size()
		pix := make([]uint8, height*width*3)
		for i := range set.Len() {
			if err := set.Read(i, pix); err != nil {
				return fmt.Errorf("drawing image %d: %w", i, err)
			}
			path := filepath.Join(part, split.String(), fmt.Sprint(set.Label(i)), fmt.Sprintf("%05d.png", i))
			if err := writePNG(path, pix, height, width); err != nil {
				return err
			}
		}
	}
	return os.Rename(part, dir)
}

func writePNG(path string, pix []uint8, height, width int) error {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(file, img), file.Close())
}
