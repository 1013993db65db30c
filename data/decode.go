package data

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/disintegration/imaging"
)

// The image package's registry is not used: other packages register decoders
// there (imaging does so for TIFF, with one that panics on crafted files,
// CVE-2023-36308), and what is decoded here must not depend on what else is
// linked in.
var decoders = []struct {
	magic  string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF87a", gif.DecodeConfig, gif.Decode},
	{"GIF89a", gif.DecodeConfig, gif.Decode},
}

// sniffImage tells from its first bytes whether a file is an image that can be
// decoded.
func sniffImage(r io.Reader) bool {
	head := make([]byte, 8)
	n, _ := io.ReadFull(r, head)
	for _, d := range decoders {
		if n >= len(d.magic) && string(head[:len(d.magic)]) == d.magic {
			return true
		}
	}
	return false
}

// imageName tells whether a file calls itself an image. A file in a format
// that is not read here counts: it is then reported as bad, not passed over.
func imageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".avif":
		return true
	}
	return false
}

// notImageName spares opening files that are common beside images.
func notImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".md", ".json", ".csv", ".xml", ".yaml", ".yml", ".html", ".py", ".pdf", ".db", ".ini":
		return true
	}
	return hiddenPath(name)
}

// hiddenName is what file managers leave behind: .DS_Store, .git, __MACOSX.
func hiddenName(base string) bool {
	return strings.HasPrefix(base, ".") || base == "__MACOSX" || strings.EqualFold(base, "thumbs.db")
}

func hiddenPath(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if hiddenName(element) {
			return true
		}
	}
	return false
}

// decoder turns files into square RGB images.
type decoder struct {
	size      int
	maxPixels int

	// An image of large pixels takes up to 8 bytes each while it is decoded:
	// one at a time keeps the memory bounded however many cores there are.
	large sync.Mutex
}

const largePixels = 8 << 20

// decode fills pix, [size, size, 3], with the centre square of an image scaled
// so that its shorter side is size (Lanczos). EXIF orientation is applied,
// transparency is put on white, of an animation the first frame is taken.
func (d *decoder) decode(content []byte, pix []uint8) (err error) {
	// The standard decoders are fuzzed, yet a panic in one of a million images
	// must not end a run.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder failed: %v", p)
		}
	}()
	if len(content) == 0 {
		return fmt.Errorf("the file is empty")
	}
	for _, format := range decoders {
		if !bytes.HasPrefix(content, []byte(format.magic)) {
			continue
		}
		config, err := format.config(bytes.NewReader(content))
		if err != nil {
			return broken(err)
		}
		// Before anything of that size is allocated.
		if config.Width < 1 || config.Height < 1 || config.Width > d.maxPixels/config.Height {
			return fmt.Errorf("it is %d×%d pixels; it must be from 1 to the %d of MaxPixels", config.Width, config.Height, d.maxPixels)
		}
		if config.Width*config.Height > largePixels {
			d.large.Lock()
			defer d.large.Unlock()
		}
		img, err := format.decode(bytes.NewReader(content))
		if err != nil {
			return broken(err)
		}
		fill(pix, d.square(img, orientation(content)))
		return nil
	}
	return fmt.Errorf("neither JPEG, PNG nor GIF")
}

func broken(err error) error {
	if err == io.ErrUnexpectedEOF || err == io.EOF || strings.Contains(err.Error(), "unexpected EOF") {
		return fmt.Errorf("the image is cut short: %w", err)
	}
	return fmt.Errorf("the image is damaged: %w", err)
}

// square crops first and scales after: the same pixels but for the filter's
// reach across the cut, and a strip of 1×60,000 pixels cannot grow to gigabytes.
func (d *decoder) square(img image.Image, turn orient) *image.NRGBA {
	bounds := img.Bounds()
	side := min(bounds.Dx(), bounds.Dy())
	var out *image.NRGBA
	if bounds.Dx() == bounds.Dy() {
		out = imaging.Resize(img, d.size, d.size, imaging.Lanczos)
	} else {
		out = imaging.Resize(imaging.CropCenter(img, side, side), d.size, d.size, imaging.Lanczos)
	}
	return turn.apply(out)
}

// fill writes an image over white.
func fill(pix []uint8, img *image.NRGBA) {
	k := 0
	for p := 0; p < len(img.Pix); p += 4 {
		switch a := uint32(img.Pix[p+3]); a {
		case 255:
			copy(pix[k:k+3], img.Pix[p:p+3])
		default:
			for c := range 3 {
				pix[k+c] = uint8((uint32(img.Pix[p+c])*a + 255*(255-a) + 127) / 255)
			}
		}
		k += 3
	}
}
