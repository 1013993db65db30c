package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
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
