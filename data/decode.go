package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"path"
	"strings"
	"sync"

	"github.com/disintegration/imaging"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// The image package's registry is not used: other packages register decoders
// there (imaging does so for TIFF), and what is decoded here must not depend on
// what else is linked in.
var decoders = []struct {
	magic  string // what a file begins with; ? is any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF87a", gif.DecodeConfig, gif.Decode},
	{"GIF89a", gif.DecodeConfig, gif.Decode},
	{"RIFF????WEBP", webp.DecodeConfig, decodeWebP},
	{"BM?????????????\x00\x00\x00", bmp.DecodeConfig, decodeBMP}, // the length of the second header, in four bytes, is below 256
	{"II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

// unreadFormats are told apart to say what they are. AVIF and HEIC are brands of
// one container (ISO/IEC 23008-12). A DICOM file begins with 128 bytes for any use (PS3.10, section 7.1).
var unreadFormats = []struct{ magic, name string }{
	{"????ftypavif", "AVIF"}, {"????ftypavis", "AVIF"},
	{"????ftypheic", "HEIC"}, {"????ftypheix", "HEIC"}, {"????ftyphevc", "HEIC"}, {"????ftyphevx", "HEIC"},
	{"????ftypheim", "HEIC"}, {"????ftypheis", "HEIC"},
	{"????ftypmif1", "HEIC or AVIF"}, {"????ftypmsf1", "HEIC or AVIF"},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"}, {"\xff\x0a", "JPEG XL"},
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
	{strings.Repeat("?", 128) + "DICM", "DICOM"},
}

// magicLength is the length of the longest magic, in bytes.
const magicLength = 132

// hasMagic tells whether a file begins with a magic, in which ? is any byte.
func hasMagic(content []byte, magic string) bool {
	if len(content) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != content[i] {
			return false
		}
	}
	return true
}

// isImage tells from its first magicLength bytes whether a file is an image. One
// in a format that is not read here counts: it is then reported as bad, not passed
// over.
func isImage(head []byte) bool {
	for _, d := range decoders {
		if hasMagic(head, d.magic) {
			return true
		}
	}
	return unreadFormat(head) != ""
}

// unreadFormat names the format of an image that is not read here; "" where it
// is another file.
func unreadFormat(content []byte) string {
	for _, f := range unreadFormats {
		if hasMagic(content, f.magic) {
			return f.name
		}
	}
	return ""
}

// imageName tells whether a file calls itself an image. A file in a format
// that is not read here counts: it is then reported as bad, not passed over.
func imageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".jxl", ".jp2", ".dcm", ".dicom":
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
	whole     *Fit // how whole images become square; nil: their centre squares do

	// An image of large pixels takes up to 8 bytes each while it is decoded:
	// one at a time keeps the memory bounded however many cores there are.
	large sync.Mutex
}

const largePixels = 8 << 20

// decode fills pix, [size, size, 3], with the centre square of an image scaled
// so that its shorter side is size (Lanczos). EXIF orientation is applied,
// transparency is put on white, of a GIF's frames and a TIFF's pages the first is
// taken. size is that of the image before, upright where whole is set.
func (d *decoder) decode(content []byte, pix []uint8) (size image.Point, err error) {
	// The standard decoders are fuzzed, yet a panic in one of a million images
	// must not end a run.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder failed: %v", p)
		}
	}()
	if len(content) == 0 {
		return size, fmt.Errorf("the file is empty")
	}
	for _, format := range decoders {
		if !hasMagic(content, format.magic) {
			continue
		}
		if err := misleading(content); err != nil {
			return size, err
		}
		config, err := format.config(bytes.NewReader(content))
		if err != nil {
			return size, broken(err)
		}
		// Before anything of that size is allocated.
		width, height := padded(content, config.Width, config.Height)
		if width < 1 || height < 1 || width > d.maxPixels/height {
			return size, fmt.Errorf("it is %d×%d pixels; it must be from 1 to the %d of MaxPixels", width, height, d.maxPixels)
		}
		if width*height > largePixels {
			d.large.Lock()
			defer d.large.Unlock()
		}
		img, err := format.decode(bytes.NewReader(content))
		if err != nil {
			return size, broken(err)
		}
		if d.whole != nil {
			square, size := d.whole.apply(img, orientation(content), d.size)
			fill(pix, square)
			return size, nil
		}
		fill(pix, d.square(img, orientation(content)))
		return img.Bounds().Size(), nil
	}
	if name := unreadFormat(content); name != "" {
		with := "ffmpeg or ImageMagick"
		if name == "DICOM" { // Its values become grey levels by a window that it names.
			with = "pydicom (apply_voi_lut) or DCMTK"
		}
		return size, fmt.Errorf("it is %s, which is not read: convert it to PNG, such as with %s", name, with)
	}
	return size, fmt.Errorf("neither JPEG, PNG, GIF, WebP, BMP nor TIFF")
}

