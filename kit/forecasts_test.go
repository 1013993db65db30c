package kit

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// fading is a method that forecasts a share of the frame before the last one that is seen, and the
// rest of the last.
type fading struct {
	ssl.NextFrame
	share float64
}

func (f fading) WithDefaults() ssl.Method {
	f.NextFrame = f.NextFrame.WithDefaults().(ssl.NextFrame)
	return f
}

func (f fading) Forecast(_ ssl.Network, seen []*Node) *Node {
	last := len(seen) - 1
	return Add(MulScalar(seen[last], 1-f.share), MulScalar(seen[last-1], f.share))
}

// Motion is the mean of each channel of the last frame that is seen, less that of the one before it.
func (f fading) Motion(_ ssl.Network, seen []*Node) *Node {
	last := len(seen) - 1
	return ReduceMean(Sub(seen[last], seen[last-1]), 1, 2)
}

// forecaster is a run of a few steps on clips.
func forecaster(t *testing.T, dir string, method ssl.Method) *Run {
	t.Helper()
	recipe := small()
	recipe.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}
	recipe.Method, recipe.Optimizer, recipe.Steps = method, optim.SGD{LR: .1}, 2
	recipe.Augment = []augment.Pipeline{{augment.Normalize{Mean: [3]float64{.1, .4, .6}, Std: [3]float64{.3, .2, .5}}}}
	recipe.MonitorEvery, recipe.CheckpointEvery = 2, 2
	return pretrained(t, dir, recipe)
}

// TestForecastsAreComparedInPixels: where the forecast is known, so are the errors, pixel by pixel:
// normalising is undone, and each part is what moves and what does not.
func TestForecastsAreComparedInPixels(t *testing.T) {
	t.Parallel()
	run := forecaster(t, t.TempDir(), fading{share: .25})
	got, err := run.Forecasts(run.Recipe.Data, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	set, err := run.Recipe.Data.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	const frame = 32 * 32 * 3
	clip := make([]uint8, 3*frame)
	var want Forecasts
	var counts [3]float64
	parts := []*FrameErrors{&want.All, &want.Moving, &want.Still}
	for i := range set.Len() {
		if err := set.(data.Clips).ReadClip(i, 3, clip); err != nil {
			t.Fatal(err)
		}
		value := func(f, at int) float64 { return float64(clip[f*frame+at]) / 255 }
		for at := 0; at < frame; at += 3 {
			most := 0.
			for c := at; c < at+3; c++ {
				most = max(most, math.Abs(value(1, c)-value(0, c)), math.Abs(value(2, c)-value(1, c)))
			}
			for p, in := range []bool{true, most > .1, most <= .1} {
				if !in {
					continue
				}
				for c := at; c < at+3; c++ {
					counts[p]++
					parts[p].Forecast += math.Pow(.75*value(1, c)+.25*value(0, c)-value(2, c), 2)
					parts[p].Copy += math.Pow(value(1, c)-value(2, c), 2)
					parts[p].Mean += math.Pow((value(1, c)+value(0, c))/2-value(2, c), 2)
				}
			}
		}
	}
	if got.Clips != set.Len() || counts[1] == 0 || counts[2] == 0 {
		t.Fatalf("%d clips, %g values move and %g do not", got.Clips, counts[1], counts[2])
	}
	for p, of := range []FrameErrors{got.All, got.Moving, got.Still} {
		for what, pair := range map[string][2]float64{
			"share":    {of.Share, counts[p] / counts[0]},
			"forecast": {of.Forecast, parts[p].Forecast / counts[p]},
			"copy":     {of.Copy, parts[p].Copy / counts[p]},
			"mean":     {of.Mean, parts[p].Mean / counts[p]},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-5*math.Abs(pair[1]) {
				t.Errorf("part %d: %s is %g, want %g", p, what, pair[0], pair[1])
			}
		}
		if gain := 1 - of.Forecast/of.Copy; math.Abs(of.Gain()-gain) > 1e-12 {
			t.Errorf("part %d: the gain is %g, want %g", p, of.Gain(), gain)
		}
	}
	features, err := run.MotionFeatures(run.Recipe.Data, data.Test)
	if err != nil || features.N != set.Len() || features.Dim != 3 || features.Labels[1] != set.Label(1) || features.Check() != nil {
		t.Fatalf("%d features of %d clips, %v", features.Dim, features.N, err)
	}
	for i := range features.N {
		if err := set.(data.Clips).ReadClip(i, 3, clip); err != nil {
			t.Fatal(err)
		}
		for c, std := range []float64{.3, .2, .5} {
			change := 0.
			for at := c; at < frame; at += 3 {
				change += (float64(clip[frame+at]) - float64(clip[at])) / 255 / std / (frame / 3)
			}
			if got := float64(features.Row(i)[c]); math.Abs(got-change) > 1e-5 {
				t.Fatalf("channel %d of clip %d changes by %g, want %g", c, i, got, change)
			}
		}
	}
	if (FrameErrors{}).Gain() != 0 {
		t.Error("where nothing changes there is a gain")
	}
}

// TestForecastsOfNextFrame: they are those of the last checkpoint, to the bit, and those of a
// predictor that was hardly trained are close to copies.
func TestForecastsOfNextFrame(t *testing.T) {
	t.Parallel()
	run := forecaster(t, t.TempDir(), ssl.NextFrame{Hidden: 8})
	first, err := run.Forecasts(run.Recipe.Data, data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := opened.Forecasts(run.Recipe.Data, data.Validation)
	if err != nil || again != first {
		t.Errorf("read again, the forecasts are %+v and not %+v, %v", again, first, err)
	}
	if first.All.Forecast == first.All.Copy || first.All.Forecast > 2*first.All.Copy {
		t.Errorf("the forecasts have an error of %g, copies of %g", first.All.Forecast, first.All.Copy)
	}
	figure, err := run.ForecastStrips(run.Recipe.Data, data.Validation, 3)
	if err != nil {
		t.Fatal(err)
	}
	if figure.Width < 7*32 || figure.Height < 3*32 {
		t.Errorf("the figure is %g × %g", figure.Width, figure.Height)
	}
}

func TestForecastsNeedAMethodThatForecasts(t *testing.T) {
	t.Parallel()
	dir, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Forecasts(run.Recipe.Data, data.Test); err == nil || !strings.Contains(err.Error(), "method simclr forecasts no frames") {
		t.Errorf("simclr: %v", err)
	}
	if _, err := run.MotionFeatures(run.Recipe.Data, data.Test); err == nil || !strings.HasPrefix(err.Error(), "motion of shapes's test split") {
		t.Errorf("motion of simclr: %v", err)
	}
	if _, err := run.ForecastStrips(run.Recipe.Data, data.Test, 0); err == nil || !strings.Contains(err.Error(), "clips is 0") {
		t.Errorf("no clips: %v", err)
	}
	next := forecaster(t, filepath.Join(t.TempDir(), "run"), ssl.NextFrame{Hidden: 8})
	if _, err := next.Forecasts(data.Scenes{Test: 4}, data.Test); err == nil || !strings.Contains(err.Error(), "no video clips") {
		t.Errorf("images without clips: %v", err)
	}
}
