package data

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disintegration/imaging"
)

// gradient is an image whose pixels all differ from their neighbours.
func gradient(t testing.TB, n int) []byte {
	img := imaging.New(24, 20, color.White)
	for y := range 20 {
		for x := range 24 {
			img.SetNRGBA(x, y, color.NRGBA{uint8(10*x + n), uint8(12 * y), uint8(9*x + 3*y*n), 255})
		}
	}
	return pngOf(t, img)
}

func allPixels(t *testing.T, set Set) []uint8 {
	t.Helper()
	indices := make([]int, set.Len())
	for i := range indices {
		indices[i] = i
	}
	pix, err := Pixels(set, indices)
	if err != nil {
		t.Fatal(err)
	}
	return pix
}

// reencoded is what a JPEG makes of a square image, pixel by pixel.
func reencoded(t *testing.T, pix []uint8, size, quality int) []uint8 {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for p := range size * size {
		img.SetRGBA(p%size, p/size, color.RGBA{pix[3*p], pix[3*p+1], pix[3*p+2], 255})
	}
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	decoded, err := jpeg.Decode(&encoded)
	if err != nil {
		t.Fatal(err)
	}
	var out []uint8
	for p := range size * size {
		c := color.RGBAModel.Convert(decoded.At(p%size, p/size)).(color.RGBA)
		out = append(out, c.R, c.G, c.B)
	}
	return out
}

// TestJPEGImages: a set of re-encoded images is what their JPEGs decode to, wherever it is
// read from, and other data than that of another quality.
func TestJPEGImages(t *testing.T) {
	t.Parallel()
	files := tree{"train/b/3.png": []byte("bad")}
	for i, name := range []string{"train/a/1.png", "train/a/2.png", "train/b/1.png", "train/b/2.png", "test/a/1.png"} {
		files[name] = gradient(t, i+1)
	}
	const size = 20 // Not a multiple of what JPEG's blocks have.
	raw := ImageFolder{Path: files.folder(t), Size: size, Cache: t.TempDir()}
	rawSet := openFolder(t, raw, Train)
	rawPixels := allPixels(t, rawSet)
	fingerprints := []string{rawSet.Fingerprint()}
	for _, quality := range []int{0, 30} {
		source := raw
		source.Encoding, source.Quality = JPEG, quality
		var want []uint8
		for square := range slices.Chunk(rawPixels, size*size*3) {
			want = append(want, reencoded(t, square, size, source.WithDefaults().Quality)...)
		}
		if bytes.Equal(want, rawPixels) {
			t.Fatal("re-encoding changes nothing, and the test sees nothing")
		}
		first := openFolder(t, source, Train)
		if slices.Contains(fingerprints, first.Fingerprint()) {
			t.Errorf("quality %d: the fingerprint is that of other images", quality)
		}
		fingerprints = append(fingerprints, first.Fingerprint())
		elsewhere, fromFile, unwritable := source, source, source
		elsewhere.Cache, elsewhere.Memory = t.TempDir(), 1
		fromFile.Memory = 1
		unwritable.Cache = filepath.Join(write(t, filepath.Join(t.TempDir(), "file"), nil), "cache")
		for name, source := range map[string]ImageFolder{
			"decoded": source, "again": source, "from the file": fromFile, "decoded into the file": elsewhere, "without a cache": unwritable,
		} {
			set := openFolder(t, source, Train)
			if !bytes.Equal(allPixels(t, set), want) {
				t.Errorf("quality %d, %s: the images are not what their JPEGs decode to", quality, name)
			}
			if set.Fingerprint() != first.Fingerprint() || !slices.Equal(Labels(set), []int{0, 0, 1, 1}) || len(set.Skipped()) != 1 {
				t.Errorf("quality %d, %s: another set", quality, name)
			}
			if _, isFile := set.pixels.(*os.File); isFile != (source.Memory == 1) {
				t.Errorf("quality %d, %s: read from the file: %t", quality, name, isFile)
			}
		}
		unwritable.Memory = 1
		wantError(t, openError(t, unwritable, Train), "Memory of 1 bytes", "cache cannot be written")
	}
	caches, err := filepath.Glob(filepath.Join(raw.Cache, "*"))
	if err != nil || len(caches) != 3 {
		t.Errorf("the cache holds %v, %v; want a file for each encoding and quality", caches, err)
	}
}

// TestJPEGCacheIsDecodedAnewWhereDamaged: with a line that names the image.
func TestJPEGCacheIsDecodedAnewWhereDamaged(t *testing.T) { // Not parallel: it replaces os.Stderr.
	source := ImageFolder{
		Path: tree{"train/a/1.png": gradient(t, 1), "test/a/1.png": gradient(t, 3)}.folder(t),
		Size: 16, Encoding: JPEG, Cache: t.TempDir(),
	}
	first := openFolder(t, source, Train)
	caches, err := filepath.Glob(filepath.Join(source.Cache, "pets-train-16-jpeg90-*.pix"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	whole, err := os.ReadFile(caches[0])
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	damaged[300] ^= 1
	write(t, caches[0], damaged)
	little := source
	little.Memory = 1
	wantError(t, openFolder(t, little, Train).Read(0, make([]uint8, 16*16*3)), "train/a/1.png", "is damaged", "remove it")
	read := captureStderr(t)
	again := openFolder(t, source, Train)
	if said := read(); !strings.Contains(said, "the pixels of train/a/1.png do not have their SHA-256; decoding anew") {
		t.Errorf("it says %q", said)
	}
	if now, err := os.ReadFile(caches[0]); err != nil || !bytes.Equal(now, whole) || !bytes.Equal(allPixels(t, again), allPixels(t, first)) {
		t.Errorf("the cache is not as it was, %v", err)
	}
}

// TestJPEGFrames: a FrameFolder has the same.
func TestJPEGFrames(t *testing.T) {
	t.Parallel()
	files := tree{}
	for i, name := range []string{"train/v/1.png", "train/v/2.png", "train/v/3.png", "test/w/1.png"} {
		files[name] = gradient(t, i+1)
	}
	source := FrameFolder{Path: files.folder(t), Size: 16, Frames: 2, Cache: t.TempDir()}
	raw, err := openFrames(t, source, Train)
	if err != nil {
		t.Fatal(err)
	}
	source.Encoding, source.Memory = JPEG, 1
	set, err := openFrames(t, source, Train)
	if err != nil {
		t.Fatal(err)
	}
	pix, rawPix := make([]uint8, 2*16*16*3), make([]uint8, 2*16*16*3)
	if err := raw.ReadClip(1, 2, rawPix); err != nil {
		t.Fatal(err)
	}
	if err := set.ReadClip(1, 2, pix); err != nil {
		t.Fatal(err)
	}
	for f := range 2 {
		frame := pix[f*16*16*3 : (f+1)*16*16*3]
		if !bytes.Equal(frame, reencoded(t, rawPix[f*16*16*3:(f+1)*16*16*3], 16, 90)) {
			t.Errorf("frame %d is not what its JPEG decodes to", f)
		}
	}
	if set.Fingerprint() == raw.Fingerprint() {
		t.Error("the fingerprint is that of raw pixels")
	}
}
