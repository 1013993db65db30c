package kit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// watched is a recipe with a probe, in whose training features change enough to be told apart.
func watched() Recipe {
	recipe := taught()
	recipe.Data = data.Shapes{Train: 96, Validation: 40, Test: 32}
	recipe.Encoder = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}
	recipe.OnlineProbe = OnlineProbe{Every: 5, Images: 64}
	return recipe
}

// probes are what a run's probe said, by step.
func probes(t *testing.T, run *Run) map[int]rundir.Probe {
	t.Helper()
	all, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	said := map[int]rundir.Probe{}
	for _, m := range all {
		if m.Probe != nil {
			said[m.Step] = *m.Probe
		}
	}
	return said
}

func TestOnlineProbeIsBesideTheTraining(t *testing.T) {
	without := watched()
	without.OnlineProbe = OnlineProbe{}
	plain := pretrained(t, t.TempDir(), without)
	dir := t.TempDir()
	run := pretrained(t, dir, watched())
	for _, name := range []string{rundir.EncoderFile, rundir.TeacherFile} {
		if !bytes.Equal(content(t, plain.Dir, name), content(t, dir, name)) {
			t.Errorf("%s is another with a probe", name)
		}
	}
	said := probes(t, run)
	for _, step := range []int{0, 5, 10, 12} {
		if _, ok := said[step]; !ok || len(said) != 4 {
			t.Errorf("the probe looked at %v, want the steps 0, 5, 10 and 12", said)
		}
	}
	checkResumed(t, dir, watched(), "a probe")
	for step, p := range probes(t, run) {
		if p != said[step] {
			t.Errorf("resumed, the probe says %+v of step %d, and before %+v", p, step, said[step])
		}
	}
	if _, err := run.LossCurve(); err != nil {
		t.Error(err)
	}
}

// What the probe says of the last step is what k-NN and the linear probe say of the finished run's
// features of the same images.
func TestOnlineProbeSaysWhatTheProbesSay(t *testing.T) {
	recipe := watched()
	recipe.EMA = .5
	run := pretrained(t, t.TempDir(), recipe)
	train, test := featuresOf(t, run, data.Train), featuresOf(t, run, data.Validation)
	spread := data.Spread(64, 96)
	few := eval.Features{N: 64, Dim: train.Dim, Classes: train.Classes, Name: train.Name, Indices: spread, Encoder: train.Encoder}
	for _, i := range spread {
		few.X, few.Labels = append(few.X, train.Row(i)...), append(few.Labels, train.Labels[i])
	}
	knn, err := eval.KNN{}.Predict(few, test)
	if err != nil {
		t.Fatal(err)
	}
	model, err := eval.Linear{L2: []float64{.01}}.Fit(few)
	if err != nil {
		t.Fatal(err)
	}
	linear, err := model.Predict(test)
	if err != nil {
		t.Fatal(err)
	}
	share := func(predicted []int) float64 {
		var n float64
		for i, label := range test.Labels {
			if predicted[i] == label {
				n++
			}
		}
		return n / float64(test.N)
	}
	want := rundir.Probe{KNN: share(knn), Linear: share(linear), Weights: "average", Labels: 64, Judged: 40}
	if got := probes(t, run)[recipe.Steps]; got != want {
		t.Errorf("the probe says %+v, want %+v", got, want)
	}
}

// An encoder that has collapsed is at chance, which is no error.
func TestOnlineProbeOfACollapsedEncoder(t *testing.T) {
	recipe := watched()
	recipe.Encoder = tiny
	recipe.Method = ssl.Supervised{Classes: 10}
	recipe.Augment = []augment.Pipeline{{augment.Normalize{}}}
	recipe.Optimizer = optim.SGD{LR: 1e-3, WeightDecay: 999, Exclude: optim.Nothing{}, Scaling: optim.Unscaled} // All weights shrink to 0.
	recipe.Steps = 20
	for step, p := range probes(t, pretrained(t, t.TempDir(), recipe)) {
		if step == recipe.Steps && (p.KNN > .35 || p.Linear > .35) {
			t.Errorf("the probe says %+v of an encoder that has collapsed", p)
		}
	}
}

func TestOnlineProbeThatCannotBe(t *testing.T) {
	oneClass := watched()
	oneClass.Data = data.Relabelled{From: oneClass.Data, Labels: slices.Repeat([]int{3}, 96)}
	few := watched()
	few.OnlineProbe.Images = 1
	never := watched()
	never.OnlineProbe.Every = 0
	for want, recipe := range map[string]Recipe{
		"at least 2 classes": oneClass, "kit.OnlineProbe: Images is 1": few, "give Every too": never,
	} {
		if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one that says %q", err, want)
		}
	}
}
