package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// countingSet has 2×3 images whose bytes are their index, and can fail.
type countingSet struct {
	n      int
	fail   int // index of an image that cannot be read; 0: none
	closed atomic.Bool
}

func (s *countingSet) Name() string        { return "counting/train" }
func (s *countingSet) Len() int            { return s.n }
func (s *countingSet) Size() (int, int)    { return 2, 3 }
func (s *countingSet) Classes() []string   { return []string{"even", "odd"} }
func (s *countingSet) Label(i int) int     { return i % 2 }
func (s *countingSet) Fingerprint() string { return "" }
func (s *countingSet) Close() error        { s.closed.Store(true); return nil }

func (s *countingSet) Read(i int, pix []uint8) error {
	if err := checkRead(s, i, pix); err != nil {
		return err
	}
	if s.closed.Load() {
		return errors.New("read after close")
	}
	if s.fail > 0 && i == s.fail {
		return errors.New("unreadable")
	}
	for k := range pix {
		pix[k] = uint8(i)
	}
	return nil
}

func TestLoaderYieldsTheOrder(t *testing.T) {
	set := &countingSet{n: 100}
	order := Order{Len: 100, Batch: 7, Seed: 3}
	const start, end = 5, 60
	l := NewLoader(set, order, start, end)
	defer l.Close()
	for step := start; step < end; step++ {
		b, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		if b.Step != step || !slices.Equal(b.Indices, order.Indices(step)) {
			t.Fatalf("step %d of %v, want step %d of %v", b.Step, b.Indices, step, order.Indices(step))
		}
		for k, i := range b.Indices {
			if !bytes.Equal(b.Pix[k*18:(k+1)*18], bytes.Repeat([]byte{uint8(i)}, 18)) || b.Labels[k] != int32(i%2) {
				t.Fatalf("step %d: row %d is not image %d", step, k, i)
			}
		}
	}
	for range 2 {
		if _, err := l.Next(); err != io.EOF {
			t.Fatalf("after the last step: %v, want io.EOF", err)
		}
	}
}

func TestLoaderErrors(t *testing.T) {
	next := func(set Set, order Order, start, end int) error {
		l := NewLoader(set, order, start, end)
		defer l.Close()
		for {
			if _, err := l.Next(); err != nil {
				_, again := l.Next()
				if again != err {
					t.Errorf("a second Next gives %v after %v", again, err)
				}
				return err
			}
		}
	}
	set := &countingSet{n: 20}
	wantError(t, next(set, Order{Len: 20, Batch: 21}, 0, 1), "data.Order: Batch", "21")
	wantError(t, next(set, Order{Len: 19, Batch: 2}, 0, 1), "data.Order: Len is 19", "20 images")
	wantError(t, next(set, Order{Len: 20, Batch: 2}, 3, 2), "3 to 2")
	wantError(t, next(&countingSet{n: 20, fail: 13}, Order{Len: 20, Batch: 2}, 0, 10), "step", "counting/train", "image 13", "unreadable")
	if err := next(set, Order{Len: 20, Batch: 2}, 4, 4); err != io.EOF {
		t.Errorf("no steps give %v, want io.EOF", err)
	}
}

// largeSet has images of 48 MiB that nobody touches, and counts how often they are read.
type largeSet struct {
	countingSet
	reads  atomic.Int64
	during func() // every read
}

func (s *largeSet) Size() (int, int) { return 4096, 4096 }

func (s *largeSet) Read(int, []uint8) error {
	s.reads.Add(1)
	if s.during != nil {
		s.during()
	}
	return nil
}

// TestLoaderBoundsMemory: what is read ahead does not grow with the cores.
func TestLoaderBoundsMemory(t *testing.T) { // Not parallel: it sets GOMAXPROCS.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	const batch = 4
	set := &largeSet{countingSet: countingSet{n: 100}}
	l := NewLoader(set, Order{Len: set.n, Batch: batch}, 0, 20)
	defer l.Close()
	for began := time.Now(); set.reads.Load() < 2*batch; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			t.Fatalf("%d images are read ahead, want two batches of %d", set.reads.Load(), batch)
		}
	}
	time.Sleep(50 * time.Millisecond)
	if reads := set.reads.Load(); reads != 2*batch {
		t.Errorf("%d images of 48 MiB are read ahead, want two batches of %d", reads, batch)
	}
}

// TestLoaderReadsABatchOnAllCores: reads of one batch go on at the same time.
func TestLoaderReadsABatchOnAllCores(t *testing.T) { // Not parallel: it sets GOMAXPROCS.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	other := make(chan struct{})
	var alone atomic.Int64
	set := &largeSet{countingSet: countingSet{n: 2}, during: func() {
		select {
		case other <- struct{}{}:
		case <-other:
		case <-time.After(5 * time.Minute):
			alone.Add(1)
		}
	}}
	l := NewLoader(set, Order{Len: set.n, Batch: 2}, 0, 1)
	defer l.Close()
	if _, err := l.Next(); err != nil || alone.Load() > 0 {
		t.Errorf("%d images were read one after the other, %v", alone.Load(), err)
	}
}

// TestLoaderNamesTheFirstImageThatFails of a batch, whichever is read first.
func TestLoaderNamesTheFirstImageThatFails(t *testing.T) {
	t.Parallel()
	for range 20 {
		set := &failingSet{countingSet{n: 300}}
		order := Order{Len: set.n, Batch: 300, Seed: 1}
		l := NewLoader(set, order, 0, 1)
		_, err := l.Next()
		l.Close()
		wantError(t, err, fmt.Sprintf("image %d:", order.Indices(0)[0]))
	}
}

type failingSet struct{ countingSet }

func (*failingSet) Read(int, []uint8) error { return errors.New("unreadable") }

func TestLoaderWaited(t *testing.T) {
	t.Parallel()
	const takes = 30 * time.Millisecond
	set := &largeSet{countingSet: countingSet{n: 2}, during: func() { time.Sleep(takes) }}
	l := NewLoader(set, Order{Len: set.n, Batch: 1}, 0, 2)
	defer l.Close()
	for range 2 {
		if _, err := l.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if waited := l.Waited(); waited < takes*9/10 {
		t.Errorf("it waited for %v, want at least %v", waited, takes)
	}
}

func TestLoaderClose(t *testing.T) {
	set := &countingSet{n: 1000}
	l := NewLoader(set, Order{Len: 1000, Batch: 10}, 0, 1<<40)
	if _, err := l.Next(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l.Close()
	set.Close() // no read is under way any more
	if _, err := l.Next(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Next after Close: %v", err)
	}
}

func TestPixels(t *testing.T) {
	set := &countingSet{n: 200}
	indices := []int{199, 0, 7, 7, 100}
	pix, err := Pixels(set, indices)
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range indices {
		if !bytes.Equal(pix[k*18:(k+1)*18], bytes.Repeat([]byte{uint8(i)}, 18)) {
			t.Errorf("row %d is not image %d", k, i)
		}
	}
	_, err = Pixels(set, []int{0, 200})
	wantError(t, err, "image 200", "[0, 200)")
	if pix, err := Pixels(set, nil); err != nil || len(pix) != 0 {
		t.Errorf("no images: %d bytes, %v", len(pix), err)
	}
}

func TestParallelReturnsTheLowestError(t *testing.T) {
	err := parallel(1000, func(i int) error {
		if i%2 == 1 {
			return fmt.Errorf("index %d", i)
		}
		return nil
	})
	wantError(t, err, "index ")
	var calls atomic.Int64
	if err := parallel(999, func(int) error { calls.Add(1); return nil }); err != nil || calls.Load() != 999 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}
