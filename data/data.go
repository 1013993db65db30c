// Package data is where images, labels, boxes, masks and frames come from.
//
// A [Source] is a plain struct literal that says what to read:
//
//   - [Shapes]: a procedural world in the program itself, with nothing to
//     download; also boxes, masks, captions, subgroups and video
//   - [Moving]: clips of that world, labelled by how their object moves
//   - [Scenes]: pictures of several objects of that world, with boxes and masks
//   - [Patterns]: pieces of cloth; a class is several patterns that have only the label in common
//   - [Streets]: streets with cars, trucks, persons and signs, drawn likewise
//   - [CIFAR10], [CIFAR100], [MNIST], [FashionMNIST], [MedMNIST], [STL10],
//     [SVHN]: fetched once, checked, cached; or a local path
//   - [ImageFolder]: your own pictures, in a folder or an archive
//   - [ImageNet]: class folders named by WordNet ids, as ILSVRC and Imagenette
//   - [FrameFolder]: your own videos, as frames
//   - [COCO], [VOC]: your own pictures with boxes and masks, in these layouts
//   - [MaskFolder]: your own pictures with a mask of classes for each
//   - [ImageList]: your own pictures with a table of labels (CSV, TSV, JSONL)
//   - [Parquet]: files with images in a column, as on the Hugging Face hub
//   - [WebDataset]: shards in .tar files, in the convention of WebDataset
//   - [CaptionFile]: your own pictures with captions
//   - [Fewer], [Labelled], [PartlyLabelled], [SetAside], [HeldOut], [ValidationAsTest], [Relabelled]:
//     parts of another source, other splits of it, or the same images with fewer or other labels
//   - [FrameStrips]: the clips of another source as images
//
// Opening one of its splits gives a [Set]: a fixed sequence of equal-sized RGB
// images. A [Subset] chooses labels, an [Order] says which images make up which
// training step, and a [Loader] reads those batches ahead. Where images are
// frames of videos ([Clips]) or several of them show one object ([Instances]),
// an [Item] says how many are read together, and where they are described in
// words ([Captioned]), hold objects with boxes ([Objects]) or have a class at every
// pixel ([Masks]), whether these are read too:
//
//	set, err := data.CIFAR10{Train: 10_000}.Open(data.Train)
//	order := data.Order{Len: set.Len(), Batch: 128, Seed: 1}
//	loader := data.NewLoader(set, order, 0, 10*order.StepsPerEpoch())
//	defer loader.Close()
//	for {
//		batch, err := loader.Next()
//		if err == io.EOF {
//			break
//		}
//		...
//	}
//
// Pictures in files are decoded in the same way whatever source names them. They
// become RGB of 8 bits: of 16 bits the upper 8 count, grey and palettes become
// colours, and profiles of colours are not applied. They are turned upright by
// their orientation, made square, and put on white where they are transparent.
//
//	        transparency               bits a colour    orientation    several pictures in a file
//	JPEG    none                       8                EXIF           (has one)
//	PNG     on white                   1 to 16          EXIF (eXIf)    of an APNG the default image
//	GIF     on white                   palette          (has none)     the first
//	WebP    on white                   8                EXIF           an animation is refused
//	BMP     on white, unless all is 0  1 to 8           (has none)     (has one)
//	TIFF    on white                   1 to 16          its tag        the first page, unless it is a preview
//	AVIF, HEIC, JPEG XL, JPEG 2000, DICOM: refused by their names
//
// What is refused, damaged or larger than MaxPixels is left out and listed, or is
// an error: see [BadImages] and [LeftOutOf].
//
// Everything random is a pure function of an explicit seed, so two machines,
// or a run that was interrupted and resumed, see the same images in the same
// order.
package data

import (
	"cmp"
	"errors"
	"fmt"

	"sslkit/kit/setting"
)

// Split names a part of a source.
type Split int

// The three splits. Fit on Train, choose settings on Validation, and look at
// Test once.
const (
	Train Split = iota
	Validation
	Test
)

// String returns "train", "validation" or "test".
func (s Split) String() string {
	switch s {
	case Train:
		return "train"
	case Validation:
		return "validation"
	case Test:
		return "test"
	}
	return fmt.Sprintf("Split(%d)", int(s))
}

func (s Split) check() error {
	return setting.Must(s >= Train && s <= Test, "data: the split", int(s), "Train, Validation or Test")
}

// maxSide is the most pixels that a source scales the side of its images to.
const maxSide = 4096

// checkCounts returns an error where a source of that name, such as
// data.CIFAR10, is to have fewer images than none. 0 means all of them, and for
// validation what is given.
func checkCounts(source string, train, validation, test int, noValidation string) error {
	return cmp.Or(
		setting.Must(train >= 0, source+": Train", train, "at least 1", "all"),
		setting.Must(validation >= 0, source+": Validation", validation, "at least 1", noValidation),
		setting.Must(test >= 0, source+": Test", test, "at least 1", "all"))
}

// ErrNoSplit is wrapped by the error of [Source.Open] when a source does not
// have the split asked for, as opposed to failing to read it: CIFAR-10 has no
// validation images unless some are held out of its training images.
var ErrNoSplit = errors.New("no such split")

// Source is where images come from. Sources are plain struct literals whose
// zero fields mean documented defaults.
type Source interface {
	// Name is a short name for figures and reports: "shapes", "cifar10", the
	// base name of a folder.
	Name() string
	// Open returns one split, or an error that wraps [ErrNoSplit] where the
	// source has no such split.
	Open(split Split) (Set, error)
}

// Set is a fixed sequence of equal-sized RGB images, safe for concurrent use.
// An index outside [0, Len()) is a programming error: Label panics, Read
// returns an error.
type Set interface {
	// Name is the source's name and the split, as in "cifar10/train".
	Name() string
	// Len is the number of images.
	Len() int
	// Size is the height and width of every image, in pixels.
	Size() (height, width int)
	// Classes holds the class names by label; nil for unlabelled images. The
	// caller must not change it.
	Classes() []string
	// Label is the class of image i, in [0, len(Classes())), or -1 where it is
	// unlabelled.
	Label(i int) int
	// Read fills pix, of height·width·3 bytes, with image i: RGB interleaved,
	// row-major, top row first.
	Read(i int, pix []uint8) error
	// Fingerprint is a hex hash that names the images, their labels and their
	// order.
	Fingerprint() string
	// Close frees what the set holds; reading after it is an error.
	Close() error
}

// Grouped is a Set whose images also belong to subgroups, to report a figure by
// group; the sets of [Shapes] do.
type Grouped interface {
	Set
	// Groups holds the group names. The caller must not change it.
	Groups() []string
	// Group is the group of image i, in [0, len(Groups())).
	Group(i int) int
}

// Files is a Set whose images are files; those of [ImageFolder], [ImageList], [COCO] and [FrameFolder] are.
type Files interface {
	Set
	// Path is where image i lies inside the folder or archive; of a clip, its first frame.
	Path(i int) string
}

// Labels returns the label of every image of a set, in order; -1 where
// unlabelled.
func Labels(set Set) []int {
	labels := make([]int, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
	}
	return labels
}

// checkRead is the argument check that every Set.Read begins with.
func checkRead(set Set, i int, pix []uint8) error {
	if i < 0 || i >= set.Len() {
		return fmt.Errorf("data: %s: image %d is outside [0, %d)", set.Name(), i, set.Len())
	}
	height, width := set.Size()
	if want := height * width * 3; len(pix) != want {
		return fmt.Errorf("data: %s: a buffer of %d bytes for an image of %d×%d×3 = %d", set.Name(), len(pix), height, width, want)
	}
	return nil
}
