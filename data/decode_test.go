package data

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"github.com/disintegration/imaging"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

var orange = color.NRGBA{230, 120, 40, 255}

// solid is a picture of one colour in any colour model.
func solid(dst draw.Image, c color.Color) image.Image {
	draw.Draw(dst, dst.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return dst
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bmpOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tiffOf(t testing.TB, img image.Image, compression tiff.CompressionType) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, img, &tiff.Options{Compression: compression}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webpOf is a lossless WebP of an opaque image of which no channel has more than
// two values, with the extra chunks: each pixel is a bit a channel.
// https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
func webpOf(t testing.TB, img image.Image, extra ...[]byte) []byte {
	t.Helper()
	bounds := img.Bounds()
	var stream []byte
	at := 0
	put := func(value, bits int) {
		for ; bits > 0; value, bits, at = value>>1, bits-1, at+1 {
			if at%8 == 0 {
				stream = append(stream, 0)
			}
			stream[at/8] |= byte(value&1) << (at % 8)
		}
	}
	put(0x2f, 8)
	put(bounds.Dx()-1, 14)
	put(bounds.Dy()-1, 14)
	put(0, 1+3+1+1+1) // no alpha, the version, no transform, no colour cache, one group of codes
	rgb := func(x, y int) [3]uint8 {
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		return [3]uint8{c.R, c.G, c.B}
	}
	var values [3][]uint8
	order := [3]int{1, 0, 2} // green first
	for _, c := range order {
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				if v := rgb(x, y)[c]; !slices.Contains(values[c], v) {
					values[c] = append(values[c], v)
				}
			}
		}
		if len(values[c]) > 2 {
			t.Fatalf("channel %d has values %v", c, values[c])
		}
		put(1, 1) // a simple code
		put(len(values[c])-1, 1)
		put(1, 1) // of 8 bits
		for _, v := range values[c] {
			put(int(v), 8)
		}
	}
	put(0b101|255<<3, 11) // alpha
	put(0b101, 11)        // distances: none
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			for _, c := range order {
				if len(values[c]) == 2 {
					put(slices.Index(values[c], rgb(x, y)[c]), 1)
				}
			}
		}
	}
	chunks := []byte("WEBP")
	if len(extra) > 0 {
		size := []byte{byte(bounds.Dx() - 1), 0, 0, byte(bounds.Dy() - 1), 0, 0}
		chunks = append(chunks, riffChunk("VP8X", append([]byte{8, 0, 0, 0}, size...))...)
	}
	chunks = append(chunks, riffChunk("VP8L", stream)...)
	chunks = append(chunks, bytes.Join(extra, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(chunks))), chunks...)
}

// riffChunk is a chunk of a WebP.
func riffChunk(name string, payload []byte) []byte {
	chunk := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(payload))), payload...)
	return append(chunk, make([]byte, len(payload)%2)...)
}

// unhex reads what was written by other programs, of pictures of one colour.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	content, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Files of Pillow 12, of pictures of one colour.
const (
	whiteWebP      = "524946462600000057454250565038201a0000003001009d012a1000100000c01225a400037000fefedd78000000"
	orangeWebP     = "524946463e0000005745425056503820320000001002009d012a1000100000c01225a00274ba01f801fa0003c800feeb645ffe6b9d069c97fcd76fff3880765453ff37000000"
	halfWebP       = "524946465e00000057454250565038580a000000100000000f00000f0000414c50480500000001286044040056503820320000001002009d012a1000100000c01225a00274ba01f801fa0003c800fee9691ffd364f1578cffea367ff967ec1deddff24e00000" // (200, 100, 0, 128)
	orangeCMYKJPEG = "ffd8ffee000e41646f626500640000000000ffdb0043000201010101010201010102020202020403020202020504040304060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affc000140800080008044311004d11005911004b1100ffc4001500010100000000000000000000000000000906ffc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f006613e27cfe3fffd9"
)

// decoded is the image at 8 pixels a side.
func decoded(t testing.TB, content []byte) []uint8 {
	t.Helper()
	pix := make([]uint8, 8*8*3)
	d := &decoder{size: 8, maxPixels: 1 << 20}
	if _, err := d.decode(content, pix); err != nil {
		t.Fatal(err)
	}
	return pix
}

