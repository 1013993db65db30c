package data

import (
	"fmt"
	"os"
	"path/filepath"
)

// MNIST is the MNIST data set of LeCun, Bottou, Bengio and Haffner,
// "Gradient-based learning applied to document recognition" (1998): 70,000 grey
// images of handwritten digits, 28×28 pixels, 60,000 to train and 10,000 to
// test. They are read as RGB of equal channels.
//
// The first use of a split fetches its two files, 11 MiB for both splits, from a
// mirror into [CacheDir], resuming where an earlier try broke off. Their SHA-256
// is checked whenever they are opened; a damaged file is fetched anew.
type MNIST struct {
	// Path is a local folder to read instead of downloading. It holds
	// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte
	// and t10k-labels-idx1-ubyte, each as it is or with .gz, and with a point
	// or a hyphen before idx.
	Path string `recipe:"path"`

	// Size is the side of the square images in pixels, 1 to 4096; what is
	// stored in another size is scaled as ImageFolder does it. Default 0: as
	// stored, 28.
	Size int

	Train int // at most this many training images, evenly over the classes; default 0: all
	Test  int // at most this many test images, evenly over the classes; default 0: all

	// Validation images are held out of the training images, evenly over the
	// classes and always the same for one number, before Train is applied.
	// Default 0: none, and opening Validation is an error that wraps
	// [ErrNoSplit], since the data set itself has none.
	Validation int
}

// FashionMNIST is the Fashion-MNIST data set of Xiao, Rasul and Vollgraf
// (arXiv:1708.07747): photographs of clothes in the sizes, numbers and files of
// [MNIST], 30 MiB.
type FashionMNIST struct {
	Path       string `recipe:"path"` // a local folder, as in MNIST
	Size       int    // side in pixels, as in MNIST
	Train      int    // limit, as in MNIST
	Test       int    // limit, as in MNIST
	Validation int    // held out, as in MNIST
}

// Name returns "mnist".
func (m MNIST) Name() string { return "mnist" }

// Name returns "fashion-mnist".
func (m FashionMNIST) Name() string { return "fashion-mnist" }

// Check returns an error that names the field and the allowed range of a bad
// setting. It does not look at the path.
func (m MNIST) Check() error {
	return checkPlanes("data.MNIST", m.Size, m.Train, m.Validation, m.Test, "none")
}

// Check returns an error that names the field and the allowed range of a bad
// setting. It does not look at the path.
func (m FashionMNIST) Check() error {
	return checkPlanes("data.FashionMNIST", m.Size, m.Train, m.Validation, m.Test, "none")
}

// Open reads one split into memory, downloading the data set where needed. An
// image takes Size² bytes.
func (m MNIST) Open(split Split) (Set, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return mnistFormat.open(m.Name(), m.Path, split, m)
}

// Open reads one split into memory, downloading the data set where needed. An
// image takes Size² bytes.
func (m FashionMNIST) Open(split Split) (Set, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return fashionFormat.open(m.Name(), m.Path, split, MNIST(m))
}

// idxFormat is what differs between the two data sets: where the four files
// come from, and the classes.
type idxFormat struct {
	base    string            // address of the folder
	sha256  map[string]string // hex, by file name
	classes []string
}

// The hashes are those that TensorFlow Datasets checks for the same addresses
// (tensorflow_datasets/url_checksums/mnist.txt, fashion_mnist.txt).
var (
	mnistFormat = idxFormat{
		base: "https://storage.googleapis.com/cvdf-datasets/mnist/",
		sha256: map[string]string{
			"train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
			"train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
			"t10k-images-idx3-ubyte.gz":  "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
			"t10k-labels-idx1-ubyte.gz":  "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
		},
		classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	}
	fashionFormat = idxFormat{
		base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		sha256: map[string]string{
			"train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
			"train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
			"t10k-images-idx3-ubyte.gz":  "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
			"t10k-labels-idx1-ubyte.gz":  "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
		},
		classes: []string{"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"},
	}
)

func (f idxFormat) open(name, local string, split Split, m MNIST) (Set, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	if split == Validation && m.Validation == 0 {
		return nil, fmt.Errorf(
			"data: %s has no validation images of its own; set Validation to hold some out of the training images: %w", name, ErrNoSplit)
	}
	stem := "train"
	if split == Test {
		stem = "t10k"
	}
	if local == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		local = filepath.Join(cache, name) // both data sets have the same file names
		for _, part := range []string{"-images-idx3-ubyte.gz", "-labels-idx1-ubyte.gz"} {
			file := stem + part
			if err := (Download{URL: f.base + file, SHA256: f.sha256[file]}).To(filepath.Join(local, file), os.Stderr); err != nil {
				return nil, err
			}
		}
	}
	images, err := readIDX(local, stem+"-images", 3)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s: %w", name, err)
	}
	classes, err := readIDX(local, stem+"-labels", 1)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s: %w", name, err)
	}
	if images.shape[0] != classes.shape[0] {
		return nil, fmt.Errorf("data: reading %s: %s holds %d images and %s %d labels; there must be as many of both",
			name, images.path, images.shape[0], classes.path, classes.shape[0])
	}
	labels := make([]int, len(classes.values))
	for i, class := range classes.values {
		if int(class) >= len(f.classes) {
			return nil, fmt.Errorf("data: reading %s: %s: label %d is %d of %d classes", name, classes.path, i, class, len(f.classes))
		}
		labels[i] = int(class)
	}
	if m.Validation >= len(labels) && split != Test {
		return nil, fmt.Errorf("data: %s: Validation is %d; it must be below the %d training images (0 means none)", name,
			m.Validation, len(labels))
	}

	stored := planes{height: images.shape[1], width: images.shape[2], channels: 1, pix: images.values}
	chosen := heldOut(labels, split, m)
	s := &planesSet{name: name + "/" + split.String(), classes: f.classes, planes: stored.choose(chosen).resize(m.Size)}
	for _, i := range chosen {
		s.labels = append(s.labels, labels[i])
	}
	return s, nil
}

// heldOut chooses a split's images out of those of its file.
func heldOut(labels []int, split Split, m MNIST) []int {
	switch {
	case split == Test:
		return limit(labels, m.Test)
	case split == Validation:
		return limit(labels, m.Validation)
	case m.Validation == 0:
		return limit(labels, m.Train)
	}
	rest := complement(limit(labels, m.Validation), len(labels))
	restLabels := make([]int, len(rest))
	for k, i := range rest {
		restLabels[k] = labels[i]
	}
	var chosen []int
	for _, k := range limit(restLabels, m.Train) {
		chosen = append(chosen, rest[k])
	}
	return chosen
}