func isTIFF(content []byte) bool { return hasMagic(content, "II*\x00") || hasMagic(content, "MM\x00*") }

// padded is the size of an image with what its tiles have beyond its edges: that
// is decoded too. Only a TIFF has tiles.
func padded(content []byte, width, height int) (int, int) {
	if isTIFF(content) {
		across, _ := tiffValue(content, tiffTileWidth)
		down, _ := tiffValue(content, tiffTileLength)
		if across, down := int(across), int(down); across > 0 && down > 0 {
			return (width + across - 1) / across * across, (height + down - 1) / down * down
		}
	}
	return width, height
}

// misleading returns an error for files that their decoder takes for something
// else, or calls damaged where they are not.
func misleading(content []byte) error {
	switch {
	case hasMagic(content, "RIFF????WEBPVP8X") && len(content) > 20 && content[20]&2 != 0:
		return fmt.Errorf("it is an animated WebP, which is not read: convert it to PNG, such as with ffmpeg or ImageMagick")
	case isTIFF(content):
		if kind, _ := tiffValue(content, tiffSubfile); kind&1 != 0 {
			return fmt.Errorf("its first page is a preview, as that of a camera's raw file: convert it to PNG")
		}
		if planes, _ := tiffValue(content, tiffPlanar); planes == 2 {
			return fmt.Errorf("it is a TIFF of separate colour planes, which is not read: convert it to PNG")
		}
		compression, _ := tiffValue(content, tiffCompression)
		if black, _ := tiffValue(content, tiffPhotometric); (compression == 3 || compression == 4) && black == 1 {
			return fmt.Errorf("it is a TIFF of a fax whose zeros are black, which is not read: convert it to PNG") // It would be inverted.
		}
	}
	return nil
}

// decodeWebP brings lossy images to the range of a JPEG, which image.YCbCr
// means: their luma is from 16 to 235, and their chroma from 16 to 240 (ITU-R
// BT.601, as RFC 6386, section 9.2, has it).
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	var planes *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		planes = img
	case *image.NYCbCrA:
		planes = &img.YCbCr
	default:
		return img, err
	}
	stretch(planes.Y, 16, 219, 0)
	stretch(planes.Cb, 128, 224, 128)
	stretch(planes.Cr, 128, 224, 128)
	return img, err
}

// stretch moves the values from around one centre to around another, and scales
// their range to 255.
func stretch(plane []uint8, from, width, to float64) {
	var table [256]uint8
	for v := range table {
		table[v] = uint8(min(max(math.Round((float64(v)-from)*255/width+to), 0), 255))
	}
	for i, v := range plane {
		plane[i] = table[v]
	}
}

// decodeBMP takes the fourth byte of the pixels for unused where it is zero in all
// of them. Taken for alpha, as it is elsewhere, it would hide the whole image.
func decodeBMP(r io.Reader) (image.Image, error) {
	img, err := bmp.Decode(r)
	if n, ok := img.(*image.NRGBA); ok {
		for p := 3; p < len(n.Pix); p += 4 {
			if n.Pix[p] != 0 {
				return img, err
			}
		}
		for p := 3; p < len(n.Pix); p += 4 {
			n.Pix[p] = 255
		}
	}
	return img, err
}

func broken(err error) error {
	var (
		inJPEG jpeg.UnsupportedError
		inPNG  png.UnsupportedError
		inTIFF tiff.UnsupportedError
	)
	if errors.As(err, &inJPEG) || errors.As(err, &inPNG) || errors.As(err, &inTIFF) || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("the image is of a kind that is not read: %w", err)
	}
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