func wantColour(t *testing.T, name string, pix []uint8, want [3]int, tolerance int) {
	t.Helper()
	for k, p := range pix {
		if d := int(p) - want[k%3]; d > tolerance || d < -tolerance {
			t.Errorf("%s: pixel %d has %v, want about %v", name, k/3, pix[k/3*3:k/3*3+3], want)
			return
		}
	}
}

func TestDecodeColourModels(t *testing.T) {
	r := image.Rect(0, 0, 20, 12)
	palette := color.Palette{color.NRGBA{0, 0, 0, 255}, orange, color.NRGBA{9, 9, 9, 255}}
	for _, c := range []struct {
		name    string
		content []byte
		want    [3]int
	}{
		{"rgb", pngOf(t, solid(image.NewNRGBA(r), orange)), [3]int{230, 120, 40}},
		{"jpeg", jpegOf(t, solid(image.NewNRGBA(r), orange)), [3]int{230, 120, 40}},
		{"grey", pngOf(t, solid(image.NewGray(r), color.Gray{77})), [3]int{77, 77, 77}},
		{"grey jpeg", jpegOf(t, solid(image.NewGray(r), color.Gray{77})), [3]int{77, 77, 77}},
		{"grey 16 bits", pngOf(t, solid(image.NewGray16(r), color.Gray16{77 << 8})), [3]int{77, 77, 77}},
		{"rgb 16 bits", pngOf(t, solid(image.NewRGBA64(r), orange)), [3]int{230, 120, 40}},
		{"palette", pngOf(t, solid(image.NewPaletted(r, palette), orange)), [3]int{230, 120, 40}},
		{"gif", gifOf(t, solid(image.NewPaletted(r, palette), orange)), [3]int{230, 120, 40}},
		{"cmyk jpeg", unhex(t, orangeCMYKJPEG), [3]int{230, 120, 40}},
		{"webp", webpOf(t, solid(image.NewNRGBA(r), orange)), [3]int{230, 120, 40}},
		{"lossy webp", unhex(t, orangeWebP), [3]int{230, 120, 40}},
		{"white lossy webp", unhex(t, whiteWebP), [3]int{255, 255, 255}},
		{"half transparent webp", unhex(t, halfWebP), [3]int{227, 177, 127}},
		{"bmp", bmpOf(t, solid(image.NewRGBA(r), orange)), [3]int{230, 120, 40}},
		{"bmp palette", bmpOf(t, solid(image.NewPaletted(r, palette), orange)), [3]int{230, 120, 40}},
		{"half transparent bmp", alphaBMP(t, 128), [3]int{227, 177, 127}},
		{"bmp without alpha", alphaBMP(t, 0), [3]int{200, 100, 0}},
		{"tiff", tiffOf(t, solid(image.NewNRGBA(r), orange), tiff.Uncompressed), [3]int{230, 120, 40}},
		{"tiff deflate", tiffOf(t, solid(image.NewRGBA(r), orange), tiff.Deflate), [3]int{230, 120, 40}},
		{"tiff 16 bits", tiffOf(t, solid(image.NewRGBA64(r), orange), tiff.Deflate), [3]int{230, 120, 40}},
		{"tiff grey 16 bits", tiffOf(t, solid(image.NewGray16(r), color.Gray16{77 << 8}), tiff.Uncompressed), [3]int{77, 77, 77}},
		{"tiff half transparent", tiffOf(t, solid(image.NewNRGBA(r), color.NRGBA{200, 100, 0, 128}), tiff.Deflate), [3]int{227, 177, 127}},
		{"half transparent", pngOf(t, solid(image.NewNRGBA(r), color.NRGBA{200, 100, 0, 128})), [3]int{227, 177, 127}},
		{"transparent", pngOf(t, solid(image.NewNRGBA(r), color.NRGBA{200, 100, 0, 0})), [3]int{255, 255, 255}},
		{"one pixel", pngOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 1, 1)), orange)), [3]int{230, 120, 40}},
		{"a strip", pngOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 1, 5000)), orange)), [3]int{230, 120, 40}},
	} {
		wantColour(t, c.name, decoded(t, c.content), c.want, 3)
	}

	// The standard library reads CMYK JPEGs and writes none: check what
	// becomes of its image.
	pix := make([]uint8, 8*8*3)
	d := &decoder{size: 8}
	fill(pix, d.square(solid(image.NewCMYK(r), orange), 1))
	wantColour(t, "cmyk", pix, [3]int{230, 120, 40}, 3)
}

