package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"sslkit/kit/setting"
)

// FrameFolder is a folder of videos, each a folder of its frames as JPEG, PNG, GIF,
// WebP, BMP or TIFF files, in the natural order of their names: frame_2 before
// frame_10. The tree may be in an archive, as that of an [ImageFolder], and is
// decoded and cached as that is.
//
//	train/<video>/*  test/<video>/*  val/<video>/*   splits as they are; a missing test is held out
//	<video>/*                                        Test is held out by hash, whole videos
//
// The images of a set are the frames that a clip begins with: those that
// (Frames-1)·Stride more frames of the same video follow. They are unlabelled,
// unless Labelled is true. In folders within folders, each that holds frames is
// a video. FFmpeg writes such a folder of a film:
//
//	ffmpeg -i walk.mp4 -vf fps=10 train/walk/%05d.png
//
// No clip holds a frame that is missing by the numbers of the names: between
// frame_2 and frame_5 there are two where the numbers of neighbours differ by 1
// elsewhere in the video; the smallest difference is the step from frame to
// frame. A frame that is not of the size of most of its video is bad. [LeftOutOf]
// tells both, and videos that are too short for a clip.
type FrameFolder struct {
	Path string `recipe:"path"` // the folder or archive
	Size int    // side of the square frames in pixels, 1 to 4096; default 32

	Frames int // of a clip, the longest that ReadClip gives; at least 2, default 3
	Stride int // from one frame of a clip to the next; at least 1, default 1: every frame of the video

	// Labelled says that the videos lie in folders that are their classes, as the
	// images of an ImageFolder do: train/<class>/<video>/*. Each split must have such
	// folders; where videos are held out, some of each class are. Default false: no frame has a label.
	Labelled bool

	TestFraction       float64 // of the videos, in (0, 1), held out where the tree has no test folder, as images of an ImageFolder are; default 0.2
	ValidationFraction float64 // of the videos, in [0, 1), held out where the tree has no val folder; default 0: none

	Encoding Encoding // as that of ImageFolder; default Raw
	Quality  int      // as that of ImageFolder; default 90, with Encoding JPEG alone

	// OnBad says what to do about frames that cannot be decoded, or are not of
	// the size of most of their video. Default Skip: no clip holds one.
	OnBad     BadImages
	MaxPixels int    // as that of ImageFolder; default 64 Mi
	Memory    int64  `json:"-"` // as that of ImageFolder; default 1 GiB
	Cache     string `json:"-"` // as that of ImageFolder; default CacheDir
}

// folder is the source of all frames.
func (f FrameFolder) folder() ImageFolder {
	return ImageFolder{
		Path: f.Path, Size: f.Size, TestFraction: f.TestFraction, ValidationFraction: f.ValidationFraction,
		Encoding: f.Encoding, Quality: f.Quality, OnBad: f.OnBad, MaxPixels: f.MaxPixels, Memory: f.Memory, Cache: f.Cache,
	}
}

// Name returns the base name of the path without .tar, .tar.gz, .tgz or .zip.
func (f FrameFolder) Name() string { return f.folder().Name() }

// WithDefaults fills in the settings that were left at zero.
func (f FrameFolder) WithDefaults() FrameFolder {
	folder := f.folder().WithDefaults()
	f.Size, f.TestFraction, f.MaxPixels, f.Memory = folder.Size, folder.TestFraction, folder.MaxPixels, folder.Memory
	f.Quality = folder.Quality
	f.Frames, f.Stride = cmp.Or(f.Frames, 3), cmp.Or(f.Stride, 1)
	return f
}

// Check returns an error that names the field and the allowed range of a bad
// setting. It does not look at the path.
func (f FrameFolder) Check() error {
	d := FrameFolder{}.WithDefaults()
	f = f.WithDefaults()
	return cmp.Or(
		setting.AtLeast(2, "data.FrameFolder: Frames", f.Frames, d.Frames),
		setting.AtLeast(1, "data.FrameFolder: Stride", f.Stride, d.Stride),
		f.folder().check("data.FrameFolder"))
}

// Open decodes one split, or finds it in the cache. The set is a *[FrameSet].
// Errors are those of [ImageFolder.Open]; that no video of the split is long
// enough for a clip is one too.
func (f FrameFolder) Open(split Split) (Set, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	f = f.WithDefaults()
	video := func(p string) (string, bool) { return path.Dir(p), true }
	by := convention{name: "videos", object: video, oneSize: true}
	if f.Labelled {
		by.name, by.classes = "labelled videos", true
	}
	all, err := f.folder().open(split, by)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, f.Path, err)
	}
	if err := f.checkClasses(all); err != nil {
		all.Close()
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, f.Path, err)
	}
	set := newFrameSet(all, f.Frames, f.Stride)
	if set.Len() == 0 {
		all.Close()
		return nil, fmt.Errorf("data: opening %s of %s: no video has the %d good frames "+
			"that FrameFolder.Frames %d and Stride %d span", split, f.Path, (f.Frames-1)*f.Stride+1, f.Frames, f.Stride)
	}
	return set, nil
}

// checkClasses returns an error where labels are asked for, and folders that are
// taken for classes are the videos themselves.
func (f FrameFolder) checkClasses(all *FolderSet) error {
	if !f.Labelled {
		return nil
	}
	if all.Classes() == nil {
		return errors.New("data.FrameFolder: Labelled is true, and there are no class folders: videos must lie in " +
			"train/<class>/<video> or <class>/<video>")
	}
	for i := range all.Len() {
		folder, class := path.Dir(all.Path(i)), all.Classes()[all.Label(i)]
		if path.Base(folder) == class && path.Base(path.Dir(folder)) != class {
			return fmt.Errorf("data.FrameFolder: Labelled is true, so that %s is a class; it holds the frame %s, which must lie in "+
				"a folder for its video", folder, path.Base(all.Path(i)))
		}
	}
	return nil
}

