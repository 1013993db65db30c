package data

import "fmt"

// Clips is a Set whose image i is the first frame of a video clip; the sets of
// [Shapes] and [FrameFolder] are.
type Clips interface {
	Set
	// ReadClip fills pix, of frames·height·width·3 bytes, with the clip that
	// begins at image i: [frames, height, width, 3], in order of time, frame 0
	// being what Read(i) gives. It is an error where the set has no clips of so
	// many frames.
	ReadClip(i, frames int, pix []uint8) error
}

// checkClip is the argument check that every ReadClip begins with.
func checkClip(set Set, i, frames int, pix []uint8) error {
	if frames < 1 {
		return fmt.Errorf("data: %s: the clip is of %d frames; it must be of at least 1", set.Name(), frames)
	}
	return checkSeveral(set, i, frames, pix)
}

// checkSeveral checks the arguments of reading n ≥ 1 images for image i.
func checkSeveral(set Set, i, n int, pix []uint8) error {
	height, width := set.Size()
	if want := n * height * width * 3; len(pix) != want {
		return fmt.Errorf("data: %s: a buffer of %d bytes for %d images of %d×%d×3 = %d",
			set.Name(), len(pix), n, height, width, want)
	}
	return checkRead(set, i, pix[:height*width*3])
}
