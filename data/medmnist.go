package data

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// MedMNIST is a data set of the MedMNIST collection of Yang and others,
// "MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical
// image classification" (Scientific Data 2023, arXiv:2110.14795), or any other
// file of that layout: a NumPy .npz with the uint8 arrays train_images, of
// shape [n, height, width] (grey) or [n, height, width, 3] (RGB), and
// train_labels, [n, 1], and the same for val and test, which are the splits.
// Grey images are read as RGB of equal channels.
//
// Sets with several labels an image (chestmnist) and volumes (those whose name
// ends in 3d) are errors.
//
//	data.MedMNIST{Dataset: "pneumoniamnist", Size: 32}
type MedMNIST struct {
	// Dataset is the name in the collection, such as "pneumoniamnist", which tells
	// the names of the classes; those of an unknown set are "0", "1" and so on.
	// Default: the base name of Path without .npz, and without the size in it
	// (_64, _128, _224).
	Dataset string

	// Path is the local file. Default: the official file of Dataset with images
	// of 28×28, fetched into [CacheDir], resuming where an earlier try broke off.
	// Its SHA-256 is checked whenever it is opened, and a damaged file fetched
	// anew. That is known for pneumoniamnist only (4 MiB): for other sets, Path
	// has to be set.
	Path string `recipe:"path"`

	// Size is the side of the square images in pixels, 1 to 4096; what is
	// stored in another size is scaled as ImageFolder does it. Default 0: as
	// stored.
	Size int

	Train      int // at most this many training images, evenly over the classes; default 0: all
	Validation int // at most this many validation images, evenly over the classes; default 0: all
	Test       int // at most this many test images, evenly over the classes; default 0: all
}

// medMNISTFiles are the official files whose hash is known. It is the one that
// TensorFlow Datasets checks for the same address
// (tensorflow_datasets/datasets/pneumonia_mnist/checksums.tsv).
var medMNISTFiles = map[string]Download{
	"pneumoniamnist": {
		URL:    "https://zenodo.org/records/10519652/files/pneumoniamnist.npz",
		SHA256: "e1792d3f03751cb101e99f19a63b3c1941436c988665f47853417b05be250cd8",
	},
}

// Name returns Dataset or its default.
func (m MedMNIST) Name() string { return m.WithDefaults().Dataset }

// WithDefaults fills in the settings that were left at zero.
func (m MedMNIST) WithDefaults() MedMNIST {
	if m.Dataset == "" && m.Path != "" {
		name := strings.TrimSuffix(filepath.Base(filepath.Clean(m.Path)), ".npz")
		for _, size := range []string{"_64", "_128", "_224"} {
			name = strings.TrimSuffix(name, size)
		}
		m.Dataset = name
	}
	return m
}

// Check returns an error that names the field and the allowed range of a bad
// setting. It does not look at the path.
func (m MedMNIST) Check() error {
	if m.Path == "" {
		switch _, known := medMNISTFiles[m.Dataset]; {
		case m.Dataset == "":
			return errors.New("data.MedMNIST: Dataset and Path are missing; give a local .npz file as Path, or \"pneumoniamnist\" as Dataset")
		case !known:
			return fmt.Errorf("data.MedMNIST: Path is missing; it must be a local .npz file, since only pneumoniamnist is downloaded, not Dataset %q",
				m.Dataset)
		}
	}
	return checkPlanes("data.MedMNIST", m.Size, m.Train, m.Validation, m.Test, "all")
}

// Open reads one split into memory, downloading the data set where needed. An
// image takes Size² bytes, three times that in colour. A split whose arrays are
// not in the file is an error that wraps [ErrNoSplit].
func (m MedMNIST) Open(split Split) (Set, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	m = m.WithDefaults()
	if m.Path == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		file := medMNISTFiles[m.Dataset]
		m.Path = filepath.Join(cache, path.Base(file.URL))
		if err := file.To(m.Path, os.Stderr); err != nil {
			return nil, err
		}
	}
	set, err := m.read(split)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s of %s: %w", split, m.Dataset, err)
	}
	return set, nil
}

