package metric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// BootstrapOf is metric with its 95 % percentile interval over n images: the
// images are drawn anew with replacement `resamples` times. metric is called
// with the indices it may look at, first each once, for Value; it must be a
// function of them alone, which several goroutines may call at once, and must not
// keep the slice, which is used again. [Rows] picks the rows:
//
//	auc, err := metric.BootstrapOf(n, 1000, 1, func(images []int) (float64, error) {
//		return metric.ROCAUC(metric.Rows(truth, 1, images), metric.Rows(scores, 1, images))
//	})
//
// The images stand for a random sample, class counts included. A resample on
// which metric is [ErrUndefined] (no positive was drawn) is drawn again, so the
// interval is that of test sets on which the metric exists; to score it 0 would
// instead pull Low down. Where that takes more than one draw in ten, the
// condition would shape the interval, and it is an error: use
// [BootstrapStratified]. Any other error ends it.
//
// It is a pure function of its arguments; resamples must be at least 100, 1000
// being usual. One image has no interval: Low and High are then Value. What is
// biased upwards in small samples ([ECE], a maximum) has an interval that is,
// too, and Value may lie outside. Where all resamples agree (all images right)
// the interval is a point, and [Wilson] is the better choice.
//
// B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993,
// chapter 13.
func BootstrapOf(n, resamples int, seed uint64, metric func(images []int) (float64, error)) (Interval, error) {
	if n < 1 {
		return Interval{}, fmt.Errorf("metric.BootstrapOf: n is %d; it must be at least 1", n)
	}
	return bootstrap("BootstrapOf", strata{indices(n)}, resamples, seed, metric)
}

// BootstrapStratified is [BootstrapOf] drawn within strata: image i is of
// stratum strata[i], and every resample holds as many images of each stratum as
// there are. With the true classes as strata it is the right interval for a
// test set that was made with a fixed number of images a class, as CIFAR-10's
// was, and it keeps ROC-AUC and average precision defined however rare a class
// is. Strata may be any numbers, in any order. A stratum of one image is in
// every resample, so it adds no width.
func BootstrapStratified(strataOf []int, resamples int, seed uint64,
	metric func(images []int) (float64, error)) (Interval, error) {
	if len(strataOf) == 0 {
		return Interval{}, errors.New("metric.BootstrapStratified: strataOf is empty")
	}
	return bootstrap("BootstrapStratified", stratify(indices(len(strataOf)), strataOf), resamples, seed, metric)
}

// Rows picks rows of the row-major [n, dim] x: those of scores with dim =
// classes, those of labels with dim = 1. Every index must be in [0, n).
func Rows[T any](x []T, dim int, indices []int) []T {
	if dim == 1 {
		out := make([]T, len(indices))
		for i, index := range indices {
			out[i] = x[index]
		}
		return out
	}
	out := make([]T, 0, len(indices)*dim)
	for _, index := range indices {
		out = append(out, x[index*dim:(index+1)*dim]...)
	}
	return out
}

func bootstrap(name string, s strata, resamples int, seed uint64, metric func([]int) (float64, error)) (Interval, error) {
	if resamples < 100 {
		return Interval{}, fmt.Errorf("metric.%s: resamples is %d; it must be at least 100", name, resamples)
	}
	images := s.all()
	value, err := call(metric, images)
	if err != nil {
		return Interval{}, fmt.Errorf("metric.%s: metric: %w", name, err)
	}
	n := len(images)
	if n == 1 {
		return Interval{Value: value, Low: value, High: value, N: 1}, nil
	}
	values, err := s.resample(metric, resamples, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return Interval{}, fmt.Errorf("metric.%s: metric: %w", name, err)
	}
	low, high := percentiles(values)
	return Interval{Value: value, Low: low, High: high, N: n}, nil
}

// strata are images, by stratum.
type strata [][]int

// stratify groups images by of[image], strata in the order of first appearance.
// Without `of` there is one stratum.
func stratify(images, of []int) strata {
	if of == nil {
		return strata{images}
	}
	place := map[int]int{}
	var s strata
	for _, image := range images {
		at, seen := place[of[image]]
		if !seen {
			at = len(s)
			place[of[image]] = at
			s = append(s, nil)
		}
		s[at] = append(s[at], image)
	}
	return s
}

func (s strata) all() []int {
	var images []int
	for _, stratum := range s {
		images = append(images, stratum...)
	}
	return images
}

// resample is metric on `resamples` bootstrap draws on which it is defined. The draws are made one
// after the other, and measured a batch at a time on all cores: so their number changes no result.
func (s strata) resample(metric func([]int) (float64, error), resamples int, random *rand.Rand) ([]float64, error) {
	workers := min(runtime.GOMAXPROCS(0), resamples)
	batch := min(4*workers, resamples)
	drawn, values, failures := make([][]int, batch), make([]float64, batch), make([]error, batch)
	measured := batch
	return defined(resamples, func() (float64, error) {
		if measured == batch {
			for i := range drawn {
				drawn[i] = s.draw(drawn[i][:0], random)
			}
			var taken atomic.Int64
			var wait sync.WaitGroup
			for range workers {
				wait.Go(func() {
					for i := int(taken.Add(1)) - 1; i < batch; i = int(taken.Add(1)) - 1 {
						values[i], failures[i] = call(metric, drawn[i])
					}
				})
			}
			wait.Wait()
			measured = 0
		}
		measured++
		return values[measured-1], failures[measured-1]
	})
}

// draw appends as many images of each stratum as it has, drawn with replacement.
func (s strata) draw(images []int, random *rand.Rand) []int {
	for _, stratum := range s {
		n := len(stratum)
		for range stratum {
			images = append(images, stratum[random.IntN(n)])
		}
	}
	return images
}

// defined calls draw until it has given `want` values, and gives up when more
// than one call in ten was undefined.
func defined(want int, draw func() (float64, error)) ([]float64, error) {
	values := make([]float64, 0, want)
	undefined := 0
	for len(values) < want {
		v, err := draw()
		switch {
		case err == nil:
			values = append(values, v)
		case !errors.Is(err, ErrUndefined):
			return nil, err
		default:
			if undefined++; undefined > want/9 {
				return nil, fmt.Errorf("more than one draw in ten: %w: draw within strata, such as the true classes", err)
			}
		}
	}
	return values, nil
}

func call(metric func([]int) (float64, error), images []int) (float64, error) {
	v, err := metric(images)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		return 0, fmt.Errorf("its value is %g; it must be finite", v)
	}
	return v, err
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