// alphaBMP has 32 bits a pixel, the last 8 of which are alpha, and the header
// that has a mask for it.
func alphaBMP(t testing.TB, alpha uint8) []byte {
	const short, long = 40, 108 // lengths of the header
	content := bmpOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 20, 12)), color.NRGBA{200, 100, 0, 128}))
	content = slices.Insert(content, 14+short, make([]byte, long-short)...)
	content[10], content[14] = 14+long, long
	for p := 14 + long + 3; p < len(content); p += 4 {
		content[p] = alpha
	}
	return content
}

// TestDecodeTakesTheCentre checks scaling and cutting against imaging.Fill.
func TestDecodeTakesTheCentre(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 40, 16))
	for y := range 16 {
		for x := range 40 {
			img.SetNRGBA(x, y, color.NRGBA{uint8(6 * x), uint8(15 * y), 128, 255})
		}
	}
	want := imaging.Fill(img, 8, 8, imaging.Center, imaging.Lanczos)
	pix := decoded(t, pngOf(t, img))
	for k := range 64 {
		for c := range 3 {
			if d := int(pix[3*k+c]) - int(want.Pix[4*k+c]); d > 6 || d < -6 { // the filter does not reach across the cut
				t.Fatalf("pixel %d is %v, want about %v", k, pix[3*k:3*k+3], want.Pix[4*k:4*k+3])
			}
		}
	}
}

// exifOf is the TIFF structure that says how a camera was held.
func exifOf(order binary.ByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	if order == binary.BigEndian {
		tiff = []byte("MM\x00*\x00\x00\x00\x08")
	}
	entry := func(tag, value uint16) {
		field := make([]byte, 12)
		order.PutUint16(field, tag)
		order.PutUint16(field[2:], 3) // SHORT
		order.PutUint32(field[4:], 1)
		order.PutUint16(field[8:], value)
		tiff = append(tiff, field...)
	}
	count := make([]byte, 2)
	order.PutUint16(count, 2)
	tiff = append(tiff, count...)
	entry(0x0100, 999)
	entry(0x0112, orientation)
	return append(tiff, 0, 0, 0, 0)
}

// exifJPEG puts an orientation tag into a JPEG.
func exifJPEG(content []byte, order binary.ByteOrder, orientation uint16) []byte {
	payload := append([]byte("Exif\x00\x00"), exifOf(order, orientation)...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(payload)+2))
	segment = append(segment, payload...)
	return append(append([]byte{0xff, 0xd8}, segment...), content[2:]...)
}

// exifPNG puts an orientation tag into a PNG, behind its header.
func exifPNG(content []byte, order binary.ByteOrder, orientation uint16) []byte {
	chunk := append([]byte("eXIf"), exifOf(order, orientation)...)
	sum := crc32.ChecksumIEEE(chunk)
	chunk = append(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)), chunk...)
	return slices.Insert(bytes.Clone(content), 33, binary.BigEndian.AppendUint32(chunk, sum)...)
}

// withField puts a field of one SHORT into the directory of a TIFF of tiffOf.
func withField(content []byte, tag, value uint16) []byte {
	order := binary.LittleEndian
	at := order.Uint32(content[4:])
	count := order.Uint16(content[at:])
	fields := content[at+2:][:12*int(count)]
	directory := order.AppendUint16(nil, count+1)
	field := order.AppendUint16(nil, tag)
	field = order.AppendUint16(field, 3)
	field = order.AppendUint32(field, 1)
	field = order.AppendUint32(field, uint32(value))
	for ; len(fields) > 0 && order.Uint16(fields) < tag; fields = fields[12:] {
		directory = append(directory, fields[:12]...)
	}
	if len(fields) > 0 && order.Uint16(fields) == tag {
		fields = fields[12:]
		order.PutUint16(directory, count)
	}
	directory = append(append(append(directory, field...), fields...), 0, 0, 0, 0)
	out := append(bytes.Clone(content), directory...)
	order.PutUint32(out[4:], uint32(len(content)))
	return out
}

