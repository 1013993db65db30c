package data

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"sslkit/kit/setting"
)

// CIFAR10 is the CIFAR-10 data set of Krizhevsky, "Learning multiple layers of
// features from tiny images" (2009): 60,000 photographs of 32×32 pixels in ten
// classes, 50,000 to train and 10,000 to test.
//
// The first use fetches the 162 MiB binary archive from the author's page into
// [CacheDir], resuming where an earlier try broke off, checks its SHA-256 and
// unpacks it there. What is unpacked is verified whenever it is opened, and
// unpacked anew where it is damaged.
type CIFAR10 struct {
	// Path is a local copy to read instead of downloading: the archive
	// cifar-10-binary.tar.gz, or the folder that it unpacks to. A folder opens
	// faster. It is checked for its layout and length, not for its hash.
	Path string `recipe:"path"`

	Train int // at most this many training images, evenly over the classes; default 0: all
	Test  int // at most this many test images, evenly over the classes; default 0: all

	// Validation images are held out of the training images, evenly over the
	// classes and always the same for one number, before Train is applied.
	// Default 0: none, and opening Validation is an error that wraps
	// [ErrNoSplit], since the data set itself has none.
	Validation int
}

// CIFAR100 is the CIFAR-100 data set, as [CIFAR10] but with 100 classes in 20
// superclasses; the archive is cifar-100-binary.tar.gz, of 161 MiB.
type CIFAR100 struct {
	Path       string `recipe:"path"` // a local archive or folder, as in CIFAR10
	Train      int    // limit, as in CIFAR10
	Test       int    // limit, as in CIFAR10
	Validation int    // held out, as in CIFAR10
	Coarse     bool   // label images by the 20 superclasses; default: by the 100 classes
}

// Name returns "cifar10".
func (c CIFAR10) Name() string { return "cifar10" }

// Name returns "cifar100", or "cifar100-coarse" with the superclasses.
func (c CIFAR100) Name() string {
	if c.Coarse {
		return "cifar100-coarse"
	}
	return "cifar100"
}

// Open reads one split into memory, downloading the data set where needed. An
// image takes 3 KiB.
func (c CIFAR10) Open(split Split) (Set, error) {
	return cifar10Format.open(c.Name(), c.Path, split, cifarCounts{c.Train, c.Validation, c.Test})
}

// Open reads one split into memory, downloading the data set where needed. An
// image takes 3 KiB.
func (c CIFAR100) Open(split Split) (Set, error) {
	format := cifar100Format
	if c.Coarse {
		format.label, format.classes = 0, cifar100Superclasses
	}
	return format.open(c.Name(), c.Path, split, cifarCounts{c.Train, c.Validation, c.Test})
}

// cifarFormat is what differs between the two archives. A record is the label
// bytes, then 1024 red, 1024 green and 1024 blue values, row by row.
type cifarFormat struct {
	archive Download
	folder  string // inside the archive
	train   []string
	test    []string
	labels  int // label bytes in a record
	label   int // which of them is meant
	classes []string
}

// The hashes are those that other libraries check for the files of
// https://www.cs.toronto.edu/~kriz/cifar.html (GoMLX's examples/cifar/cifar.go,
// Red Datasets' lib/datasets/cifar.rb).
var (
	cifar10Format = cifarFormat{
		archive: Download{
			URL:    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
			SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
		},
		folder:  "cifar-10-batches-bin",
		train:   []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
		test:    []string{"test_batch.bin"},
		labels:  1,
		classes: []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
	}
	cifar100Format = cifarFormat{
		archive: Download{
			URL:    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
			SHA256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
		},
		folder:  "cifar-100-binary",
		train:   []string{"train.bin"},
		test:    []string{"test.bin"},
		labels:  2,
		label:   1,
		classes: cifar100Classes,
	}
)

const cifarPixels = 32 * 32 * 3

type cifarCounts struct{ train, validation, test int }

func (f cifarFormat) open(name, local string, split Split, counts cifarCounts) (Set, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	if err := checkCounts("data."+strings.ToUpper(name), counts.train, counts.validation, counts.test, "none"); err != nil {
		return nil, err
	}
	if split == Validation && counts.validation == 0 {
		return nil, fmt.Errorf("data: %s has no validation images of its own; set Validation to hold some out of the training images: %w", name, ErrNoSplit)
	}
	if local == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		if local, err = f.cached(cache, os.Stderr); err != nil {
			return nil, err
		}
	}
	files := f.train
	if split == Test {
		files = f.test
	}
	raw, err := f.read(local, files)
	if err != nil {
		return nil, fmt.Errorf("data: reading %s: %w", name, err)
	}
	return f.set(name, raw, split, counts)
}

