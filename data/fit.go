package data

import (
	"image"
	"image/color"
	"math"

	"github.com/disintegration/imaging"

	"sslkit/kit/setting"
)

// Fit says how a whole image of any size becomes a square one, and its boxes and masks with it.
type Fit int

const (
	// Letterbox scales it so that its longer side fits, and puts it in the middle of a grey square.
	// What is around it has no class ([IgnoredPixel]).
	Letterbox Fit = iota
	// Stretch scales its width and its height each to the square's, so that shapes change.
	Stretch
)

func (f Fit) check(field string) error {
	return setting.Must(f == Letterbox || f == Stretch, field, int(f), "Letterbox or Stretch")
}

// aroundImage is the grey of YOLO's letterboxes.
var aroundImage = color.NRGBA{114, 114, 114, 255}

// frame is where an image of the given size lies in a square of that side: at least a pixel.
func (f Fit) frame(width, height, side int) image.Rectangle {
	if f == Stretch {
		return image.Rect(0, 0, side, side)
	}
	longer := float64(max(width, height))
	w := max(1, int(math.Round(float64(width)*float64(side)/longer)))
	h := max(1, int(math.Round(float64(height)*float64(side)/longer)))
	at := image.Pt((side-w)/2, (side-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// apply is the square of an image, upright, and the size that the image has upright.
func (f Fit) apply(img image.Image, turn orient, side int) (*image.NRGBA, image.Point) {
	size := img.Bounds().Size()
	onItsSide := turn >= 5
	if onItsSide {
		size.X, size.Y = size.Y, size.X
	}
	frame := f.frame(size.X, size.Y, side)
	width, height := frame.Dx(), frame.Dy()
	if onItsSide {
		width, height = height, width
	}
	// The axis first that leaves fewer pixels: a strip would grow to gigabytes on the way.
	if b := img.Bounds(); b.Dx()*height < width*b.Dy() {
		img = imaging.Resize(img, b.Dx(), height, imaging.Lanczos)
	}
	scaled := turn.apply(imaging.Resize(img, width, height, imaging.Lanczos))
	return imaging.Paste(imaging.New(side, side, aroundImage), scaled, frame.Min), size
}

// box moves a box from an image of the given size to its square.
func (f Fit) box(b [4]float64, width, height, side int) Rect {
	frame := f.frame(width, height, side)
	x, y := float64(frame.Dx())/float64(width), float64(frame.Dy())/float64(height)
	left, top := float64(frame.Min.X), float64(frame.Min.Y)
	return Rect{float32(left + x*b[0]), float32(top + y*b[1]), float32(left + x*b[2]), float32(top + y*b[3])}
}

// mask fills that of the square from that of an image of the given size: pixel (x, y) of the image is
// at(x, y), the nearest one counts, and around is what lies around the image.
func (f Fit) mask(mask []uint8, width, height, side int, around uint8, at func(x, y int) uint8) {
	frame := f.frame(width, height, side)
	for i := range mask {
		p := image.Pt(i%side, i/side)
		if mask[i] = around; p.In(frame) {
			p = p.Sub(frame.Min) // The image's pixel that holds its middle.
			mask[i] = at((2*p.X+1)*width/(2*frame.Dx()), (2*p.Y+1)*height/(2*frame.Dy()))
		}
	}
}
