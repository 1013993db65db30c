package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"sync"

	"sslkit/kit/setting"
)

// planes are images of one size as files of arrays hold them: uint8, grey or
// RGB interleaved, one after the other.
type planes struct {
	height, width int
	channels      int     // 1 or 3
	pix           []uint8 // [n, height, width, channels]
}

// bytes is the length of an image.
func (p planes) bytes() int { return p.height * p.width * p.channels }

// choose keeps the given images, in that order.
func (p planes) choose(indices []int) planes {
	chosen := make([]uint8, 0, len(indices)*p.bytes()) // lets go of the rest
	for _, i := range indices {
		chosen = append(chosen, p.pix[i*p.bytes():(i+1)*p.bytes()]...)
	}
	p.pix = chosen
	return p
}

// resize scales all images to squares as [ImageFolder] does: the centre square,
// by Lanczos's filter.
func (p planes) resize(size int) planes {
	if size == 0 || (p.height == size && p.width == size) {
		return p
	}
	n := len(p.pix) / p.bytes()
	out := planes{height: size, width: size, channels: p.channels, pix: make([]uint8, n*size*size*p.channels)}
	d := &decoder{size: size}
	_ = parallel(n, func(i int) error { // do never fails
		scaled := d.square(p.image(i), 1)
		to := out.pix[i*out.bytes() : (i+1)*out.bytes()]
		for k := range size * size {
			copy(to[k*p.channels:(k+1)*p.channels], scaled.Pix[4*k:4*k+3])
		}
		return nil
	})
	return out
}

// image is image i; a grey one shares its pixels.
func (p planes) image(i int) image.Image {
	from := p.pix[i*p.bytes() : (i+1)*p.bytes()]
	bounds := image.Rect(0, 0, p.width, p.height)
	if p.channels == 1 {
		return &image.Gray{Pix: from, Stride: p.width, Rect: bounds}
	}
	img := image.NewNRGBA(bounds)
	for k := range p.height * p.width {
		copy(img.Pix[4*k:], from[3*k:3*k+3])
		img.Pix[4*k+3] = 255
	}
	return img
}

// planesSet is a [Set] of them in memory; grey images are read as RGB of equal
// channels.
type planesSet struct {
	name    string
	classes []string
	labels  []int
	planes

	once        sync.Once
	fingerprint string
}

func (s *planesSet) Name() string              { return s.name }
func (s *planesSet) Len() int                  { return len(s.labels) }
func (s *planesSet) Size() (height, width int) { return s.height, s.width }
func (s *planesSet) Classes() []string         { return s.classes }
func (s *planesSet) Label(i int) int           { return s.labels[i] }
func (s *planesSet) Close() error              { return nil }

func (s *planesSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	from := s.pix[i*s.bytes() : (i+1)*s.bytes()]
	if s.channels == 3 {
		copy(pix, from)
		return nil
	}
	for k, v := range from {
		pix[3*k], pix[3*k+1], pix[3*k+2] = v, v, v
	}
	return nil
}

func (s *planesSet) Fingerprint() string {
	s.once.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "planes %d×%d×%d %q %d\n", s.height, s.width, s.channels, s.classes, s.labels)
		h.Write(s.pix)
		s.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return s.fingerprint
}

// checkPlanes returns an error that names the field and the allowed range of a
// bad setting of a source of that name, such as data.MNIST.
func checkPlanes(name string, size, train, validation, test int, noValidation string) error {
	return cmp.Or(
		setting.Must(size >= 0 && size <= maxSide, name+": Size", size, fmt.Sprintf("in [1, %d]", maxSide), "as stored"),
		checkCounts(name, train, validation, test, noValidation))
}
