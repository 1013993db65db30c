package data

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
)

// zeros is a .zip with entries that are one head and many zeros behind it, and a
// good image for each split.
func zeros(t *testing.T, head string, entries, size int) string {
	t.Helper()
	var deflated bytes.Buffer
	sum := crc32.NewIEEE()
	w, err := flate.NewWriter(&deflated, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	out := io.MultiWriter(w, sum)
	io.WriteString(out, head)
	block := make([]byte, 1<<20)
	for left := size - len(head); left > 0; left -= len(block) {
		out.Write(block[:min(left, len(block))])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"train/a/good.png", "test/a/good.png"} {
		good, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		good.Write(photo(t, 1))
	}
	for i := range entries {
		f, err := z.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprintf("train/a/%d.png", i), Method: zip.Deflate, CRC32: sum.Sum32(),
			CompressedSize64: uint64(deflated.Len()), UncompressedSize64: uint64(size),
		})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(deflated.Bytes())
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(t.TempDir(), "pets.zip"), b.Bytes())
}

// peak is the most memory, in bytes, that the program takes while it does something.
func peak(do func()) uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-time.After(2 * time.Millisecond):
				metrics.Read(sample)
				most = max(most, sample[0].Value.Uint64()+sample[1].Value.Uint64())
			}
		}
	}()
	do()
	close(stop)
	return <-done
}

// TestZipBombsTakeLittleMemory: not as much as they say on every core. It isn't
// parallel, since it measures the memory of all.
func TestZipBombsTakeLittleMemory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	for _, c := range []struct {
		name, head string
		size       int
		most       uint64
		reason     string
	}{
		{"no images", "", 260_000_000, 100e6, "neither JPEG, PNG, GIF, WebP, BMP nor TIFF"},
		{"beginning as images", "\x89PNG\r\n\x1a\n", 100_000_000, 700e6, "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := zeros(t, c.head, 8, c.size)
			runtime.GC()
			took := peak(func() {
				set := openFolder(t, ImageFolder{Path: path}, Train)
				if skipped := set.Skipped(); set.Len() != 1 || len(skipped) != 8 || !strings.Contains(skipped[0].Reason, c.reason) {
					t.Errorf("%d images, skipped %v", set.Len(), skipped)
				}
			})
			if took > c.most {
				t.Errorf("it took %d MB of memory, want at most %d", took/1e6, c.most/1e6)
			}
			t.Logf("%d MB", took/1e6)
		})
	}
}

func TestReadImageHoldsWhatItReturns(t *testing.T) {
	t.Parallel()
	image := photo(t, 1)
	for _, c := range []struct {
		name    string
		content []byte
		size    int
		want    int
		err     string
	}{
		{"an image", image, len(image), len(image), ""},
		{"something else", make([]byte, 2000), 2000, headLength, ""},
		{"empty", nil, 0, 0, ""},
		{"cut short", image[:len(image)-1], len(image), 0, "unexpected EOF"},
		{"cut short in the head", image[:10], len(image), 0, "unexpected EOF"},
		{"longer than said", append(image[:len(image):len(image)], 0), len(image), 0, "longer than it was said"},
		{"too long", image, maxFile + 1, 0, "longer than 256 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inFlight := semaphore.NewWeighted(maxInFlight)
			content, err := readImage(bytes.NewReader(c.content), uint64(c.size), inFlight)
			if c.err != "" {
				wantError(t, err, c.err)
			} else if err != nil || !bytes.Equal(content, c.content[:c.want]) {
				t.Errorf("%d bytes, %v, want %d", len(content), err, c.want)
			}
			if !inFlight.TryAcquire(maxInFlight-int64(c.want)) || inFlight.TryAcquire(1) {
				t.Errorf("what is held is not the %d bytes", c.want)
			}
		})
	}
}
