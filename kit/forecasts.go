package kit

import (
	"fmt"
	"image"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
	"sslkit/plots"
)

// Forecasts tell how far a run's predictions of the last frames of clips are from these, beside what
// needs no training. Most of a picture stays as it is, so that the mean over all pixels says little
// of the motion: Moving and Still are those of two parts.
type Forecasts struct {
	Clips  int
	All    FrameErrors // Over all pixels.
	Moving FrameErrors // Over those that change by more than 0.1 in a channel, to the last frame or to the one before it.
	Still  FrameErrors // Over the others, where a copy is off by little more than the noise.
}

// FrameErrors are mean squared errors over pixels and channels, whose values are in [0, 1]; 0 where
// there is no pixel.
type FrameErrors struct {
	Share    float64 // Of the pixels of all clips, in [0, 1].
	Forecast float64 // Of the prediction.
	Copy     float64 // Of the last frame that was seen.
	Mean     float64 // Of the mean of the frames that were seen.
}

// Gain is how much less the error of the forecast is than that of copying: 1 is no error, 0 that of
// copying, below 0 a greater one. It is 0 where nothing changes.
func (e FrameErrors) Gain() float64 {
	if e.Copy == 0 {
		return 0
	}
	return 1 - e.Forecast/e.Copy
}

// movingFrom is the change of a channel, of 255, from which on a pixel moves: more than the noise of
// data.Shapes, which is at most 0.03 in either of two frames.
const movingFrom = 26

// Forecasts predicts the last frame of every clip of a split of a source, whole and without
// augmentation, from the frames before it, and compares. The weights are those of the last
// checkpoint that the run evaluates (see Run.By). Errors: that the method is no ssl.ForecastsFrames,
// such as ssl.NextFrame, what the source cannot open, images that are no clips or of a size that
// encoder or method do not take, that there is no checkpoint.
func (r *Run) Forecasts(source data.Source, split data.Split) (Forecasts, error) {
	var sums [2]struct{ pixels, forecast, last, mean float64 } // Of still and of moving pixels.
	var f Forecasts
	err := r.forecast(source, split, nil, func(_ data.Set, _ int, frames [][]uint8, forecast []float32) error {
		f.Clips++
		truth, seen := frames[len(frames)-1], frames[:len(frames)-1]
		for at := 0; at < len(truth); at += 3 {
			sum := &sums[0]
			if moves(frames, at) {
				sum = &sums[1]
			}
			sum.pixels++
			for c := at; c < at+3; c++ {
				want, mean := float64(truth[c])/255, 0.
				for _, frame := range seen {
					mean += float64(frame[c]) / 255 / float64(len(seen))
				}
				square := func(predicted float64) float64 { return (predicted - want) * (predicted - want) / 3 }
				sum.forecast += square(float64(forecast[c]))
				sum.last += square(float64(seen[len(seen)-1][c]) / 255)
				sum.mean += square(mean)
			}
		}
		return nil
	})
	if err != nil {
		return Forecasts{}, err
	}
	all := sums[0].pixels + sums[1].pixels
	errorsOf := func(forecast, last, mean, pixels float64) FrameErrors {
		if pixels == 0 {
			return FrameErrors{}
		}
		return FrameErrors{Share: pixels / all, Forecast: forecast / pixels, Copy: last / pixels, Mean: mean / pixels}
	}
	still, moving := sums[0], sums[1]
	f.Still = errorsOf(still.forecast, still.last, still.mean, still.pixels)
	f.Moving = errorsOf(moving.forecast, moving.last, moving.mean, moving.pixels)
	f.All = errorsOf(still.forecast+moving.forecast, still.last+moving.last, still.mean+moving.mean, all)
	return f, nil
}

// moves tells whether a pixel, whose first channel is at that place, changes to the last frame or to
// the one before it.
func moves(frames [][]uint8, at int) bool {
	for f := max(len(frames)-2, 1); f < len(frames); f++ {
		for c := at; c < at+3; c++ {
			if change := int(frames[f][c]) - int(frames[f-1][c]); change >= movingFrom || change <= -movingFrom {
				return true
			}
		}
	}
	return false
}