// upright has other colours at the top left and right.
func upright() *image.NRGBA {
	yellow := color.NRGBA{255, 255, 0, 255}
	upright := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	solid(upright, color.Black)
	draw.Draw(upright, image.Rect(0, 0, 16, 16), image.NewUniform(yellow), image.Point{}, draw.Src)       // top left
	draw.Draw(upright, image.Rect(16, 0, 32, 16), image.NewUniform(color.White), image.Point{}, draw.Src) // top right
	return upright
}

// TestDecodeOrientation turns a picture the other way, tags it, and expects it
// upright. Which corner comes where: EXIF 2.32, section 4.6.4 A.
func TestDecodeOrientation(t *testing.T) {
	upright := upright()
	want := decoded(t, jpegOf(t, upright))
	stored := map[uint16]image.Image{
		1: upright,
		2: imaging.FlipH(upright),
		3: imaging.Rotate180(upright),
		4: imaging.FlipV(upright),
		5: imaging.Transpose(upright),
		6: imaging.Rotate90(upright), // the 0th row is the visual right side: stored turned to the left
		7: imaging.Transverse(upright),
		8: imaging.Rotate270(upright),
	}
	for tag, img := range stored {
		exif := exifOf(binary.BigEndian, tag)
		for name, content := range map[string][]byte{
			"jpeg, little-endian": exifJPEG(jpegOf(t, img), binary.LittleEndian, tag),
			"jpeg, big-endian":    exifJPEG(jpegOf(t, img), binary.BigEndian, tag),
			"png":                 exifPNG(pngOf(t, img), binary.BigEndian, tag),
			"webp":                webpOf(t, img, riffChunk("EXIF", exif)),
			"webp with prefix":    webpOf(t, img, riffChunk("odd ", []byte{1}), riffChunk("EXIF", append([]byte("Exif\x00\x00"), exif...))),
			"tiff":                withField(tiffOf(t, img, tiff.Uncompressed), 0x0112, tag),
		} {
			got := decoded(t, content)
			for k := range got {
				if d := int(got[k]) - int(want[k]); d > 30 || d < -30 {
					t.Errorf("orientation %d, %s: pixel %d is %v, want %v", tag, name, k/3, got[k/3*3:k/3*3+3], want[k/3*3:k/3*3+3])
					break
				}
			}
		}
	}
	if got := orientation(exifJPEG(jpegOf(t, upright), binary.LittleEndian, 9)); got != 1 {
		t.Errorf("orientation 9 reads as %d, want 1", got)
	}
	for _, whole := range [][]byte{
		exifJPEG(jpegOf(t, upright), binary.BigEndian, 6), exifPNG(pngOf(t, upright), binary.BigEndian, 6),
		webpOf(t, upright, riffChunk("EXIF", exifOf(binary.LittleEndian, 6))), withField(tiffOf(t, upright, tiff.Deflate), 0x0112, 6),
	} {
		for n := range whole { // never a panic
			orientation(whole[:n])
		}
	}
}

// bomb is a small PNG whose header claims to be large.
func bomb(t testing.TB, width, height uint32) []byte {
	content := pngOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 4, 4)), orange))
	binary.BigEndian.PutUint32(content[16:], width)
	binary.BigEndian.PutUint32(content[20:], height)
	binary.BigEndian.PutUint32(content[29:], crc32.ChecksumIEEE(content[12:29]))
	return content
}

