package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"runtime"
)

// layoutVersion changes whenever the same tree and settings give other images.
const layoutVersion = "layout 3"

// cacheFile names the cache of one split: by the tree and the settings, then by
// the tree's state.
func (f ImageFolder) cacheFile(tree archive, split Split, by convention) (pixelCache, error) {
	folder := f.Cache
	if folder == "" {
		var err error
		if folder, err = CacheDir(); err != nil {
			return pixelCache{}, err
		}
	}
	absolute, err := filepath.Abs(f.Path)
	if err != nil {
		return pixelCache{}, err
	}
	state, err := tree.stamp()
	if err != nil {
		return pixelCache{}, err
	}
	count := [...]int{f.Train, f.Validation, f.Test}[split]
	settings := fmt.Sprintf("%q %s %d %d %g %g %d %d", absolute, split, f.Size, count, f.TestFraction, f.ValidationFraction, f.OnBad, f.MaxPixels)
	if by.name != "" {
		settings += fmt.Sprintf(" %q", by.name)
	}
	encoding := ""
	if f.Encoding == JPEG {
		settings += fmt.Sprintf(" JPEG %d", f.Quality)
		encoding = fmt.Sprintf("jpeg%d-", f.Quality)
		state += " " + runtime.Version() // another decoder may give other pixels
	}
	of := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	key := of(settings + "\n" + layoutVersion + "\n" + state)
	prefix := fmt.Sprintf("%s-%s-%d-%s%s-", f.Name(), split, f.Size, encoding, of(settings)[:12])
	return pixelCache{path: filepath.Join(folder, prefix+key[:16]+cacheEnding), prefix: prefix, key: key, size: f.Size, quality: f.Quality, sized: by.sized()}, nil
}

// writer is where so many images are decoded to: the part of the cache file, or
// memory, which kept then gives. The length of raw pixels is known before; JPEGs are
// kept in memory where there can be no file.
func (f ImageFolder) writer(images int, part *partFile, noPart error) (to squareWriter, kept func() memoryStore, err error) {
	slot := f.Size * f.Size * 3
	fits := int64(images) <= f.Memory/int64(slot)
	if noPart == nil && (f.Encoding == JPEG || !fits) {
		if err := part.Truncate(0); err != nil {
			return nil, nil, err
		}
	}
	jpegs := &jpegWriter{size: f.Size, quality: f.Quality, files: make([]jpegFile, images)}
	switch {
	case f.Encoding == JPEG && noPart == nil:
		jpegs.out = part.File
		return jpegs, nil, nil
	case f.Encoding == JPEG:
		memory := &limitedMemory{limit: f.Memory}
		jpegs.out = memory
		return jpegs, func() memoryStore { return memory.bytes }, nil
	case fits:
		pixels := make(memoryStore, images*slot)
		return rawWriter{pixels}, func() memoryStore { return pixels }, nil
	case noPart == nil:
		return rawWriter{part.File}, nil, nil
	}
	return nil, nil, f.tooLarge(noPart)
}

// tooLarge is the error where neither memory nor the cache can hold the images.
func (f ImageFolder) tooLarge(noPart error) error {
	return fmt.Errorf("the images do not fit into Memory of %d bytes, and the cache cannot be written: %w", f.Memory, noPart)
}
