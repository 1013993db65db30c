package data

import (
	"sync"
	"sync/atomic"
)

// maxDrawnOnce bounds the bytes of images that are kept in memory.
const maxDrawnOnce = 128 << 20

// drawnOnce keeps the images of a drawn set from the first time that each is read: drawing one can
// take longer than training on it. Where all of them do not fit it keeps none.
type drawnOnce struct {
	count, bytes int // images, and bytes of each

	once  sync.Once
	pix   []uint8         // [count, bytes]
	state []atomic.Uint32 // [count], what is in pix of each image
}

// The states of an image.
const (
	notDrawn = iota
	beingKept
	kept
)

// read copies image i to pix, which draw draws where it is not kept. It may be called from several
// goroutines.
func (d *drawnOnce) read(i int, pix []uint8, draw func(pix []uint8)) {
	if d.count*d.bytes > maxDrawnOnce {
		draw(pix)
		return
	}
	d.once.Do(func() { d.pix, d.state = make([]uint8, d.count*d.bytes), make([]atomic.Uint32, d.count) })
	here := d.pix[i*d.bytes : (i+1)*d.bytes]
	if d.state[i].Load() == kept {
		copy(pix, here)
		return
	}
	draw(pix)
	if d.state[i].CompareAndSwap(notDrawn, beingKept) {
		copy(here, pix)
		d.state[i].Store(kept)
	}
}