var _ Clips = (*FrameSet)(nil)

// FrameSet is an opened split of a [FrameFolder].
type FrameSet struct {
	all            *FolderSet
	frames, stride int
	timeline       []int // images of all, video after video in order of time; -1 where a frame was skipped or is missing
	firsts         []int // places on the timeline where a clip begins
	missing        Listed
}

// Why clips are missing.
const (
	gapBefore  = "frames are missing before it, by the numbers of the names"
	shortVideo = "a video with too few good frames in a row for a clip"
)

// newFrameSet finds the clips among all frames.
func newFrameSet(all *FolderSet, frames, stride int) *FrameSet {
	s := &FrameSet{all: all, frames: frames, stride: stride}
	type frame struct {
		path  string
		image int
	}
	var found []frame
	for i := range all.Len() {
		found = append(found, frame{all.Path(i), i})
	}
	for _, skipped := range all.Skipped() { // a clip must not leap over them
		found = append(found, frame{skipped.Path, -1})
	}
	slices.SortFunc(found, func(a, b frame) int {
		return cmp.Or(strings.Compare(path.Dir(a.path), path.Dir(b.path)), natural(a.path, b.path))
	})
	for len(found) > 0 {
		video := path.Dir(found[0].path)
		n := 1
		for n < len(found) && path.Dir(found[n].path) == video {
			n++
		}
		paths, images := make([]string, n), make([]int, n)
		for i, f := range found[:n] {
			paths[i], images[i] = f.path, f.image
		}
		s.addVideo(paths, images)
		found = found[n:]
	}
	return s
}

// addVideo finds the clips of a video, whose frames come in order of time.
func (s *FrameSet) addVideo(paths []string, images []int) {
	begin, span := len(s.timeline), (s.frames-1)*s.stride+1
	for i, missing := range missingFrames(paths) {
		s.timeline = append(s.timeline, images[i])
		if missing > 0 {
			s.missing.add(paths[i+1], gapBefore)
		}
		for range min(missing, span) { // A clip is no longer.
			s.timeline = append(s.timeline, -1)
		}
	}
	before := len(s.firsts)
	for at := begin; at+span <= len(s.timeline); at++ {
		whole := true
		for k := range s.frames {
			whole = whole && s.timeline[at+k*s.stride] >= 0
		}
		if whole {
			s.firsts = append(s.firsts, at)
		}
	}
	if len(s.firsts) == before {
		s.missing.add(path.Dir(paths[0]), shortVideo)
	}
}

// natural compares names as people count: runs of digits by their value.
func natural(a, b string) int {
	whole := cmp.Compare(a, b) // for names that differ in leading zeros alone
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == "" || y == "" {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		a, b = a[len(x):], b[len(y):]
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if order := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits is the run of digits that s begins with.
func digits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// Name is the folder's name and the split.
func (s *FrameSet) Name() string { return s.all.Name() }

// Len is the number of clips.
func (s *FrameSet) Len() int { return len(s.firsts) }

// Size is FrameFolder.Size, twice.
func (s *FrameSet) Size() (height, width int) { return s.all.Size() }

// Classes holds the names of the class folders, sorted; nil where frames are
// unlabelled.
func (s *FrameSet) Classes() []string { return s.all.Classes() }

// Label is the class of the video of clip i; -1 where frames are unlabelled.
func (s *FrameSet) Label(i int) int { return s.all.Label(s.image(i, 0)) }

// image is which of all images frame f of clip i is.
func (s *FrameSet) image(i, f int) int { return s.timeline[s.firsts[i]+f*s.stride] }

// Path is where the first frame of clip i is inside the folder or archive.
func (s *FrameSet) Path(i int) string { return s.all.Path(s.image(i, 0)) }

// Skipped lists the frames of the split that were left out, and why.
func (s *FrameSet) Skipped() []Skipped { return s.all.Skipped() }

// Ignored are the files of the whole tree that are no images, or lie outside of
// its split folders.
func (s *FrameSet) Ignored() Listed { return s.all.Ignored() }

// LeftOut is what the folder leaves out, with the gaps between frames and the
// videos without a clip.
func (s *FrameSet) LeftOut() LeftOut {
	left := s.all.LeftOut()
	left.Missing = s.missing
	return left
}

// Fingerprint hashes paths and pixels of all frames, in order, and what the
// clips are.
func (s *FrameSet) Fingerprint() string {
	what := fmt.Appendf(nil, "%s frames %d stride %d", s.all.Fingerprint(), s.frames, s.stride)
	if s.missing.Reasons[gapBefore] > 0 {
		what = fmt.Appendf(what, " firsts %s", Hash(s.firsts))
	}
	sum := sha256.Sum256(what)
	return hex.EncodeToString(sum[:])
}

// Read fills pix with the first frame of clip i.
func (s *FrameSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	return s.all.Read(s.image(i, 0), pix)
}

// ReadClip reads up to FrameFolder.Frames frames.
func (s *FrameSet) ReadClip(i, frames int, pix []uint8) error {
	if err := checkClip(s, i, frames, pix); err != nil {
		return err
	}
	if frames > s.frames {
		return fmt.Errorf("data: %s: a clip of %d frames, and FrameFolder.Frames is %d", s.Name(), frames, s.frames)
	}
	size := len(pix) / frames
	for f := range frames {
		if err := s.all.Read(s.image(i, f), pix[f*size:(f+1)*size]); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the cache file.
func (s *FrameSet) Close() error { return s.all.Close() }
