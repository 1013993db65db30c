package data

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/kit/setting"
)

// SVHN is the Street View House Numbers of Netzer and others, "Reading digits in natural images with
// unsupervised feature learning" (2011), as cropped digits (format 2): colour images of 32×32 pixels,
// 73,257 to train, 26,032 to test and 531,131 easier ones, in ten classes.
// http://ufldl.stanford.edu/housenumbers/, for non-commercial use only.
//
// The first use of a split fetches its MATLAB file into [CacheDir], of 174 MiB to train, 61 MiB to test
// and 1.2 GiB of easier ones, resuming where an earlier try broke off. Its SHA-256 is checked whenever
// it is opened; a damaged file is fetched anew.
type SVHN struct {
	// Path is a local folder to read instead of downloading. It holds train_32x32.mat, test_32x32.mat
	// and extra_32x32.mat, of which those that are needed have to be there.
	Path string `recipe:"path"`

	// Extra puts the easier images behind the training images. They take 1.6 GB of memory, and more
	// than twice that while the set is opened.
	Extra bool

	// Size is the side of the square images in pixels, 1 to 4096; what is stored in another size is
	// scaled as ImageFolder does it. Default 0: as stored, 32.
	Size int

	Train int // at most this many training images, evenly over the classes; default 0: all
	Test  int // at most this many test images, evenly over the classes; default 0: all

	// Validation images are held out of the training images, evenly over the classes and always the
	// same for one number, before Train is applied. Default 0: none, and opening Validation is an error
	// that wraps [ErrNoSplit], since the data set itself has none.
	Validation int
}

// svhnFiles are the published files. The hashes are those that TensorFlow Datasets checks for the same
// addresses (tensorflow_datasets/url_checksums/svhn_cropped.txt).
var svhnFiles = map[string]Download{
	"train_32x32.mat": {
		URL: "http://ufldl.stanford.edu/housenumbers/train_32x32.mat", SHA256: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
	},
	"test_32x32.mat": {
		URL: "http://ufldl.stanford.edu/housenumbers/test_32x32.mat", SHA256: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
	},
	"extra_32x32.mat": {
		URL: "http://ufldl.stanford.edu/housenumbers/extra_32x32.mat", SHA256: "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3",
	},
}

// Name returns "svhn", or "svhn-extra" with the easier images.
func (s SVHN) Name() string {
	if s.Extra {
		return "svhn-extra"
	}
	return "svhn"
}

// Check returns an error that names the field and the allowed range of a bad setting. It does not look
// at the path.
func (s SVHN) Check() error {
	return checkPlanes("data.SVHN", s.Size, s.Train, s.Validation, s.Test, "none")
}

// Open reads one split into memory, downloading the data set where needed. An image takes 3 Size² bytes.
func (s SVHN) Open(split Split) (Set, error) {
	if err := cmp.Or(s.Check(), split.check()); err != nil {
		return nil, err
	}
	if split == Validation && s.Validation == 0 {
		return nil, fmt.Errorf("data: svhn has no validation images of its own; set Validation to hold some out of the training images: %w", ErrNoSplit)
	}
	set, err := s.read(split)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s of %s: %w", split, s.Name(), err)
	}
	return set, nil
}

func (s SVHN) read(split Split) (Set, error) {
	files := []string{"train_32x32.mat"}
	switch {
	case split == Test:
		files = []string{"test_32x32.mat"}
	case s.Extra:
		files = append(files, "extra_32x32.mat")
	}
	folder := s.Path
	if folder == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		folder = filepath.Join(cache, "svhn")
		for _, name := range files {
			if err := svhnFiles[name].To(filepath.Join(folder, name), os.Stderr); err != nil {
				return nil, err
			}
		}
	}
	stored := planes{height: 32, width: 32, channels: 3}
	var labels []int
	for _, name := range files {
		pix, of, err := readSVHN(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		stored.pix, labels = append(stored.pix, pix...), append(labels, of...)
	}
	if err := setting.Must(s.Validation < len(labels) || split == Test, "data.SVHN: Validation", s.Validation,
		fmt.Sprintf("below the %d training images", len(labels)), "none"); err != nil {
		return nil, err
	}
	chosen := heldOut(labels, split, MNIST{Train: s.Train, Validation: s.Validation, Test: s.Test})
	set := &planesSet{name: s.Name() + "/" + split.String(), classes: mnistFormat.classes, planes: stored.choose(chosen).resize(s.Size)}
	for _, i := range chosen {
		set.labels = append(set.labels, labels[i])
	}
	return set, nil
}

// readSVHN reads the images of a file, [n, 32, 32, 3], and their digits.
func readSVHN(path string) (pix []uint8, labels []int, err error) {
	arrays, err := readMAT(path, "X", "y")
	if err != nil {
		return nil, nil, err
	}
	x, y := arrays["X"], arrays["y"]
	if len(x.shape) != 4 || x.shape[0] != 32 || x.shape[1] != 32 || x.shape[2] != 3 || len(x.values) == 0 {
		return nil, nil, fmt.Errorf("X has the shape %v; it must be [32, 32, 3, n]", x.shape)
	}
	if n := x.shape[3]; len(y.values) != n {
		return nil, nil, fmt.Errorf("it holds %d images and %d labels", n, len(y.values))
	}
	labels = make([]int, len(y.values))
	for i, label := range y.values {
		if label < 1 || label > 10 {
			return nil, nil, fmt.Errorf("label %d is %d; it must be from 1 to 10", i, label)
		}
		labels[i] = int(label) % 10 // 10 is the digit 0.
	}
	// In MATLAB the first index changes fastest: an image is [3, x, y] in C's order.
	pix = make([]uint8, len(x.values))
	const image = 32 * 32 * 3
	for i := range labels {
		rowsOf(x.values[i*image:(i+1)*image], 32, pix[i*image:(i+1)*image])
	}
	return pix, labels, nil
}
