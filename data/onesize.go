package data

import (
	"fmt"
	"image"
)

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
		video := j.videoOf(img)
		if videos[video] == nil {
			videos[video] = map[image.Point]int{}
		}
		videos[video][sizes[i]]++
	}
	for i, img := range j.images {
		video := j.videoOf(img)
		if bad[i] == nil && videos[video][sizes[i]] > videos[video][usual[video]] {
			usual[video] = sizes[i]
		}
	}
	for i, img := range j.images {
		most := usual[j.videoOf(img)]
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
