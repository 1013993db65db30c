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

// orientation finds the tag in a JPEG; 1 where there is none or it is damaged.
func orientation(content []byte) orient {
	if !bytes.HasPrefix(content, []byte{0xff, 0xd8}) {
		return 1
	}
	// Segments: marker, big-endian length that counts itself, payload. The
	// EXIF one, APP1, comes before the image data (SOS).
	for rest := content[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != 0xda; {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || len(rest) < 2+length {
			return 1
		}
		payload := rest[4 : 2+length]
		if tiff, ok := bytes.CutPrefix(payload, []byte("Exif\x00\x00")); ok && rest[1] == 0xe1 {
			return tiffOrientation(tiff)
		}
		rest = rest[2+length:]
	}
	return 1
}

// tiffOrientation reads the first directory of a TIFF structure.
func tiffOrientation(tiff []byte) orient {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at > len(tiff)-2 {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	for at += 2; count > 0 && at+12 <= len(tiff); at, count = at+12, count-1 {
		if order.Uint16(tiff[at:]) != 0x0112 {
			continue
		}
		if o := orient(order.Uint16(tiff[at+8:])); o >= 1 && o <= 8 {
			return o
		}
		return 1
	}
	return 1
}
