package kit

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/corrupt"
)

// damagedFolder is a folder of 24 images of two classes and a damaged one.
func damagedFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pets")
	for i := range 25 {
		img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
		for p := range 64 {
			img.SetNRGBA(p%8, p/8, color.NRGBA{uint8(i * 10), uint8(p * 4), uint8(i * p), 255})
		}
		var content bytes.Buffer
		if err := png.Encode(&content, img); err != nil {
			t.Fatal(err)
		}
		if i == 24 {
			content.Truncate(4)
		}
		path := filepath.Join(dir, []string{"train", "test"}[i/8%2], []string{"a", "b"}[i%2], fmt.Sprintf("%02d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// printed is what goes to standard output while do runs.
func printed(t *testing.T, do func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		text <- string(all)
	}()
	before := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = before }()
	do()
	w.Close()
	return <-text
}

// TestLeftOutIsSaid when a training begins, and once where features are read. It is not parallel,
// since it looks at standard output.
func TestLeftOutIsSaid(t *testing.T) {
	recipe := small()
	folder := data.ImageFolder{Path: damagedFolder(t), Cache: t.TempDir()}
	recipe.Data, recipe.Steps, recipe.Batch, recipe.MonitorEvery, recipe.CheckpointEvery = folder, 1, 8, 1, 1
	const line = "left out of pets/test: 1 image skipped ("
	if text := printed(t, func() {
		for range 2 {
			if _, err := PixelFeatures(corrupt.Source{From: folder, Severity: 1}, data.Test); err != nil {
				t.Fatal(err)
			}
		}
	}); strings.Count(text, line) != 1 {
		t.Errorf("reading twice prints %q, want one %q", text, line)
	}
	damaged := filepath.Join(folder.Path, "train", "a", "99.png")
	if err := os.WriteFile(damaged, []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		text := printed(t, func() { pretrained(t, t.TempDir(), recipe) })
		_, after, _ := strings.Cut(text, "1 steps of 8 images")
		if !strings.Contains(after, "left out of pets/train: 1 image skipped (") {
			t.Errorf("a training prints %q", text)
		}
	}
}
