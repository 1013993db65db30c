package data

import (
	"cmp"
	"fmt"

	"sslkit/kit/setting"
)

// FrameStrips is a source whose images are the clips of another: the frames one below another, in
// order of time, as one image of Frames·height × width pixels. What works on images then works on
// clips; encoder.PerFrame encodes each frame of such an image by itself.
//
//	data.FrameStrips{From: data.Moving{}, Frames: 3}
type FrameStrips struct {
	From   Source // whose sets are [Clips]; labels are its labels
	Frames int    // of a clip, at least 1; default 3
}

// Name is the other source's, with the number of frames: "moving-3-frames".
func (f FrameStrips) Name() string {
	return fmt.Sprintf("%s-%d-frames", f.From.Name(), f.WithDefaults().Frames)
}

// WithDefaults fills in the settings that were left at zero.
func (f FrameStrips) WithDefaults() FrameStrips {
	f.Frames = cmp.Or(f.Frames, 3)
	return f
}

// Check returns an error that names the field and the allowed range of a bad
// setting.
func (f FrameStrips) Check() error {
	if f.From == nil {
		return setting.Missing("data.FrameStrips: From", "a data.Source of videos, such as data.Moving{}")
	}
	d := FrameStrips{}.WithDefaults()
	return setting.AtLeast(1, "data.FrameStrips: Frames", f.WithDefaults().Frames, d.Frames)
}

// Open opens a split. Errors are the other source's, and that its images begin no clips of so many
// frames.
func (f FrameStrips) Open(split Split) (Set, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	f = f.WithDefaults()
	set, err := f.From.Open(split)
	if err != nil {
		return nil, err
	}
	if err := (Item{Frames: f.Frames}).Check(set); err != nil {
		set.Close()
		return nil, fmt.Errorf("data.FrameStrips: Frames is %d: %w", f.Frames, err)
	}
	clips, ok := set.(Clips)
	if !ok { // Without an image, no clip was tried.
		set.Close()
		return nil, fmt.Errorf("data.FrameStrips: From: %s has no video clips, only single images", set.Name())
	}
	return &stripSet{Clips: clips, name: f.Name() + "/" + split.String(), frames: f.Frames}, nil
}

// stripSet is a set of clips as images. What is known of the first frame, such as captions or boxes,
// is left out: the image is another.
type stripSet struct {
	Clips
	name   string
	frames int
}

func (s *stripSet) Name() string { return s.name }
func (s *stripSet) Fingerprint() string {
	return fmt.Sprintf("%s-strips-%d", s.Clips.Fingerprint(), s.frames)
}

func (s *stripSet) Size() (height, width int) {
	height, width = s.Clips.Size()
	return s.frames * height, width
}

func (s *stripSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	return s.Clips.ReadClip(i, s.frames, pix) // Rows of frames in order are the rows of the image.
}

// Unwrap is the set of the clips.
func (s *stripSet) Unwrap() Set { return s.Clips }
