package curate

import (
	"fmt"

	"sslkit/data"
)

// readBlock is the number of images in memory at a time.
const readBlock = 256

// eachImage calls do for every image of a set, on all cores: pix is [height,
// width, 3], and only lent.
func eachImage(what, name string, set data.Set, do func(i int, pix []uint8)) error {
	if set == nil || set.Len() == 0 {
		return fmt.Errorf("curate.%s: %s is empty; it must hold at least one image", what, name)
	}
	height, width := set.Size()
	size := height * width * 3
	for start := 0; start < set.Len(); start += readBlock {
		indices := make([]int, min(readBlock, set.Len()-start))
		for k := range indices {
			indices[k] = start + k
		}
		pix, err := data.Pixels(set, indices)
		if err != nil {
			return fmt.Errorf("curate.%s: %s: %w", what, name, err)
		}
		parallel(len(indices), func(k int) { do(start+k, pix[k*size:(k+1)*size]) })
	}
	return nil
}
