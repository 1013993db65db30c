package data

import (
	"fmt"
	"io"
	"os"
	"slices"
)

var (
	_ Instances = (*FolderSet)(nil)
	_ Files     = (*FolderSet)(nil)
	_ Files     = (*listedSet)(nil)
	_ Files     = (*FrameSet)(nil)
)

// FolderSet is an opened split of an [ImageFolder].
type FolderSet struct {
	name    string
	index   *pixelIndex
	pixels  io.ReaderAt // the images: memory, or the cache file
	object  []int       // by image
	members [][]int     // the images of each object, in order
}

// Name is the folder's name and the split.
func (s *FolderSet) Name() string { return s.name }

// Len is the number of images.
func (s *FolderSet) Len() int { return len(s.index.Paths) }

// Size is ImageFolder.Size, twice.
func (s *FolderSet) Size() (height, width int) { return s.index.Size, s.index.Size }

// Classes holds the names of the class folders, sorted; nil where unlabelled.
func (s *FolderSet) Classes() []string { return s.index.Classes }

// Label is the class of image i; -1 where unlabelled.
func (s *FolderSet) Label(i int) int { return s.index.Labels[i] }

// Path is where image i is inside the folder or archive. Images are sorted by
// path.
func (s *FolderSet) Path(i int) string { return s.index.Paths[i] }

// Skipped lists the images of the split that were left out, and why.
func (s *FolderSet) Skipped() []Skipped { return s.index.Skipped }

// Ignored are the files of the whole tree that are no images, or lie outside of
// its split folders.
func (s *FolderSet) Ignored() Listed { return s.index.Ignored }

// LeftOut is what the folder leaves out: what Skipped and Ignored tell, and what
// was not followed.
func (s *FolderSet) LeftOut() LeftOut {
	left := LeftOut{Of: s.name, NotFollowed: s.index.NotFollowed, Ignored: s.index.Ignored}
	for _, skipped := range s.index.Skipped {
		left.Skipped.add(skipped.Path, skipped.Reason)
	}
	return left
}

// Fingerprint hashes paths, labels and pixels, in order.
func (s *FolderSet) Fingerprint() string { return s.index.Fingerprint }

// Read fills pix with image i, from memory or from the cache file. What is read from
// the file is verified; in memory it was when the set was opened.
func (s *FolderSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	if err := s.read(i, pix); err != nil {
		return fmt.Errorf("data: reading %s, %s: %w", s.name, s.index.Paths[i], err)
	}
	return nil
}

func (s *FolderSet) read(i int, pix []uint8) error {
	at, length := s.index.place(i)
	stored := pix
	if s.index.Quality > 0 {
		stored = make([]uint8, length)
	}
	if _, err := s.pixels.ReadAt(stored, at); err != nil {
		return err
	}
	if f, ok := s.pixels.(*os.File); ok {
		if err := s.index.verify(i, stored); err != nil {
			return fmt.Errorf("%s %w: %w; remove it, and the images are decoded anew", f.Name(), errDamagedCache, err)
		}
	}
	if s.index.Quality > 0 {
		return decodeSquare(stored, s.index.Size, pix)
	}
	return nil
}

// ReadInstances reads image i and others of the object that ImageFolder.Object
// names, of the same split.
func (s *FolderSet) ReadInstances(i, n int, draw uint64, pix []uint8) error {
	if err := checkInstances(s, i, n, pix); err != nil {
		return err
	}
	members := s.members[s.object[i]]
	if len(members) == 1 {
		return repeated(s, i, n, pix)
	}
	size := len(pix) / n
	if err := s.Read(i, pix[:size]); err != nil {
		return err
	}
	self, _ := slices.BinarySearch(members, i)
	for k, other := range chooseOthers(draw, len(members)-1, n-1) {
		if other >= self {
			other++
		}
		if err := s.Read(members[other], pix[(k+1)*size:(k+2)*size]); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the cache file.
func (s *FolderSet) Close() error {
	if f, ok := s.pixels.(io.Closer); ok {
		return f.Close()
	}
	return nil
}