// ForecastStrips shows some clips of a split of a source, spread evenly, a row each: the frames that
// are seen, the one that follows them, its forecast, and the copy of the last frame; and of forecast
// and copy how far each pixel is off, black where it is right and white where a channel is off by
// 0.5 or more. Errors are those of Forecasts, and clips below 1.
func (r *Run) ForecastStrips(source data.Source, split data.Split, clips int) (*plots.Figure, error) {
	if err := setting.AtLeast(1, "kit.Run.ForecastStrips: clips", clips); err != nil {
		return nil, err
	}
	var rows [][]image.Image
	var titles []string
	err := r.forecast(source, split, func(n int) []int { return data.Spread(clips, n) }, func(set data.Set, _ int, frames [][]uint8, forecast []float32) error {
		last := len(frames) - 1
		predicted := inBytes(forecast)
		strip := append(append([][]uint8{}, frames...), predicted, frames[last-1],
			offBy(predicted, frames[last]), offBy(frames[last-1], frames[last]))
		height, width := set.Size()
		var row []image.Image
		for _, pix := range strip {
			picture, err := plots.Picture(pix, height, width)
			if err != nil {
				return err
			}
			row = append(row, picture)
		}
		rows = append(rows, row)
		if titles == nil {
			for f := range last {
				titles = append(titles, fmt.Sprintf("frame %d", f+1))
			}
			titles = append(titles, fmt.Sprintf("frame %d, the truth", last+1), "forecast", "copy of the last", "forecast is off by", "copy is off by")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return plots.ImageGrid(fmt.Sprintf("The next frame of %s, told by %s", source.Name(), r.Recipe.Method.Name()), rows, nil, titles)
}

// offBy is a grey picture of the largest difference of a channel, twice as bright as it is.
func offBy(a, b []uint8) []uint8 {
	off := make([]uint8, len(a))
	for at := 0; at < len(a); at += 3 {
		largest := 0
		for c := at; c < at+3; c++ {
			largest = max(largest, int(a[c])-int(b[c]), int(b[c])-int(a[c]))
		}
		for c := at; c < at+3; c++ {
			off[c] = uint8(min(2*largest, 255))
		}
	}
	return off
}

// MotionFeatures are what a method that forecasts frames, such as ssl.NextFrame, knows of the frames
// of each clip of a split of a source together, but of the last, which it is to tell: [images, dim],
// where NextFrame's dim is its Hidden, with the labels of the source. Features, which are of single images, know nothing of motion. They
// are computed from the last checkpoint, which holds the predictor, with the weights that the run
// evaluates (see Run.By). Errors are those of Forecasts.
func (r *Run) MotionFeatures(source data.Source, split data.Split) (eval.Features, error) {
	var features eval.Features
	err := r.onClips("motion", source, split, func(set data.Set, item data.Item, store *model.Store, w Weights, hash string) error {
		features = describe(set)
		features.Name = source.Name() + "'s motion/" + split.String()
		features.Encoder, features.Weights = hashOf(w, hash), w.String()
		features.Rehash = func() (string, error) {
			hash, err := rundir.Dir(r.Dir).KeptHash()
			return hashOf(w, hash), err
		}
		height, width := set.Size()
		forward, err := forwardOf(store, w, item, set.Len(), height, width, r.Recipe.model().Motion)
		if err != nil {
			return err
		}
		defer forward.Close()
		features.X, features.Dim, err = forward.Over(set)
		return err
	})
	return features, err
}

// forecast hands over clips of a split, all of them where choose is nil, with the forecast of the
// last frame: frames are [height, width, 3] each, and so is the forecast, with values in [0, 1].
func (r *Run) forecast(source data.Source, split data.Split, choose func(n int) []int,
	use func(set data.Set, clip int, frames [][]uint8, forecast []float32) error,
) error {
	return r.onClips("forecasts", source, split, func(set data.Set, item data.Item, store *model.Store, w Weights, _ string) error {
		images := set.Len()
		var clips []int
		if choose != nil {
			clips = choose(images)
			images = len(clips)
		}
		height, width := set.Size()
		forward, err := forwardOf(store, w, item, images, height, width, r.Recipe.model().Forecasts)
		if err != nil {
			return err
		}
		defer forward.Close()
		return forward.ByPass(set, clips, func(pass []int, x []float32, dim int) error {
			pix, err := item.Pixels(set, pass, 0)
			if err != nil {
				return err
			}
			for k, clip := range pass {
				frames := make([][]uint8, item.Frames)
				for f := range frames {
					at := (k*item.Frames + f) * dim
					frames[f] = pix[at : at+dim]
				}
				if err := use(set, clip, frames, x[k*dim:(k+1)*dim]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// onClips opens a split of a source of clips and the last checkpoint, whose variables are in store
// and whose hash is given, and lets do work with both. Errors say what was asked for.
func (r *Run) onClips(what string, source data.Source, split data.Split,
	do func(set data.Set, item data.Item, store *model.Store, w Weights, hash string) error,
) error {
	if err := r.check(); err != nil {
		return err
	}
	fail := func(err error) error {
		return fmt.Errorf("%s of %s's %s split in %s: %w", what, source.Name(), split, r.Dir, err)
	}
	method, ok := ssl.Find[ssl.ForecastsFrames](r.Recipe.Method)
	if !ok {
		return fail(fmt.Errorf("method %s forecasts no frames; it must be an ssl.ForecastsFrames, such as ssl.NextFrame", r.Recipe.Method.Name()))
	}
	item := data.Item{Frames: method.Frames()}
	if err := r.onKept(source, split, item, func(set data.Set, store *model.Store, w Weights, hash string) error {
		return do(set, item, store, w, hash)
	}); err != nil {
		return fail(err)
	}
	return nil
}
