package data

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	Slots       []int
	Skipped     []Skipped
	Ignored     int
	Fingerprint string
}

// pixelCache is the file that decoded images are kept in: the slots, the index
// as JSON, then a footer of the index's length and a magic number.
type pixelCache struct {
	path   string
	prefix string // of the base name: shared by the states of one tree
	key    string
	size   int
}

const pixelMagic = "sslpix1\n"

// openPixels opens a cache file, into memory where it fits.
func openPixels(c pixelCache, memory int64) (*FolderSet, error) {
	f, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	index, err := c.readIndex(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is damaged: %w", c.path, err)
	}
	bytes := int64(index.Total) * int64(c.size*c.size*3)
	if bytes > memory {
		return &FolderSet{index: index, pixels: f}, nil
	}
	defer f.Close()
	store := make(memoryStore, bytes)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, bytes), store); err != nil {
		return nil, err
	}
	return &FolderSet{index: index, pixels: store}, nil
}

func (c pixelCache) readIndex(f *os.File) (*pixelIndex, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var footer [16]byte
	if _, err := f.ReadAt(footer[:], info.Size()-int64(len(footer))); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint64(footer[:]))
	start := info.Size() - int64(len(footer)) - length
	if !bytes.Equal(footer[8:], []byte(pixelMagic)) || length < 0 || start < 0 {
		return nil, errors.New("no footer")
	}
	text := make([]byte, length)
	if _, err := f.ReadAt(text, start); err != nil {
		return nil, err
	}
	var index pixelIndex
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	n := len(index.Paths)
	if index.Key != c.key || index.Size != c.size || len(index.Labels) != n || len(index.Slots) != n || start != int64(index.Total)*int64(c.size*c.size*3) {
		return nil, errors.New("it is of other images")
	}
	for i, slot := range index.Slots {
		if slot < 0 || slot >= index.Total || index.Labels[i] < -1 || index.Labels[i] >= len(index.Classes) {
			return nil, errors.New("an index out of range")
		}
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
	text = binary.LittleEndian.AppendUint64(text, uint64(len(text)))
	text = append(text, pixelMagic...)
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
