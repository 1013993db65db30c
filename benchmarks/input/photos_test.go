package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"sslkit/data"
)

// archived is a folder with an archive of two photographs and an annotation.
func archived(t *testing.T) string {
	t.Helper()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	zipped := gzip.NewWriter(&content)
	archive := tar.NewWriter(zipped)
	for name, file := range map[string][]byte{"coco/train2017/1.jpg": photo.Bytes(), "coco/val2017/2.jpg": photo.Bytes(), "coco/a.json": []byte("{}")} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(file))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, close := range []func() error{archive.Close, zipped.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "coco128-256px.tar.gz"), content.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestPhotos(t *testing.T) {
	t.Parallel()
	p, err := newPhotos(archived(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	many, err := p.repeated(batch + 5)
	if err != nil {
		t.Fatal(err)
	}
	for tree, want := range map[string]int{p.files: p.number, p.squares: 2, many: 5} {
		set, err := p.source(tree, data.JPEG).Open(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != want || want < 2 {
			t.Errorf("%s holds %d images, want %d", tree, set.Len(), want)
		}
		if _, err := readAll(set); err != nil {
			t.Error(err)
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := newPhotos("", t.TempDir()); err == nil {
		t.Error("no folder is no error")
	}
}
