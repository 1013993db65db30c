package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"sslkit/kit/setting"
)

// STL10 is the STL-10 data set of Coates, Ng and Lee, "An analysis of single-layer networks in
// unsupervised feature learning" (AISTATS 2011): photographs of 96×96 pixels in ten classes, 5,000 to
// train and 8,000 to test, and 100,000 without labels, of these and other kinds, to pretrain on.
// https://cs.stanford.edu/~acoates/stl10/; the images are from ImageNet, and that page names no licence.
//
//	data.STL10{Unlabelled: true} // to pretrain
//	data.STL10{Fold: 1}          // the first 1,000 of the published folds, to train a classifier
//
// The first use fetches the archive of 2.5 GiB from the author's page into [CacheDir], resuming where an
// earlier try broke off, checks its SHA-256 and unpacks there what is used. What is unpacked is verified
// whenever it is opened. Images are read from the file, each when it is needed.
type STL10 struct {
	// Path is a local folder to read instead of downloading: stl10_binary, which the archive unpacks to.
	// Its files must hold whole images and a label of each; neither how many images there are nor
	// the hashes are checked.
	Path string `recipe:"path"`

	// Unlabelled makes the 100,000 images without labels the training images.
	Unlabelled bool
	// Fold, from 1 to 10, keeps the 1,000 training images of that fold, on which the authors ask for
	// results to be reported: the mean over the folds. Default 0: all 5,000.
	Fold int

	// Size is the side of the square images in pixels, 1 to 4096; they are scaled as ImageFolder does
	// it, whenever one is read. Default 0: as stored, 96.
	Size int

	Train int // at most this many training images, evenly over the classes; default 0: all
	Test  int // at most this many test images, evenly over the classes; default 0: all

	// Validation images are held out of the training images, evenly over the classes and always the
	// same for one number, before Train is applied. Default 0: none, and opening Validation is an error
	// that wraps [ErrNoSplit], since the data set itself has none.
	Validation int
}

const (
	stlSide  = 96
	stlImage = stlSide * stlSide * 3
)

var stlClasses = []string{"airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"}

// stlArchive is the published archive. The hash is the one that TensorFlow Datasets checks for it
// (tensorflow_datasets/url_checksums/stl10.txt).
var stlArchive = Download{
	URL:    "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
	SHA256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
}

// Name returns "stl10", or "stl10-unlabelled".
func (s STL10) Name() string {
	if s.Unlabelled {
		return "stl10-unlabelled"
	}
	return "stl10"
}

// Check returns an error that names the field and the allowed range of a bad setting. It does not look
// at the path.
func (s STL10) Check() error {
	return cmp.Or(
		checkPlanes("data.STL10", s.Size, s.Train, s.Validation, s.Test, "none"),
		setting.Must(s.Fold >= 0 && s.Fold <= 10, "data.STL10: Fold", s.Fold, "from 1 to 10", "all training images"),
		setting.Must(s.Fold == 0 || !s.Unlabelled, "data.STL10: Fold", s.Fold, "0 where Unlabelled is set"))
}

// Open opens the files of a split, downloading the data set where needed.
func (s STL10) Open(split Split) (Set, error) {
	if err := cmp.Or(s.Check(), split.check()); err != nil {
		return nil, err
	}
	if split == Validation && s.Validation == 0 {
		return nil, fmt.Errorf("data: stl10 has no validation images of its own; set Validation to hold some out of the training images: %w", ErrNoSplit)
	}
	part := "train"
	switch {
	case split == Test:
		part = "test"
	case s.Unlabelled:
		part = "unlabeled"
	}
	set, err := s.open(split, part)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s of %s: %w", split, s.Name(), err)
	}
	return set, nil
}

func (s STL10) open(split Split, part string) (Set, error) {
	files := []string{part + "_X.bin"}
	if part != "unlabeled" {
		files = append(files, part+"_y.bin")
	}
	if part == "train" {
		files = append(files, "fold_indices.txt")
	}
	folder := s.Path
	if folder == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		// Each part is unpacked to a folder of its own, so that a test needs no gigabytes of others.
		if folder, err = (cifarFormat{archive: stlArchive, folder: "stl10-" + part, train: files}).cached(cache, os.Stderr); err != nil {
			return nil, err
		}
	}
	images, err := os.Open(filepath.Join(folder, files[0]))
	if err != nil {
		return nil, err
	}
	set := &stlSet{name: s.Name() + "/" + split.String(), size: cmp.Or(s.Size, stlSide), file: images}
	if err := s.choose(set, split, folder, part); err != nil {
		images.Close()
		return nil, err
	}
	return set, nil
}