// set chooses a split's records out of those of its files.
func (f cifarFormat) set(name string, raw []byte, split Split, counts cifarCounts) (Set, error) {
	record := f.labels + cifarPixels
	labels := make([]int, len(raw)/record)
	for i := range labels {
		labels[i] = int(raw[i*record+f.label])
		if labels[i] >= len(f.classes) {
			return nil, fmt.Errorf("data: reading %s: record %d has label %d of %d classes: not a CIFAR file", name, i, labels[i], len(f.classes))
		}
	}
	if err := setting.Must(counts.validation < len(labels) || split == Test, "data."+strings.ToUpper(name)+": Validation",
		counts.validation, fmt.Sprintf("below the %d training images", len(labels)), "none"); err != nil {
		return nil, err
	}

	var chosen []int
	switch split {
	case Test:
		chosen = limit(labels, counts.test)
	case Validation:
		chosen = limit(labels, counts.validation)
	case Train:
		var rest []int
		if counts.validation > 0 {
			rest = complement(limit(labels, counts.validation), len(labels))
		} else {
			rest = limit(labels, 0)
		}
		restLabels := make([]int, len(rest))
		for k, i := range rest {
			restLabels[k] = labels[i]
		}
		for _, k := range limit(restLabels, counts.train) {
			chosen = append(chosen, rest[k])
		}
	}
	s := &cifarSet{name: name + "/" + split.String(), classes: f.classes, record: record, skip: f.labels}
	for _, i := range chosen {
		s.labels = append(s.labels, labels[i])
	}
	s.raw = raw
	if len(chosen) < len(labels) {
		s.raw = make([]byte, 0, len(chosen)*record) // lets go of the rest
		for _, i := range chosen {
			s.raw = append(s.raw, raw[i*record:(i+1)*record]...)
		}
	}
	return s, nil
}

// complement is what a sorted list leaves out of 0..n-1.
func complement(indices []int, n int) []int {
	rest := make([]int, 0, n-len(indices))
	for i := range n {
		if len(indices) > 0 && indices[0] == i {
			indices = indices[1:]
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

// read returns the content of the given files, one after the other, out of a
// folder or an archive.
func (f cifarFormat) read(local string, files []string) ([]byte, error) {
	info, err := os.Stat(local)
	if err != nil {
		return nil, err
	}
	parts := map[string][]byte{}
	if info.IsDir() {
		folder := local
		if _, err := os.Stat(filepath.Join(folder, files[0])); err != nil {
			folder = filepath.Join(local, f.folder)
		}
		for _, name := range files {
			if parts[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
				return nil, err
			}
		}
	} else {
		left := room(min(int64(f.labels+cifarPixels)*1_000_000, maxRatio*info.Size()))
		err := f.stream(local, files, func(name string, content io.Reader, size int64) error {
			if err := left.take(uint64(size)); err != nil {
				return fmt.Errorf("%w: not a CIFAR file", err)
			}
			part := make([]byte, size)
			if _, err := io.ReadFull(content, part); err != nil {
				return err
			}
			parts[name] = part
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var raw []byte
	total := 0
	for _, name := range files {
		total += len(parts[name])
	}
	raw = make([]byte, 0, total)
	for _, name := range files {
		if n := len(parts[name]); n == 0 || n%(f.labels+cifarPixels) != 0 {
			return nil, fmt.Errorf("%s: %s has %d bytes; it must have a multiple of %d: it is cut short or not a CIFAR file", local, name, n, f.labels+cifarPixels)
		}
		raw = append(raw, parts[name]...)
	}
	return raw, nil
}

// stream hands over the given files of a .tar.gz as they come by. All of them
// have to be there.
func (f cifarFormat) stream(archive string, files []string, each func(name string, content io.Reader, size int64) error) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s is not a .tar.gz archive: %w", archive, err)
	}
	missing := map[string]bool{}
	for _, name := range files {
		missing[name] = true
	}
	for r := tar.NewReader(unzipped); len(missing) > 0; {
		header, err := r.Next()
		if err == io.EOF {
			for _, name := range files {
				if missing[name] {
					return fmt.Errorf("%s holds no file %s", archive, name)
				}
			}
		}
		if err != nil {
			return fmt.Errorf("%s is damaged: %w", archive, err)
		}
		// Only the known base names are ever used: no entry can climb out.
		name := path.Base(header.Name)
		if header.Typeflag != tar.TypeReg || !missing[name] {
			continue
		}
		if err := each(name, r, header.Size); err != nil {
			return fmt.Errorf("%s, file %s: %w", archive, name, err)
		}
		delete(missing, name)
	}
	return nil
}

// cifarSet keeps records as they are in the file; reading interleaves the
// planes, which takes about a microsecond.
type cifarSet struct {
	name         string
	classes      []string
	labels       []int
	raw          []byte
	record, skip int

	once        sync.Once
	fingerprint string
}

func (s *cifarSet) Name() string              { return s.name }
func (s *cifarSet) Len() int                  { return len(s.labels) }
func (s *cifarSet) Size() (height, width int) { return 32, 32 }
func (s *cifarSet) Classes() []string         { return s.classes }
func (s *cifarSet) Label(i int) int           { return s.labels[i] }
func (s *cifarSet) Close() error              { return nil }

func (s *cifarSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	planes := s.raw[i*s.record+s.skip : (i+1)*s.record]
	red, green, blue := planes[:1024], planes[1024:2048], planes[2048:3072]
	for k := range red {
		pix[3*k], pix[3*k+1], pix[3*k+2] = red[k], green[k], blue[k]
	}
	return nil
}

func (s *cifarSet) Fingerprint() string {
	s.once.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "cifar %q\n", s.classes)
		h.Write(s.raw)
		s.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return s.fingerprint
}
