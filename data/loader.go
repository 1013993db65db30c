package data

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Batch is what one training step reads. Its slices belong to the caller.
type Batch struct {
	Step    int     // which step reads it, from 0
	Indices []int   // [batch] which images of the set
	Images  int     // for every index: 1, or Item.Images of a loader of items
	Pix     []uint8 // [batch, Images, height, width, 3]
	Labels  []int32 // [batch], -1 where unlabelled

	Captions []string // [batch], one of each image's; nil where the loader's Item has no Captions

	// Boxes are [batch, Item.Objects, 4]: x0, y0, x1, y1 in pixels of the set's images, see [Rect].
	// BoxClasses are [batch, Item.Objects]: the object's class, [IgnoredObject] for the box of a
	// crowd, [NoObject] where the image has no more. Both are nil where Item.Objects is 0.
	Boxes      []float32
	BoxClasses []int32

	Masks []uint8 // [batch, height, width], the class of each pixel or IgnoredPixel; nil without Item.Mask
}

// Loader reads the batches of an order ahead of the training loop, on all
// cores, and hands them over in step order. What it yields depends only on the
// set and the order, never on timing. It reads at most 256 MiB ahead, however many
// cores there are, or two batches where these are larger.
type Loader struct {
	pending chan *reading // in step order; its capacity bounds the memory
	stop    chan struct{}
	once    sync.Once
	work    sync.WaitGroup

	mu     sync.Mutex // serialises Next
	err    error      // what Next returns from here on
	waited time.Duration
}

// maxAhead bounds the bytes of batches that are read ahead.
const maxAhead = 256 << 20

// reading is a batch of which images may still have to be read.
type reading struct {
	batch Batch
	left  atomic.Int64  // images to go
	done  chan struct{} // closed when none is left

	mu     sync.Mutex
	err    error // of the first image in the batch that failed
	failed int   // which that is
}

// fail notes that place k of the batch could not be read.
func (r *reading) fail(k int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil || k < r.failed {
		r.err, r.failed = err, k
	}
}

// errClosed is what Next returns after Close.
var errClosed = errors.New("data: the loader is closed")

// NewLoader starts to read steps start, start+1, ..., end-1 of an order over a
// set. Bad arguments (an order that does not pass [Order.Check] or is for
// another number of images, steps out of range) come out of the first Next.
// Close it when done.
func NewLoader(set Set, order Order, start, end int) *Loader {
	return NewItemLoader(set, Item{}, order, start, end)
}

// NewItemLoader is [NewLoader] for items: what is read of a clip or an object is
// a function of the order's seed, the step and the place in the batch. An item
// that does not pass [Item.Check] comes out of the first Next.
func NewItemLoader(set Set, item Item, order Order, start, end int) *Loader {
	workers := runtime.GOMAXPROCS(0)
	height, width := set.Size()
	size := item.bytes(height * width)
	ahead := max(2, min(workers+1, maxAhead/max(1, order.Batch*size)))
	l := &Loader{pending: make(chan *reading, ahead), stop: make(chan struct{})}
	switch {
	case order.Check() != nil:
		l.err = order.Check()
	case order.Len != set.Len():
		l.err = fmt.Errorf("data.Order: Len is %d, but %s has %d images", order.Len, set.Name(), set.Len())
	case start < 0 || end < start:
		l.err = fmt.Errorf("data: the loader's steps are %d to %d; they must be 0 ≤ start ≤ end", start, end)
	}
	if l.err == nil {
		l.err = item.Check(set)
	}
	if l.err != nil {
		return l
	}

	// Workers share the images of a batch, so that the one that is needed next is there
	// first. They take several small ones at a time.
	type job struct {
		*reading
		from, to int
	}
	block := max(1, min(16, 64<<10/max(1, size)))
	jobs := make(chan job)
	for range workers {
		l.work.Go(func() {
			for j := range jobs {
				readItems(set, item, order.Seed, j.reading, j.from, j.to)
				if n := int64(j.to - j.from); j.left.Add(-n) == 0 {
					close(j.done)
				}
			}
		})
	}
	l.work.Go(func() {
		defer close(l.pending)
		defer close(jobs)
		var permutation []int
		epoch := -1
		for step := start; step < end; step++ {
			if e := step / order.stepsPerEpoch(); e != epoch {
				epoch, permutation = e, order.permutation(e)
			}
			r := &reading{done: make(chan struct{})}
			select {
			case l.pending <- r:
			case <-l.stop:
				return
			}
			r.batch = newBatch(step, order.slice(permutation, step), item, height*width)
			n := len(r.batch.Indices)
			r.left.Store(int64(n))
			for from := 0; from < n; from += block {
				select {
				case jobs <- job{r, from, min(from+block, n)}:
				case <-l.stop:
					return
				}
			}
		}
	})
	return l
}

