package data

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestDrawnOnceDrawsOnce(t *testing.T) {
	t.Parallel()
	const count, size = 50, 12
	for name, c := range map[string]struct{ bytes, want int }{"kept": {size, count}, "too large": {maxDrawnOnce/count + 1, 3 * count}} {
		d := drawnOnce{count: count, bytes: c.bytes}
		var drawn atomic.Int64
		for range 3 {
			for i := range count {
				pix := make([]uint8, size)
				d.read(i, pix, func(pix []uint8) {
					drawn.Add(1)
					for k := range pix {
						pix[k] = uint8(i)
					}
				})
				if slices.Min(pix) != uint8(i) || slices.Max(pix) != uint8(i) {
					t.Fatalf("%s: image %d is %v", name, i, pix)
				}
			}
		}
		if drawn.Load() != int64(c.want) {
			t.Errorf("%s: %d images were drawn, want %d", name, drawn.Load(), c.want)
		}
	}
}

// Workers of a loader read at once, the same image among others.
func TestLoaderOfDrawnOnceImages(t *testing.T) {
	t.Parallel()
	set, err := Patterns{Train: 20}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := Patterns{Train: 20}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 3 * set.Len() {
				pix, want := make([]uint8, 32*32*3), make([]uint8, 32*32*3)
				if err := set.Read(i%set.Len(), pix); err != nil {
					t.Error(err)
				}
				if fresh.(*patternSet).draw(i%set.Len(), want); !slices.Equal(pix, want) {
					t.Errorf("image %d is another one when it is read again", i%set.Len())
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkPatterns reports images a second on one core, drawn for the first time and read again.
func BenchmarkPatterns(b *testing.B) {
	set, err := Patterns{Train: 1000}.Open(Train)
	if err != nil {
		b.Fatal(err)
	}
	pix := make([]uint8, 32*32*3)
	b.Run("drawn", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			set.(*patternSet).draw(i%set.Len(), pix)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
	})
	b.Run("again", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := set.Read(i%set.Len(), pix); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
	})
}
