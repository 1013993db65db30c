package data

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// savedPixels writes the cache of three images of 2×2 pixels: raw (quality 0) in slots 0,
// 2 and 3, or as JPEGs.
func savedPixels(t testing.TB, folder string, quality int) pixelCache {
	t.Helper()
	c := pixelCache{path: filepath.Join(folder, "pets-train-2-key.pix"), prefix: "pets-train-2-", key: "key", size: 2, quality: quality}
	part, err := lockPart(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer part.discard()
	index, images := smallIndex(t), memoryStore(smallSlots())
	if quality > 0 {
		index, images = smallJPEGs(t, quality)
	}
	if err := c.save(part, index, images); err != nil {
		t.Fatal(err)
	}
	return c
}

// smallJPEGs are the images of smallIndex as JPEGs.
func smallJPEGs(t testing.TB, quality int) (*pixelIndex, memoryStore) {
	t.Helper()
	index, memory := smallIndex(t), &limitedMemory{limit: 1 << 20}
	w := &jpegWriter{size: 2, quality: quality, out: memory, files: make([]jpegFile, 4)}
	for _, slot := range []int{3, 0, 2} {
		if err := w.put(slot, smallSlots()[12*slot:12*slot+12]); err != nil {
			t.Fatal(err)
		}
	}
	w.finish(index)
	return index, memory.bytes
}

// shownPixels is what reading an image of savedPixels gives.
func shownPixels(t testing.TB, slot, quality int) []byte {
	t.Helper()
	pix := smallSlots()[12*slot : 12*slot+12]
	if quality > 0 {
		encoded, err := encodeSquare(pix, 2, quality)
		if err == nil {
			err = decodeSquare(encoded, 2, pix)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return pix
}

func smallSlots() []byte {
	slots := make([]byte, 4*12)
	for k := range slots {
		slots[k] = byte(k)
	}
	return slots
}

func slotHashes() [][sha256.Size]byte {
	var hashes [][sha256.Size]byte
	for slot := range slices.Chunk(smallSlots(), 12) {
		hashes = append(hashes, sha256.Sum256(slot))
	}
	return hashes
}

// smallIndex is what decoding them gives.
func smallIndex(t testing.TB) *pixelIndex {
	t.Helper()
	job := &decodeJob{size: 2, classes: []string{"a", "b"}, images: []located{
		{path: "a/1.png"}, {path: "a/2.png"}, {path: "b/1.png", class: 1}, {path: "b/2.png", class: 1},
	}}
	index, err := job.index([]error{nil, errors.New("bad"), nil, nil}, slotHashes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	index.Key = "key"
	return index
}

// TestPixelCacheNoticesDamage flips a bit of every byte: whether the file fits
// into memory or not, no image is read wrong.
func TestPixelCacheNoticesDamage(t *testing.T) {
	t.Parallel()
	for name, quality := range map[string]int{"raw": 0, "JPEG": 90} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			noticesDamage(t, quality)
		})
	}
}

func noticesDamage(t *testing.T, quality int) {
	c := savedPixels(t, t.TempDir(), quality)
	whole, err := os.ReadFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[int][]byte{}
	for _, slot := range []int{0, 2, 3} {
		shown[slot] = shownPixels(t, slot, quality)
	}
	readAll := func(memory int64) error {
		set, err := openPixels(c, memory)
		if err != nil {
			return err
		}
		defer set.Close()
		pix := make([]byte, 12)
		for i, slot := range []int{0, 2, 3} {
			if err := set.Read(i, pix); err != nil {
				return err
			}
			if !bytes.Equal(pix, shown[slot]) {
				t.Errorf("image %d is %v", i, pix)
			}
		}
		return nil
	}
	for _, memory := range []int64{1 << 20, 1} {
		if err := readAll(memory); err != nil {
			t.Fatal(err)
		}
		for at := range whole {
			if quality == 0 && at >= 12 && at < 24 {
				continue // the slot of the bad image
			}
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << (at % 8)
			write(t, c.path, flipped)
			err := readAll(memory)
			if version := at >= len(whole)-2; version && errors.Is(err, errOtherCache) {
				continue
			}
			if !errors.Is(err, errDamagedCache) {
				t.Fatalf("memory %d, byte %d of %d flipped: %v", memory, at, len(whole), err)
			}
			wantError(t, err, c.path)
		}
		for n := range whole {
			write(t, c.path, whole[:n])
			if err := readAll(memory); !errors.Is(err, errDamagedCache) {
				t.Fatalf("memory %d, cut to %d bytes: %v", memory, n, err)
			}
		}
		write(t, c.path, whole)
	}

	flipped := bytes.Clone(whole)
	flipped[30] ^= 1 // Of the first JPEG, which is that of the last image, or in slot 2.
	image := "b/1.png"
	if quality > 0 {
		image = "b/2.png"
	}
	write(t, c.path, flipped)
	wantError(t, readAll(1<<20), c.path, image)
	wantError(t, readAll(1), c.path, image, "remove it")
	c.key = "other"
	write(t, c.path, whole)
	if err := readAll(1); !errors.Is(err, errOtherCache) {
		t.Errorf("a cache of other images: %v", err)
	}
}

// TestImageFolderDecodesADamagedCacheAnew: with a line that says so, once; one of
// another version without.
func TestImageFolderDecodesADamagedCacheAnew(t *testing.T) { // Not parallel: it replaces os.Stderr.
	dir := tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2)}.folder(t)
	source := ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}
	first := openFolder(t, source, Train)
	caches, err := filepath.Glob(filepath.Join(source.Cache, "*.pix"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	whole, err := os.ReadFile(caches[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"pixels":        {append([]byte{whole[0] ^ 1}, whole[1:]...), "is damaged: the pixels of train/a/1.png do not have their SHA-256; decoding anew"},
		"labels":        {bytes.Replace(whole, []byte(`"Labels":[0,1]`), []byte(`"Labels":[1,0]`), 1), "is damaged: its index"},
		"cut short":     {whole[:len(whole)-5], "is damaged"},
		"other version": {append(bytes.Clone(whole[:len(whole)-2]), "1\n"...), ""},
	} {
		write(t, caches[0], c.content)
		read := captureStderr(t)
		again := openFolder(t, source, Train)
		said := read()
		pix, wantPix := make([]byte, 8*8*3), make([]byte, 8*8*3)
		if err := errors.Join(again.Read(0, pix), first.Read(0, wantPix)); err != nil || !bytes.Equal(pix, wantPix) || again.Label(1) != 1 {
			t.Errorf("%s: another set, %v", name, err)
		}
		if !strings.Contains(said, c.want) || (c.want == "") != (said == "") || strings.Count(said, "\n") > 1 {
			t.Errorf("%s: it says %q, want %q", name, said, c.want)
		}
		if now, err := os.ReadFile(caches[0]); err != nil || !bytes.Equal(now, whole) {
			t.Errorf("%s: the cache is not as it was, %v", name, err)
		}
	}
}

// TestCacheKeepsNothingOfKilledProcesses: what they left of decoded images goes when the next are
// decoded, be they of another tree. What is being written stays, and what a download goes on with.
func TestCacheKeepsNothingOfKilledProcesses(t *testing.T) {
	t.Parallel()
	dir := tree{"train/a/1.png": photo(t, 1), "test/a/1.png": photo(t, 3)}.folder(t)
	source := ImageFolder{Path: dir, Size: 8, Cache: t.TempDir()}
	openFolder(t, source, Train)
	caches, err := filepath.Glob(filepath.Join(source.Cache, "*.pix"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	write(t, filepath.Join(dir, "train/a/2.png"), photo(t, 2)) // Another state of the tree.
	for _, left := range []string{
		caches[0] + ".part", caches[0] + ".lock", filepath.Join(source.Cache, "other.pix.part"), filepath.Join(source.Cache, "third.pix.lock"),
		filepath.Join(source.Cache, "pneumoniamnist.npz.part"),
	} {
		write(t, left, []byte("half"))
	}
	writing, err := lockPart(filepath.Join(source.Cache, "writing.pix"))
	if err != nil {
		t.Fatal(err)
	}
	defer writing.discard()
	if set := openFolder(t, source, Train); set.Len() != 2 {
		t.Errorf("%d images", set.Len())
	}
	entries, err := os.ReadDir(source.Cache)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
		names = append(names, entry.Name())
	}
	if len(names) != 4 || !slices.Equal(names[1:], []string{"pneumoniamnist.npz.part", "writing.pix.lock", "writing.pix.part"}) {
		t.Errorf("the cache holds %v", names)
	}
}

// captureStderr collects what is written to os.Stderr until the function that it
// returns is called.
func captureStderr(t *testing.T) func() string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = f
	return func() string {
		os.Stderr = old
		defer f.Close()
		text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}
