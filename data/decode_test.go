package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/disintegration/imaging"
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

// decoded is the image at 8 pixels a side.
func decoded(t testing.TB, content []byte) []uint8 {
	t.Helper()
	pix := make([]uint8, 8*8*3)
	d := &decoder{size: 8, maxPixels: 1 << 20}
	if err := d.decode(content, pix); err != nil {
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

// exifJPEG puts an orientation tag into a JPEG.
func exifJPEG(content []byte, order binary.ByteOrder, orientation uint16) []byte {
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
	payload := append([]byte("Exif\x00\x00"), append(tiff, 0, 0, 0, 0)...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(payload)+2))
	segment = append(segment, payload...)
	return append(append([]byte{0xff, 0xd8}, segment...), content[2:]...)
}

// TestDecodeOrientation turns a picture the other way, tags it, and expects it
// upright. Which corner comes where: EXIF 2.32, section 4.6.4 A.
func TestDecodeOrientation(t *testing.T) {
	upright := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	solid(upright, color.Black)
	draw.Draw(upright, image.Rect(0, 0, 16, 16), image.NewUniform(orange), image.Point{}, draw.Src)       // top left
	draw.Draw(upright, image.Rect(16, 0, 32, 16), image.NewUniform(color.White), image.Point{}, draw.Src) // top right
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
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			got := decoded(t, exifJPEG(jpegOf(t, img), order, tag))
			for k := range got {
				if d := int(got[k]) - int(want[k]); d > 30 || d < -30 {
					t.Errorf("orientation %d, %v: pixel %d is %v, want %v", tag, order, k/3, got[k/3*3:k/3*3+3], want[k/3*3:k/3*3+3])
					break
				}
			}
		}
	}
	if got := orientation(exifJPEG(jpegOf(t, upright), binary.LittleEndian, 9)); got != 1 {
		t.Errorf("orientation 9 reads as %d, want 1", got)
	}
	whole := exifJPEG(jpegOf(t, upright), binary.BigEndian, 6)
	for n := range 120 { // never a panic
		orientation(whole[:n])
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
	d := &decoder{size: 8, maxPixels: 1 << 20}
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "empty"},
		{"text", []byte("hello, I am a photograph"), "neither JPEG, PNG nor GIF"},
		{"tiff", []byte("II*\x00\x08\x00\x00\x00garbage"), "neither"},
		{"cut short", good[:len(good)/2], "cut short"},
		{"only a header", good[:3], "cut short"},
		{"cut short png", goodPNG[:40], "cut short"},
		{"damaged png", damaged, "damaged"},
		{"bomb", bomb(t, 60_000, 60_000), "60000×60000 pixels"},
		{"wide bomb", bomb(t, 1<<30, 8), "MaxPixels"},
		{"overflow", bomb(t, 1<<31-1, 1<<31-1), "overflow"},
	} {
		err := d.decode(c.content, make([]uint8, 8*8*3))
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		wantError(t, err, c.want)
	}
}

// FuzzDecode: whatever the bytes, an error or an image, never a panic.
func FuzzDecode(f *testing.F) {
	img := solid(image.NewNRGBA(image.Rect(0, 0, 9, 7)), orange)
	f.Add(pngOf(f, img))
	f.Add(jpegOf(f, img))
	f.Add(gifOf(f, solid(image.NewPaletted(image.Rect(0, 0, 9, 7), color.Palette{orange, color.White}), orange)))
	f.Add(exifJPEG(jpegOf(f, img), binary.BigEndian, 6))
	f.Fuzz(func(t *testing.T, content []byte) {
		d := &decoder{size: 4, maxPixels: 1 << 16}
		_ = d.decode(content, make([]uint8, 4*4*3))
		orientation(content)
	})
}
