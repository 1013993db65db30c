package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
)

// memoryStore is the images of a split in memory.
type memoryStore []byte

func (m memoryStore) ReadAt(p []byte, at int64) (int, error) {
	if n := copy(p, m[at:]); n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

func (m memoryStore) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

// pixelIndex says which images there are, and where. Raw pixels are in slots of one
// size, JPEGs one behind the other.
type pixelIndex struct {
	Key         string // of the tree and settings, see ImageFolder.cacheFile
	Size        int
	Quality     int `json:",omitempty"` // of JPEGs; 0: raw pixels
	Total       int // slots, some of which bad images left empty
	Classes     []string
	Paths       []string // of the images, sorted
	Labels      []int
	Slots       []int         `json:",omitempty"` // of raw pixels, ascending
	Bytes       int64         `json:",omitempty"` // of all JPEGs
	Offsets     []int64       `json:",omitempty"` // of each JPEG, in bytes
	Lengths     []int         `json:",omitempty"` // of each JPEG, in bytes
	Sizes       []image.Point `json:",omitempty"` // of each image before it was made square, upright, where that is asked for
	Hashes      []byte        // the SHA-256 of each image as it is kept, one behind the other
	Skipped     []Skipped
	Ignored     Listed
	NotFollowed Listed
	Fingerprint string
}

// bytes is the length of all images as they are kept.
func (x *pixelIndex) bytes() int64 {
	if x.Quality > 0 {
		return x.Bytes
	}
	return int64(x.Total) * int64(x.Size*x.Size*3)
}

// place is where image i is kept.
func (x *pixelIndex) place(i int) (at int64, length int) {
	if x.Quality > 0 {
		return x.Offsets[i], x.Lengths[i]
	}
	length = x.Size * x.Size * 3
	return int64(x.Slots[i]) * int64(length), length
}

// verify checks image i as it is kept.
func (x *pixelIndex) verify(i int, stored []byte) error {
	if sum := sha256.Sum256(stored); !bytes.Equal(sum[:], x.Hashes[i*sha256.Size:(i+1)*sha256.Size]) {
		return fmt.Errorf("the pixels of %s do not have their SHA-256", x.Paths[i])
	}
	return nil
}

// pixelCache is the file that decoded images are kept in: the images, the index
// as JSON, then a footer of the index's length, its SHA-256 and a magic number.
type pixelCache struct {
	path   string
	prefix string // of the base name: shared by the states of one tree
	key    string

	size, quality int  // of the images; quality is 0 for raw pixels
	sized         bool // the index tells the size that each image had
}

const (
	cacheEnding = ".pix"
	// pixelMagic holds the version. It changes with the file's layout, and where
	// decoding gives other pixels.
	pixelMagic  = "sslpix3\n"
	pixelFooter = 8 + sha256.Size + len(pixelMagic)
)

var (
	errDamagedCache = errors.New("is damaged")
	errOtherCache   = errors.New("is of another version, or of other images")
)

// openPixels opens a cache file, into memory where it fits. What it finds
// damaged is an error that wraps errDamagedCache.
func openPixels(c pixelCache, memory int64) (*FolderSet, error) {
	f, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	set, err := c.open(f, memory)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s %w", c.path, err)
	}
	return set, nil
}

func (c pixelCache) open(f *os.File, memory int64) (*FolderSet, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	index, err := c.readIndex(f, info.Size())
	if err != nil {
		return nil, err
	}
	if index.bytes() > memory {
		return &FolderSet{index: index, pixels: f}, nil
	}
	defer f.Close()
	store := make(memoryStore, index.bytes())
	if _, err := f.ReadAt(store, 0); err != nil {
		return nil, err
	}
	err = parallel(len(index.Paths), func(i int) error {
		at, length := index.place(i)
		return index.verify(i, store[at:at+int64(length)])
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamagedCache, err)
	}
	return &FolderSet{index: index, pixels: store}, nil
}

// warn says on w why images are decoded although there is a cache: err is what
// openPixels returned. That it is of another version needs no words.
func (c pixelCache) warn(w io.Writer, err error) {
	if errors.Is(err, errDamagedCache) {
		fmt.Fprintf(w, "data: %v; decoding anew\n", err)
	}
}

