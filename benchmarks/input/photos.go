package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sslkit/data"
	"sslkit/kit/wholefile"
)

// side is the height and the width of the squares in pixels.
const side = 224

// quality is that of the squares as JPEGs.
const quality = 90

// photos are folders of one tree: train holds photographs, test one of them.
type photos struct {
	folder  string // of all that is made
	files   string // the photographs as they are
	squares string // their squares of side pixels, as JPEGs
	number  int
}

// newPhotos unpacks the photographs of the archive in a folder into another.
func newPhotos(from, folder string) (photos, error) {
	p := photos{folder: folder, files: filepath.Join(folder, "files"), squares: filepath.Join(folder, "squares")}
	if from == "" {
		return p, errors.New("neither -data nor SSLKIT_DATA_DIR names a folder with coco128-256px.tar.gz")
	}
	f, err := os.Open(filepath.Join(from, "coco128-256px.tar.gz"))
	if err != nil {
		return p, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return p, fmt.Errorf("%s: %w", f.Name(), err)
	}
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if !strings.HasSuffix(entry.Name, ".jpg") {
			continue
		}
		content, err := io.ReadAll(entries)
		if err != nil {
			return p, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if err := p.add(p.files, path.Base(entry.Name), content); err != nil {
			return p, err
		}
		p.number++
	}
	return p, p.makeSquares()
}

// add writes an image into the folder train of a tree, and the first into test too.
func (photos) add(tree, name string, content []byte) error {
	for _, split := range []string{"train", "test"} {
		folder := filepath.Join(tree, split)
		if _, err := os.Stat(folder); split == "test" && err == nil {
			break
		}
		if err := os.MkdirAll(folder, wholefile.FolderPerms); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, wholefile.FilePerms); err != nil {
			return err
		}
	}
	return nil
}

// source reads a tree, whatever its size, from the file of its cache.
func (p photos) source(tree string, encoding data.Encoding) data.ImageFolder {
	return data.ImageFolder{Path: tree, Size: side, Encoding: encoding, OnBad: data.Fail, Memory: 1, Cache: filepath.Join(p.folder, "cache")}
}

// makeSquares writes the squares of all photographs.
func (p photos) makeSquares() error {
	set, err := p.source(p.files, data.Raw).Open(data.Train)
	if err != nil {
		return err
	}
	defer set.Close()
	img, pix := image.NewRGBA(image.Rect(0, 0, side, side)), make([]uint8, side*side*3)
	for i := range set.Len() {
		if err := set.Read(i, pix); err != nil {
			return err
		}
		for at, k := 0, 0; k < len(pix); at, k = at+4, k+3 {
			copy(img.Pix[at:], pix[k:k+3])
			img.Pix[at+3] = 255
		}
		var encoded bytes.Buffer
		if err := jpeg.Encode(&encoded, img, &jpeg.Options{Quality: quality}); err != nil {
			return err
		}
		if err := p.add(p.squares, fmt.Sprintf("%03d.jpg", i), encoded.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// repeated is a tree of so many images: the squares, under other names, a batch of them for tests.
func (p photos) repeated(images int) (tree string, err error) {
	tree = filepath.Join(p.folder, fmt.Sprintf("squares-%d", images))
	squares, err := filepath.Glob(filepath.Join(p.squares, "train", "*.jpg"))
	if err != nil {
		return "", err
	}
	for i := range images {
		split := "train"
		if i >= images-batch {
			split = "test"
		}
		to := filepath.Join(tree, split, fmt.Sprintf("%07d.jpg", i))
		if err := os.MkdirAll(filepath.Dir(to), wholefile.FolderPerms); err != nil {
			return "", err
		}
		if err := os.Link(squares[i%len(squares)], to); err != nil {
			return "", err
		}
	}
	return tree, nil
}
