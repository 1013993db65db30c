package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// pixelStore holds decoded images in slots of one size: memory or a file.
type pixelStore interface {
	io.ReaderAt
	io.WriterAt
}

// memoryStore is a pixelStore of fixed length.
type memoryStore []byte

func (m memoryStore) ReadAt(p []byte, at int64) (int, error) {
	if n := copy(p, m[at:]); n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

func (m memoryStore) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

// pixelIndex says what is in the slots.
type pixelIndex struct {
	Key         string // of the tree and settings, see ImageFolder.cacheFile
	Size        int
	Total       int // slots, some of which bad images left empty
	Classes     []string
	Paths       []string // of the images, sorted
	Labels      []int
	Slots       []int  // ascending
	Hashes      []byte // the SHA-256 of each image's pixels, one behind the other
	Skipped     []Skipped
	Ignored     Listed
	NotFollowed Listed
	Fingerprint string
}

// verify checks the pixels of image i.
func (x *pixelIndex) verify(i int, pix []byte) error {
	if sum := sha256.Sum256(pix); !bytes.Equal(sum[:], x.Hashes[i*sha256.Size:(i+1)*sha256.Size]) {
		return fmt.Errorf("the pixels of %s do not have their SHA-256", x.Paths[i])
	}
	return nil
}

// pixelCache is the file that decoded images are kept in: the slots, the index
// as JSON, then a footer of the index's length, its SHA-256 and a magic number.
type pixelCache struct {
	path   string
	prefix string // of the base name: shared by the states of one tree
	key    string
	size   int
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
	slot := c.size * c.size * 3
	if int64(index.Total) > memory/int64(slot) {
		return &FolderSet{index: index, pixels: &pixelFile{f, index}}, nil
	}
	defer f.Close()
	store := make(memoryStore, index.Total*slot)
	if _, err := f.ReadAt(store, 0); err != nil {
		return nil, err
	}
	err = parallel(len(index.Paths), func(i int) error {
		at := index.Slots[i] * slot
		return index.verify(i, store[at:at+slot])
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamagedCache, err)
	}
	return &FolderSet{index: index, pixels: store}, nil
}

// pixelFile is the slots of a cache file that is larger than memory may be.
// Each image is verified when it is read.
type pixelFile struct {
	*os.File
	index *pixelIndex
}

// ReadAt reads one whole slot.
func (f *pixelFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	if err != nil {
		return n, err
	}
	i, ok := slices.BinarySearch(f.index.Slots, int(at/int64(len(p))))
	if !ok {
		return 0, fmt.Errorf("no image is at byte %d of %s", at, f.Name())
	}
	if err := f.index.verify(i, p); err != nil {
		return 0, fmt.Errorf("%s %w: %w; remove it, and the images are decoded anew", f.Name(), errDamagedCache, err)
	}
	return n, nil
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
	if index.Key != c.key || index.Size != c.size {
		return nil, errOtherCache
	}
	n, slot := len(index.Paths), int64(c.size*c.size*3)
	if len(index.Labels) != n || len(index.Slots) != n || len(index.Hashes) != n*sha256.Size || start%slot != 0 || int64(index.Total) != start/slot {
		return damaged("its index does not fit its pixels")
	}
	last := -1
	for i, at := range index.Slots {
		if at <= last || at >= index.Total || index.Labels[i] < -1 || index.Labels[i] >= len(index.Classes) {
			return damaged("a number in its index is out of range")
		}
		last = at
	}
	return &index, nil
}

// save completes a part file, with the slots where they are not in it yet, and
// renames it. Caches of earlier states of the same tree are removed.
func (c pixelCache) save(part *partFile, index *pixelIndex, slots memoryStore) error {
	if slots != nil {
		if err := part.Truncate(0); err != nil {
			return err
		}
		if _, err := part.WriteAt(slots, 0); err != nil {
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
	if _, err := part.WriteAt(text, int64(index.Total)*int64(c.size*c.size*3)); err != nil {
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