// readIndex reads the index of a file of size bytes, and checks all of it.
func (c pixelCache) readIndex(f io.ReaderAt, size int64) (*pixelIndex, error) {
	damaged := func(why string) (*pixelIndex, error) { return nil, fmt.Errorf("%w: %s", errDamagedCache, why) }
	footer := make([]byte, pixelFooter)
	if size < int64(len(footer)) {
		return damaged("it is cut short")
	}
	if _, err := f.ReadAt(footer, size-int64(len(footer))); err != nil {
		return nil, err
	}
	length, sum, magic := binary.LittleEndian.Uint64(footer), footer[8:8+sha256.Size], footer[8+sha256.Size:]
	if !bytes.Equal(magic, []byte(pixelMagic)) {
		if version := len("sslpix"); bytes.Equal(magic[:version], []byte(pixelMagic[:version])) {
			return nil, errOtherCache
		}
		return damaged("its last bytes are not those of a cache: it is cut short")
	}
	if length > uint64(size)-uint64(len(footer)) {
		return damaged(fmt.Sprintf("its index claims %d bytes in a file of %d", length, size))
	}
	start := size - int64(len(footer)) - int64(length)
	text := make([]byte, length)
	if _, err := f.ReadAt(text, start); err != nil {
		return nil, err
	}
	if got := sha256.Sum256(text); !bytes.Equal(got[:], sum) {
		return damaged("its index does not have its SHA-256")
	}
	var index pixelIndex
	if err := json.Unmarshal(text, &index); err != nil {
		return damaged(err.Error())
	}
	if index.Key != c.key || index.Size != c.size || index.Quality != c.quality {
		return nil, errOtherCache
	}
	if !index.fits(start) || c.sized != (len(index.Sizes) > 0) {
		return damaged("its index does not fit its images")
	}
	if !index.inRange() {
		return damaged("a number in its index is out of range")
	}
	return &index, nil
}

// fits tells whether an index speaks of as many images everywhere, and of as many
// bytes as there are.
func (x *pixelIndex) fits(length int64) bool {
	n := len(x.Paths)
	if len(x.Labels) != n || len(x.Hashes) != n*sha256.Size || (len(x.Sizes) != n && len(x.Sizes) > 0) {
		return false
	}
	if x.Quality > 0 {
		return len(x.Offsets) == n && len(x.Lengths) == n && x.Bytes == length
	}
	slot := int64(x.Size * x.Size * 3)
	return len(x.Slots) == n && length%slot == 0 && int64(x.Total) == length/slot
}

// inRange tells whether every image has a place and a class.
func (x *pixelIndex) inRange() bool {
	for _, size := range x.Sizes {
		if size.X < 1 || size.Y < 1 {
			return false
		}
	}
	last := -1
	for i, label := range x.Labels {
		if label < -1 || label >= len(x.Classes) {
			return false
		}
		if x.Quality > 0 {
			if at, length := x.Offsets[i], int64(x.Lengths[i]); length < 1 || length > x.Bytes || at < 0 || at > x.Bytes-length {
				return false
			}
			continue
		}
		if x.Slots[i] <= last || x.Slots[i] >= x.Total {
			return false
		}
		last = x.Slots[i]
	}
	return true
}

// save completes a part file, with the images where they are not in it yet, and
// renames it. Caches of earlier states of the same tree are removed.
func (c pixelCache) save(part *partFile, index *pixelIndex, images memoryStore) error {
	if images != nil {
		if err := part.Truncate(0); err != nil {
			return err
		}
		if _, err := part.WriteAt(images, 0); err != nil {
			return err
		}
	}
	text, err := json.Marshal(index)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	text = binary.LittleEndian.AppendUint64(text, uint64(len(text)))
	text = append(append(text, sum[:]...), pixelMagic...)
	if _, err := part.WriteAt(text, index.bytes()); err != nil {
		return err
	}
	if err := part.become(); err != nil {
		return err
	}
	siblings, err := os.ReadDir(filepath.Dir(c.path))
	if err != nil {
		return nil // the cache itself is written
	}
	for _, sibling := range siblings {
		if name := sibling.Name(); name != filepath.Base(c.path) && len(name) == len(filepath.Base(c.path)) && name[:len(c.prefix)] == c.prefix {
			os.Remove(filepath.Join(filepath.Dir(c.path), name))
		}
	}
	return nil
}
