package data

import (
	"bytes"
	"fmt"
	"image"
)

// imageSize is the width and height of an image that was decoded, before it was scaled.
func imageSize(content []byte) image.Point {
	for _, format := range decoders {
		if hasMagic(content, format.magic) {
			if config, err := format.config(bytes.NewReader(content)); err == nil {
				return image.Pt(config.Width, config.Height)
			}
		}
	}
	return image.Point{}
}

// checkSizes makes those images bad that are not of the size which most of the
// same video are of (of two that are as frequent, the first): scaled to one size,
// they would show something else than the frames around them.
func (j *decodeJob) checkSizes(sizes []image.Point, bad []error) error {
	videos := map[string]map[image.Point]int{}
	usual := map[string]image.Point{}
	for i, img := range j.images {
		if bad[i] != nil {
			continue
		}
		video := j.oneSizeOf(img)
		if videos[video] == nil {
			videos[video] = map[image.Point]int{}
		}
		videos[video][sizes[i]]++
	}
	for i, img := range j.images {
		video := j.oneSizeOf(img)
		if bad[i] == nil && videos[video][sizes[i]] > videos[video][usual[video]] {
			usual[video] = sizes[i]
		}
	}
	for i, img := range j.images {
		most := usual[j.oneSizeOf(img)]
		if bad[i] != nil || sizes[i] == most {
			continue
		}
		bad[i] = fmt.Errorf("it is %d×%d pixels, and most frames of its video are %d×%d", sizes[i].X, sizes[i].Y, most.X, most.Y)
		if j.onBad == Fail {
			return fmt.Errorf("%s: %w", img.path, bad[i])
		}
	}
	return nil
}