// choose finds the labels, and which images are of the split.
func (s STL10) choose(set *stlSet, split Split, folder, part string) error {
	info, err := set.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 || info.Size()%stlImage != 0 {
		return fmt.Errorf("%s_X.bin has %d bytes; it must have a multiple of %d: it is cut short or not of STL-10", part, info.Size(), stlImage)
	}
	labels := make([]int, info.Size()/stlImage)
	for i := range labels {
		labels[i] = -1
	}
	if part != "unlabeled" {
		set.classes = stlClasses
		if err := readSTLLabels(filepath.Join(folder, part+"_y.bin"), labels); err != nil {
			return err
		}
	}
	all := limit(labels, 0)
	if s.Fold > 0 && part == "train" {
		if all, err = readFold(filepath.Join(folder, "fold_indices.txt"), s.Fold, len(labels)); err != nil {
			return err
		}
	}
	ofAll := make([]int, len(all))
	for k, i := range all {
		ofAll[k] = labels[i]
	}
	if err := setting.Must(s.Validation < len(all) || split == Test, "data.STL10: Validation", s.Validation,
		fmt.Sprintf("below the %d training images", len(all)), "none"); err != nil {
		return err
	}
	for _, k := range heldOut(ofAll, split, MNIST{Train: s.Train, Validation: s.Validation, Test: s.Test}) {
		set.images, set.labels = append(set.images, all[k]), append(set.labels, ofAll[k])
	}
	return nil
}

// readSTLLabels reads a label from 1 to 10 for each image.
func readSTLLabels(path string, labels []int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, int64(len(labels))+1))
	if err != nil {
		return err
	}
	if len(content) != len(labels) {
		return fmt.Errorf("%s does not hold a label for each of the %d images", filepath.Base(path), len(labels))
	}
	for i, label := range content {
		if label < 1 || int(label) > len(stlClasses) {
			return fmt.Errorf("%s: label %d is %d; it must be from 1 to %d", filepath.Base(path), i, label, len(stlClasses))
		}
		labels[i] = int(label) - 1
	}
	return nil
}

// maxFolds bounds the file of folds: that of STL-10 has 49 KB.
const maxFolds = 1 << 20

// readFold reads the images of a fold, from 1: the indices in that line of the file, from 0.
func readFold(path string, fold, images int) ([]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFolds))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(content), "\n")
	if fold > len(lines) || strings.TrimSpace(lines[fold-1]) == "" {
		return nil, fmt.Errorf("fold_indices.txt has no line %d", fold)
	}
	var indices []int
	seen := map[int]bool{}
	for _, field := range strings.Fields(lines[fold-1]) {
		i, err := strconv.Atoi(field)
		if err != nil || i < 0 || i >= images || seen[i] {
			return nil, fmt.Errorf("fold_indices.txt, line %d: %.20q must be an image of %d, each once", fold, field, images)
		}
		seen[i] = true
		indices = append(indices, i)
	}
	return indices, nil
}

// stlSet reads images from a file of them: one after the other, of each the red, the green and the blue
// values, column after column.
type stlSet struct {
	name    string
	classes []string
	images  []int // in the file
	labels  []int
	size    int
	file    *os.File

	once        sync.Once
	fingerprint string
}

func (s *stlSet) Name() string              { return s.name }
func (s *stlSet) Len() int                  { return len(s.images) }
func (s *stlSet) Size() (height, width int) { return s.size, s.size }
func (s *stlSet) Classes() []string         { return s.classes }
func (s *stlSet) Label(i int) int           { return s.labels[i] }
func (s *stlSet) Close() error              { return s.file.Close() }

func (s *stlSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	columns := make([]uint8, stlImage) // [3, x, y]
	if _, err := s.file.ReadAt(columns, int64(s.images[i])*stlImage); err != nil {
		return fmt.Errorf("data: reading %s, image %d: %w", s.name, i, shorter(err))
	}
	if s.size == stlSide {
		rowsOf(columns, stlSide, pix)
		return nil
	}
	image := planes{height: stlSide, width: stlSide, channels: 3, pix: make([]uint8, stlImage)}
	rowsOf(columns, stlSide, image.pix)
	copy(pix, image.resize(s.size).pix)
	return nil
}

// rowsOf turns an image of [3, x, y] values into one of [y, x, 3].
func rowsOf(columns []uint8, side int, pix []uint8) {
	for c := range 3 {
		for x := range side {
			for y := range side {
				pix[(y*side+x)*3+c] = columns[(c*side+x)*side+y]
			}
		}
	}
}

// Fingerprint reads all images, once.
func (s *stlSet) Fingerprint() string {
	s.once.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "stl10 %d %q %d\n", s.size, s.classes, s.labels)
		record := make([]byte, stlImage)
		for _, i := range s.images {
			if _, err := s.file.ReadAt(record, int64(i)*stlImage); err != nil {
				fmt.Fprint(h, errors.New("unreadable"))
				continue
			}
			h.Write(record)
		}
		s.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return s.fingerprint
}
