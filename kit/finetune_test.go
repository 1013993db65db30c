package kit

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// tuning is a fine-tuning of a second or two, which stops by held-out labels.
func tuning(t *testing.T) FineTuning {
	t.Helper()
	pretraining := small()
	pretraining.Encoder = tiny
	return FineTuning{
		Data: pretraining.Data, Labels: data.Subset{PerClass: 5, Seed: 2}, Encoder: tiny,
		Start: filepath.Join(pretrained(t, t.TempDir(), pretraining).Dir, rundir.EncoderFile),
		Steps: 30, Batch: 10, LayerDecay: .5, HeldOut: .4, StopEarly: StopEarly{Every: 3, Patience: 3}, Seed: 1,
	}
}

func TestFineTuningKeepsTheBestStepAlsoWhenItIsResumed(t *testing.T) {
	dir, f := t.TempDir(), tuning(t)
	tuned, err := FineTune(dir, f)
	if err != nil {
		t.Fatal(err)
	}
	if r := tuned.Result; r.Labels != 50 || r.N != 32 || r.SubsetSeed != 2 || r.Seed != 1 || r.SubsetHash == "" || r.EncoderAfter == "" {
		t.Errorf("the result does not tell its labels, images, seeds and weights: %+v", r)
	}
	want := content(t, dir, rundir.EncoderFile)
	if bytes.Equal(want, content(t, dir, rundir.InitialFile)) {
		t.Error("fine-tuning left the encoder as it was")
	}
	all, err := tuned.Run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	best, bestStep := -1.0, 0
	for _, metrics := range all {
		if (metrics.Step > 0 && metrics.Step%3 == 0) != (metrics.Validation != nil) {
			t.Fatalf("step %d: looked at the validation images: %v", metrics.Step, metrics.Validation != nil)
		}
		if metrics.Validation != nil && *metrics.Validation > best {
			best, bestStep = *metrics.Validation, metrics.Step
		}
	}
	if last := all[len(all)-1].Step; last != min(bestStep+9, 30) {
		t.Errorf("the best step is %d and the last %d, want 9 later", bestStep, last)
	}
	// What the run gives has the accuracy that was best.
	logits, err := tuned.Run.Embeddings(data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, class := range logits.ArgMax() {
		if class == logits.Labels[i] {
			right++
		}
	}
	if got := float64(right) / float64(logits.N); got != best {
		t.Errorf("the run's accuracy on the validation images is %g, and the best was %g", got, best)
	}

	// The images that it was not told the labels of are asked about in the same way.
	everything, err := tuned.Run.EmbeddingsOf(f.Data, data.Train)
	if err != nil {
		t.Fatal(err)
	}
	told, err := tuned.Run.Embeddings(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	matching := 0
	for i := range everything.N {
		if slices.Equal(everything.Row(i), told.Row(0)) {
			matching++
		}
	}
	if everything.N != 96 || told.N != 30 || matching != 1 {
		t.Errorf("%d of the %d rows are those of the first of %d images that were trained on, want 1 of 96, and 30", matching,
			everything.N, told.N)
	}
	_, err = tuned.Run.EmbeddingsOf(data.Shapes{Size: 40, Test: 10}, data.Test)
	if err == nil || !strings.Contains(err.Error(), "Patch") || !strings.Contains(err.Error(), tuned.Run.Dir) {
		t.Errorf("images of 40 pixels for patches of 16: error is %v", err)
	}

	// From the checkpoint before the last on again, to the same bits.
	loseLastCheckpoint(t, dir)
	again, err := FineTune(dir, f)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, dir, rundir.EncoderFile), want) || !slices.Equal(again.Result.Predictions, tuned.Result.Predictions) {
		t.Error("the resumed run ended elsewhere")
	}
}

func TestFineTuningBlendsImagesAndLabels(t *testing.T) {
	f := FineTuning{Data: small().Data, Labels: data.Subset{PerClass: 5}, Encoder: tiny, Steps: 6, Batch: 10, Smoothing: .1,
		Mix: augment.BatchMix{Mixup: .8, CutMix: 1}}
	dir := t.TempDir()
	tuned, err := FineTune(dir, f)
	if err != nil {
		t.Fatal(err)
	}
	if want := "smoothing 0.1, mixup 0.8, cutmix 1"; !strings.Contains(tuned.Result.Protocol, want) {
		t.Errorf("protocol %q does not tell %q", tuned.Result.Protocol, want)
	}
	opened, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m := opened.Recipe.Method.(ssl.Supervised); m.Mix != f.Mix.WithDefaults() || m.Smoothing != .1 {
		t.Errorf("the run is of %+v", m)
	}
}

func TestFineTuningErrorsNameTheField(t *testing.T) {
	good := FineTuning{Data: small().Data, Labels: data.Subset{PerClass: 5}, Encoder: tiny, Steps: 2}
	for want, change := range map[string]func(*FineTuning){
		"Data is missing":              func(f *FineTuning) { f.Data = nil },
		"Encoder is missing":           func(f *FineTuning) { f.Encoder = nil },
		"LayerDecay is 2":              func(f *FineTuning) { f.LayerDecay = 2 },
		"HeldOut is 1":                 func(f *FineTuning) { f.HeldOut = 1 },
		"Steps is -1":                  func(f *FineTuning) { f.Steps = -1 },
		"Mixup is 1000":                func(f *FineTuning) { f.Mix.Mixup = 1000 },
		"Smoothing is 1":               func(f *FineTuning) { f.Smoothing = 1 },
		"HeldOut is 0":                 func(f *FineTuning) { f.StopEarly.Every = 3 },
		"Every is -1":                  func(f *FineTuning) { f.HeldOut, f.StopEarly.Every = .2, -1 },
		"Batch is 51":                  func(f *FineTuning) { f.Batch = 51 },
		"data.Subset: PerClass is 500": func(f *FineTuning) { f.Labels.PerClass = 500 },
	} {
		bad := good
		change(&bad)
		if _, err := FineTune(t.TempDir(), bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestStopEarlyWantsLogits(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.StopEarly = tiny, StopEarly{Every: 2}
	if _, err := Pretrain(t.TempDir(), recipe); err == nil || !strings.Contains(err.Error(), "StopEarly wants a method whose embedding") {
		t.Errorf("error %v", err)
	}
	recipe.Method, recipe.StopEarly = ssl.Supervised{Classes: 10}, StopEarly{Patience: 1}
	if _, err := Pretrain(t.TempDir(), recipe); err == nil || !strings.Contains(err.Error(), "Every is 0") {
		t.Errorf("error %v", err)
	}
}