// medMNISTSplits are the splits' names in the file.
var medMNISTSplits = [...]string{"train", "val", "test"}

func (m MedMNIST) read(split Split) (Set, error) {
	file, err := openNPZ(m.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	part := medMNISTSplits[split]
	if !file.has(part+"_images") && !file.has(part+"_labels") {
		return nil, fmt.Errorf("%s has no array %s_images: %w", m.Path, part, ErrNoSplit)
	}
	labels, err := readMedMNISTLabels(file, part)
	if err != nil {
		return nil, err
	}
	classes, err := m.classes(file)
	if err != nil {
		return nil, err
	}
	for i, label := range labels {
		if label >= len(classes) {
			return nil, fmt.Errorf("%s, array %s_labels: label %d is %d; it must be less than the %d classes of %s",
				m.Path, part, i, label, len(classes), m.Dataset)
		}
	}
	stored, err := readMedMNISTImages(file, part)
	if err != nil {
		return nil, err
	}
	if n := len(stored.pix) / stored.bytes(); n != len(labels) {
		return nil, fmt.Errorf("%s holds %d images in %s_images and %d labels in %s_labels; there must be as many of both",
			m.Path, n, part, len(labels), part)
	}
	chosen := limit(labels, [...]int{m.Train, m.Validation, m.Test}[split])
	s := &planesSet{name: m.Dataset + "/" + split.String(), classes: classes, planes: stored.choose(chosen).resize(m.Size)}
	for _, i := range chosen {
		s.labels = append(s.labels, labels[i])
	}
	return s, nil
}

// readMedMNISTImages reads the images of a split.
func readMedMNISTImages(file npzFile, part string) (planes, error) {
	pix, shape, err := file.bytes(part + "_images")
	if err != nil {
		return planes{}, err
	}
	p := planes{channels: 1, pix: pix}
	switch {
	case len(shape) == 4 && shape[3] == 3:
		p.channels = 3
	case len(shape) == 4:
		return planes{}, fmt.Errorf("%s, array %s_images has shape %v: volumes are not read; it must be [n, height, width(, 3)]",
			file.path, part, shape)
	case len(shape) != 3:
		return planes{}, fmt.Errorf("%s, array %s_images has shape %v; it must be [n, height, width] or [n, height, width, 3]",
			file.path, part, shape)
	}
	p.height, p.width = shape[1], shape[2]
	if len(pix) == 0 {
		return planes{}, fmt.Errorf("%s, array %s_images has shape %v: there are no images", file.path, part, shape)
	}
	return p, nil
}

// readMedMNISTLabels reads the labels of a split, one an image.
func readMedMNISTLabels(file npzFile, part string) ([]int, error) {
	values, shape, err := file.bytes(part + "_labels")
	if err != nil {
		return nil, err
	}
	if len(shape) == 2 && shape[1] > 1 {
		return nil, fmt.Errorf("%s, array %s_labels has shape %v: it is a multi-label set, with %d labels an image; its shape must be [n, 1]",
			file.path, part, shape, shape[1])
	}
	if len(shape) != 1 && !(len(shape) == 2 && shape[1] == 1) {
		return nil, fmt.Errorf("%s, array %s_labels has shape %v; it must be [n, 1]", file.path, part, shape)
	}
	labels := make([]int, len(values))
	for i, v := range values {
		labels[i] = int(v)
	}
	return labels, nil
}

// classes are the known names, or numbers up to the highest label of any split:
// all splits of a file have the same classes.
func (m MedMNIST) classes(file npzFile) ([]string, error) {
	if names, known := medMNISTClasses[m.Dataset]; known {
		return names, nil
	}
	highest := 0
	for _, part := range medMNISTSplits {
		if !file.has(part + "_labels") {
			continue
		}
		labels, err := readMedMNISTLabels(file, part)
		if err != nil {
			return nil, err
		}
		if len(labels) > 0 {
			highest = max(highest, slices.Max(labels))
		}
	}
	names := make([]string, highest+1)
	for class := range names {
		names[class] = strconv.Itoa(class)
	}
	return names, nil
}
