package data

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"sync"
)

// Encoding is how the cache keeps the square images of an [ImageFolder] or a
// [FrameFolder].
type Encoding int

const (
	// Raw keeps the pixels, 3 bytes each.
	Raw Encoding = iota
	// JPEG keeps every image as a JPEG of that size, which the loader's workers
	// decode each time that it is read, as in FFCV's mode jpg (G. Leclerc et al.,
	// 2023, arXiv:2306.12517; FFCV keeps the aspect ratio).
	JPEG
)

// squareWriter takes the images of a split, in any order and from several
// goroutines, into what [FolderSet] reads.
type squareWriter interface {
	// put takes the image of a slot, and leaves in pix what reading it will give.
	put(slot int, pix []uint8) error
	// finish completes an index that lists the images with their slots.
	finish(index *pixelIndex)
}

// rawWriter writes pixels, each image into its slot.
type rawWriter struct{ io.WriterAt }

func (w rawWriter) put(slot int, pix []uint8) error {
	_, err := w.WriteAt(pix, int64(slot)*int64(len(pix)))
	return err
}

func (rawWriter) finish(*pixelIndex) {}

// jpegWriter encodes the images, and writes them one behind the other as they
// come.
type jpegWriter struct {
	size, quality int

	mu    sync.Mutex // what follows, and writing
	out   io.Writer
	end   int64
	files []jpegFile // by slot
}

// jpegFile is where an image is, and its SHA-256.
type jpegFile struct {
	at     int64
	length int
	sum    [sha256.Size]byte
}

func (w *jpegWriter) put(slot int, pix []uint8) error {
	encoded, err := encodeSquare(pix, w.size, w.quality)
	if err != nil {
		return err
	}
	if err := decodeSquare(encoded, w.size, pix); err != nil {
		return err
	}
	sum := sha256.Sum256(encoded)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.out.Write(encoded); err != nil {
		return err
	}
	w.files[slot] = jpegFile{w.end, len(encoded), sum}
	w.end += int64(len(encoded))
	return nil
}

func (w *jpegWriter) finish(index *pixelIndex) {
	index.Quality, index.Bytes = w.quality, w.end
	index.Hashes = nil
	for _, slot := range index.Slots {
		file := w.files[slot]
		index.Offsets = append(index.Offsets, file.at)
		index.Lengths = append(index.Lengths, file.length)
		index.Hashes = append(index.Hashes, file.sum[:]...)
	}
	index.Slots = nil
}

// encodeSquare is an image of size×size pixels as a JPEG.
func encodeSquare(pix []uint8, size, quality int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for p, k := 0, 0; k < len(pix); p, k = p+4, k+3 {
		copy(img.Pix[p:p+3], pix[k:k+3])
		img.Pix[p+3] = 255
	}
	var encoded bytes.Buffer
	err := jpeg.Encode(&encoded, img, &jpeg.Options{Quality: quality})
	return encoded.Bytes(), err
}

// decodeSquare fills pix, [size, size, 3], with what encodeSquare encoded. Go's
// decoder computes with integers alone, the same on all machines.
func decodeSquare(encoded []byte, size int, pix []uint8) error {
	config, err := jpeg.DecodeConfig(bytes.NewReader(encoded))
	if err != nil {
		return broken(err)
	}
	if config.Width != size || config.Height != size { // Before anything of that size is allocated.
		return fmt.Errorf("it is %d×%d pixels, want %d×%d", config.Width, config.Height, size, size)
	}
	img, err := jpeg.Decode(bytes.NewReader(encoded))
	if err != nil {
		return broken(err)
	}
	const rows = 8 // at a time, which stay in the processor's cache
	strip := image.NewRGBA(image.Rect(0, 0, size, rows))
	for y := 0; y < size; y += rows {
		draw.Draw(strip, strip.Rect, img, image.Pt(0, y), draw.Src)
		to := pix[y*size*3 : min(y+rows, size)*size*3]
		for p, k := 0, 0; k < len(to); p, k = p+4, k+3 {
			copy(to[k:k+3], strip.Pix[p:p+3])
		}
	}
	return nil
}

// limitedMemory collects at most limit bytes.
type limitedMemory struct {
	limit int64
	bytes memoryStore
}

var errNoRoom = errors.New("the images do not fit into Memory")

func (m *limitedMemory) Write(p []byte) (int, error) {
	if int64(len(p)) > m.limit-int64(len(m.bytes)) {
		return 0, errNoRoom
	}
	m.bytes = append(m.bytes, p...)
	return len(p), nil
}