func TestDecodeBadImages(t *testing.T) {
	good := jpegOf(t, solid(image.NewNRGBA(image.Rect(0, 0, 64, 64)), orange))
	goodPNG := pngOf(t, imaging.New(64, 64, orange))
	damaged := bytes.Clone(goodPNG)
	damaged[len(damaged)/2] ^= 0xff
	goodTIFF := tiffOf(t, imaging.New(64, 64, orange), tiff.Uncompressed)
	goodBMP := bmpOf(t, solid(image.NewRGBA(image.Rect(0, 0, 64, 64)), orange))
	rleBMP := bytes.Clone(goodBMP)
	rleBMP[30] = 1
	goodWebP := webpOf(t, upright())
	webpBomb := bytes.Clone(goodWebP)
	copy(webpBomb[21:], []byte{0xff, 0xff, 0xff, 0x0f})
	animated := webpOf(t, upright(), riffChunk("ANIM", make([]byte, 6)))
	animated[20] = 2
	d := &decoder{size: 8, maxPixels: 1 << 20}
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "empty"},
		{"text", []byte("hello, I am a photograph"), "neither JPEG, PNG, GIF, WebP, BMP nor TIFF"},
		{"text like bmp", []byte("BMW and other cars"), "neither"},
		{"bad tiff", []byte("II*\x00\x08\x00\x00\x00garbage"), "cut short"},
		{"cut short tiff", goodTIFF[:len(goodTIFF)-40], "cut short"},
		{"tiff bomb", withField(withField(goodTIFF, 0x0100, 60_000), 0x0101, 60_000), "60000×60000 pixels"},
		{"tiff tile bomb", withField(withField(goodTIFF, 0x0142, 60_000), 0x0143, 60_000), "60000×60000 pixels"},
		{"tiff in many wide tiles", withField(withField(withField(goodTIFF, 0x0101, 2000), 0x0142, 1024), 0x0143, 8), "1024×2000 pixels"},
		{"tiff preview", withField(goodTIFF, 0x00fe, 1), "preview"},
		{"tiff planes", withField(goodTIFF, 0x011c, 2), "planes"},
		{"tiff fax", withField(withField(goodTIFF, 0x0103, 4), 0x0106, 1), "fax"},
		{"tiff of another kind", withField(goodTIFF, 0x0103, 7), "of a kind that is not read"},
		{"cut short bmp", goodBMP[:len(goodBMP)-40], "cut short"},
		{"bmp of another kind", rleBMP, "of a kind that is not read"},
		{"webp bomb", webpBomb, "16384×16384 pixels"},
		{"cut short webp", goodWebP[:len(goodWebP)-4], "cut short"},
		{"animated webp", animated, "animated WebP"},
		{"avif", []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"), "it is AVIF, which is not read: convert it"},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "it is HEIC, which is not read: convert it"},
		{"dicom", append(make([]byte, 128), "DICM\x02\x00\x00\x00UL"...), "it is DICOM, which is not read: convert it to PNG, such as with pydicom"},
		{"jpeg xl", []byte("\xff\x0a\xfa\x1f\x01\x90\x08"), "it is JPEG XL, which is not read: convert it"},
		{"cut short", good[:len(good)/2], "cut short"},
		{"only a header", good[:3], "cut short"},
		{"cut short png", goodPNG[:40], "cut short"},
		{"damaged png", damaged, "damaged"},
		{"bomb", bomb(t, 60_000, 60_000), "60000×60000 pixels"},
		{"wide bomb", bomb(t, 1<<30, 8), "MaxPixels"},
		{"overflow", bomb(t, 1<<31-1, 1<<31-1), "overflow"},
	} {
		_, err := d.decode(c.content, make([]uint8, 8*8*3))
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		wantError(t, err, c.want)
	}
}

// TestMagicLengthIsOfTheLongest: a file without a name for an image is told by that many bytes alone.
func TestMagicLengthIsOfTheLongest(t *testing.T) {
	t.Parallel()
	longest := 0
	for _, d := range decoders {
		longest = max(longest, len(d.magic))
	}
	for _, f := range unreadFormats {
		longest = max(longest, len(f.magic))
	}
	if longest != magicLength {
		t.Errorf("magicLength is %d, and the longest magic has %d bytes", magicLength, longest)
	}
}
