package metric

import "fmt"

// RLE is a binary mask of an image as run lengths, the form in which COCO keeps masks: column after
// column from the left, each from the top, first the pixels outside, then those inside, then outside
// again. Its sum is Height·Width.
type RLE struct {
	Height, Width int
	Counts        []uint32
}

// EncodeRLE encodes a mask, row-major with the top row first: what is not 0 is inside. Its error is
// that of a mask that does not hold height·width pixels.
func EncodeRLE(mask []uint8, height, width int) (RLE, error) {
	if height < 1 || width < 1 || len(mask) != height*width {
		return RLE{}, fmt.Errorf("metric.EncodeRLE: mask holds %d pixels; it must hold height·width = %d·%d, at least 1", len(mask), height, width)
	}
	r := RLE{Height: height, Width: width}
	var run uint32
	inside := false
	for x := range width {
		for y := range height {
			if (mask[y*width+x] != 0) != inside {
				r.Counts = append(r.Counts, run)
				run, inside = 0, !inside
			}
			run++
		}
	}
	r.Counts = append(r.Counts, run)
	return r, nil
}

// Area is the number of pixels inside.
func (r RLE) Area() int {
	area := 0
	for i := 1; i < len(r.Counts); i += 2 {
		area += int(r.Counts[i])
	}
	return area
}

// MaskIoU is the number of pixels inside both masks over the number inside either, in [0, 1]; 0
// where no pixel is inside both, as with two empty masks. Its error is that of masks that are not of
// one size, or whose counts do not cover the image.
func MaskIoU(a, b RLE) (float64, error) {
	if err := checkPair(a, b); err != nil {
		return 0, fmt.Errorf("metric.MaskIoU: %w", err)
	}
	shared := a.shared(b)
	if shared == 0 {
		return 0, nil
	}
	return float64(shared) / float64(a.Area()+b.Area()-shared), nil
}

// shared is the number of pixels inside both masks, of one size.
func (r RLE) shared(other RLE) int {
	var shared, i, j int
	var left, right uint32 // What remains of the runs before i and j.
	for {
		for left == 0 && i < len(r.Counts) {
			left = r.Counts[i]
			i++
		}
		for right == 0 && j < len(other.Counts) {
			right = other.Counts[j]
			j++
		}
		run := min(left, right)
		if run == 0 {
			return shared
		}
		if i%2 == 0 && j%2 == 0 { // Runs with odd numbers are inside.
			shared += int(run)
		}
		left, right = left-run, right-run
	}
}

func (r RLE) check() error {
	var sum int
	for _, count := range r.Counts {
		sum += int(count)
	}
	if r.Height < 1 || r.Width < 1 || sum != r.Height*r.Width {
		return fmt.Errorf("the counts of an RLE of %d×%d pixels sum to %d; they must cover it, and it must have at least 1", r.Height, r.Width, sum)
	}
	return nil
}

func checkPair(a, b RLE) error {
	if err := a.check(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if a.Height != b.Height || a.Width != b.Width {
		return fmt.Errorf("masks are of %d×%d and %d×%d pixels; they must be of one size", a.Height, a.Width, b.Height, b.Width)
	}
	return nil
}