// Next returns the next batch, io.EOF after the last, or the error of reading
// it, which names the step, set and image. After an error every later call
// returns the same one.
func (l *Loader) Next() (Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return Batch{}, l.err
	}
	select {
	case <-l.stop: // wins over batches that are already read
		l.err = errClosed
		return Batch{}, l.err
	default:
	}
	began := time.Now()
	defer func() { l.waited += time.Since(began) }()
	var next *reading
	var more bool
	select {
	case next, more = <-l.pending:
		if !more {
			l.err = io.EOF
			select {
			case <-l.stop: // the producer gave up; it did not finish
				l.err = errClosed
			default:
			}
			return Batch{}, l.err
		}
	case <-l.stop:
		l.err = errClosed
		return Batch{}, l.err
	}
	select {
	case <-next.done:
		if next.err != nil {
			l.err = next.err
			return Batch{}, l.err
		}
		return next.batch, nil
	case <-l.stop: // its images may never have been read
		l.err = errClosed
		return Batch{}, l.err
	}
}

// Waited is how long Next has waited for batches so far: the time that the images
// cost, beyond what is read while the training loop does something else.
func (l *Loader) Waited() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waited
}

// Close stops reading ahead and waits until no read is under way, so that the
// set may be closed after it. It may be called twice, and while Next waits.
func (l *Loader) Close() {
	l.once.Do(func() { close(l.stop) })
	l.work.Wait()
}

// newBatch is a batch without what is read, of images of so many pixels.
func newBatch(step int, indices []int, item Item, pixels int) Batch {
	n := len(indices)
	b := Batch{
		Step: step, Indices: indices, Images: item.Images(),
		Pix: make([]uint8, n*item.Images()*pixels*3), Labels: make([]int32, n),
	}
	if item.Objects > 0 {
		b.Boxes, b.BoxClasses = make([]float32, n*item.Objects*4), make([]int32, n*item.Objects)
	}
	if item.Mask {
		b.Masks = make([]uint8, n*pixels)
	}
	if item.Captions {
		b.Captions = make([]string, n)
	}
	return b
}

// readItems reads places from to to-1 of a batch.
func readItems(set Set, item Item, seed uint64, r *reading, from, to int) {
	b := &r.batch
	size := len(b.Pix) / len(b.Indices)
	for k := from; k < to; k++ {
		i, draw := b.Indices[k], itemDraw(seed, b.Step, k)
		err := item.read(set, i, draw, b.Pix[k*size:(k+1)*size])
		if err == nil && item.Captions {
			b.Captions[k], err = item.caption(set, i, draw)
		}
		if m := item.Objects; err == nil && m > 0 {
			err = putObjects(set, i, b.Boxes[k*m*4:(k+1)*m*4], b.BoxClasses[k*m:(k+1)*m])
		}
		if m := len(b.Masks) / len(b.Indices); err == nil && m > 0 {
			err = DenseOf{set}.ReadMask(i, b.Masks[k*m:(k+1)*m])
		}
		if err != nil {
			r.fail(k, fmt.Errorf("data: reading step %d of %s, image %d: %w", b.Step, set.Name(), i, err))
			return
		}
		b.Labels[k] = int32(set.Label(i))
	}
}

// Pixels reads the given images of a set, in the given order, on all cores:
// [len(indices), height, width, 3].
func Pixels(set Set, indices []int) ([]uint8, error) { return Item{}.Pixels(set, indices, 0) }

// parallel calls do(0) ... do(n-1) on all cores, and returns the error of the
// lowest index that failed. It stops early on an error.
func parallel(n int, do func(i int) error) error {
	const block = 16 // indices a worker takes at a time
	var next atomic.Int64
	var failed atomic.Bool
	var mu sync.Mutex
	var first error
	at := n
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+block-1)/block) {
		wg.Go(func() {
			for !failed.Load() {
				start := int(next.Add(block)) - block
				for i := start; i < min(start+block, n); i++ {
					if err := do(i); err != nil {
						mu.Lock()
						if i < at {
							at, first = i, err
						}
						mu.Unlock()
						failed.Store(true)
						return
					}
				}
				if start+block >= n {
					return
				}
			}
		})
	}
	wg.Wait()
	return first
}
