package data

import (
	"bytes"
	"encoding/binary"
	"image"

	"github.com/disintegration/imaging"
)

// orient is the EXIF orientation tag (TIFF 6.0, tag 0x0112): 1 is upright, 2 to
// 8 say how the camera was held.
type orient int

// apply turns an image upright.
func (o orient) apply(img *image.NRGBA) *image.NRGBA {
	switch o {
	case 2:
		return imaging.FlipH(img)
	case 3:
		return imaging.Rotate180(img)
	case 4:
		return imaging.FlipV(img)
	case 5:
		return imaging.Transpose(img)
	case 6:
		return imaging.Rotate270(img) // counter-clockwise
	case 7:
		return imaging.Transverse(img)
	case 8:
		return imaging.Rotate90(img)
	}
	return img
}

// Tags of a TIFF structure's fields (TIFF 6.0, EXIF 2.32).
const (
	tiffSubfile     = 0x00fe // bit 0: a preview of another image of the file
	tiffCompression = 0x0103 // 3 and 4: those of a fax
	tiffPhotometric = 0x0106 // 1: zeros are black
	tiffOrientation = 0x0112
	tiffPlanar      = 0x011c // 2: each colour is stored apart
	tiffTileWidth   = 0x0142
	tiffTileLength  = 0x0143
)

// orientation finds the tag in a JPEG, PNG, WebP or TIFF; 1 where there is none
// or it is damaged.
func orientation(content []byte) orient {
	var exif []byte
	switch {
	case hasMagic(content, "\xff\xd8"):
		exif = jpegEXIF(content)
	case hasMagic(content, "\x89PNG\r\n\x1a\n"):
		exif = pngEXIF(content)
	case hasMagic(content, "RIFF????WEBP"):
		exif = webpEXIF(content)
	case isTIFF(content):
		exif = content
	}
	// Some writers put a JPEG's prefix into other formats too.
	value, _ := tiffValue(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")), tiffOrientation)
	if value >= 1 && value <= 8 {
		return orient(value)
	}
	return 1
}

// jpegEXIF finds the TIFF structure of a JPEG. Segments are a marker, a
// big-endian length that counts itself, and the payload. The EXIF one, APP1,
// comes before the image data (SOS).
func jpegEXIF(content []byte) []byte {
	for rest := content[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != 0xda; {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || len(rest) < 2+length {
			return nil
		}
		if payload := rest[4 : 2+length]; rest[1] == 0xe1 && bytes.HasPrefix(payload, []byte("Exif\x00\x00")) {
			return payload
		}
		rest = rest[2+length:]
	}
	return nil
}

// pngEXIF finds the TIFF structure of a PNG. Chunks are the payload's big-endian
// length, a name, the payload and a checksum; eXIf may come anywhere.
// https://www.w3.org/TR/png-3/#eXIf
func pngEXIF(content []byte) []byte {
	for rest := content[8:]; len(rest) >= 12; {
		length := int64(binary.BigEndian.Uint32(rest))
		if length > int64(len(rest)-12) {
			return nil
		}
		if string(rest[4:8]) == "eXIf" {
			return rest[8 : 8+length]
		}
		rest = rest[12+length:]
	}
	return nil
}

// webpEXIF finds the TIFF structure of a WebP. Chunks are a name, the payload's
// little-endian length, the payload, and a byte more where that is odd.
// https://developers.google.com/speed/webp/docs/riff_container
func webpEXIF(content []byte) []byte {
	for rest := content[12:]; len(rest) >= 8; {
		length := int64(binary.LittleEndian.Uint32(rest[4:]))
		if length > int64(len(rest)-8) {
			return nil
		}
		if string(rest[:4]) == "EXIF" {
			return rest[8 : 8+length]
		}
		rest = rest[min(8+length+length%2, int64(len(rest))):]
	}
	return nil
}

// tiffValue is the value of a field in the first directory of a TIFF structure,
// the first one where it has several; false where there is none, or it isn't a
// whole number.
func tiffValue(tiff []byte, tag uint16) (value uint32, ok bool) {
	if len(tiff) < 8 {
		return 0, false
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at < 8 || at > int64(len(tiff)-2) {
		return 0, false
	}
	count := int(order.Uint16(tiff[at:]))
	for field := tiff[at+2:]; count > 0 && len(field) >= 12; field, count = field[12:], count-1 {
		if order.Uint16(field) != tag {
			continue
		}
		// The values themselves, or where they are, if they take more than 4 bytes.
		values := field[8:12]
		size := map[uint16]uint64{1: 1, 3: 2, 4: 4}[order.Uint16(field[2:])] // BYTE, SHORT, LONG
		switch n := uint64(order.Uint32(field[4:])); {
		case size == 0 || n == 0:
			return 0, false
		case n*size > 4:
			start := uint64(order.Uint32(values))
			if start+size > uint64(len(tiff)) {
				return 0, false
			}
			values = tiff[start:]
		}
		switch size {
		case 1:
			return uint32(values[0]), true
		case 2:
			return uint32(order.Uint16(values)), true
		}
		return order.Uint32(values), true
	}
	return 0, false
}
