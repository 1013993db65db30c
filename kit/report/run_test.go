package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/attack"
	"sslkit/kit/augment"
	"sslkit/kit/corrupt"
	"sslkit/kit/curate"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/report"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// small is a recipe that trains in a second or two.
func small() kit.Recipe {
	return kit.Recipe{
		Data:    data.Shapes{Train: 96, Validation: 32, Test: 32},
		Encoder: encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2, Pool: encoder.MeanPatches},
		Method:  ssl.SimCLR{Out: 8},
		Augment: []augment.Pipeline{{augment.RandomResizedCrop{Size: 32}, augment.Flip{}, augment.Normalize{}}},
		Batch:   16, Seed: 3, CheckpointEvery: 2, MonitorEvery: 2,
	}
}

func pretrained(t *testing.T, recipe kit.Recipe) *kit.Run {
	t.Helper()
	run, err := kit.Pretrain(t.TempDir(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func content(t *testing.T, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// section is that of the title, or fails the test.
func section(t *testing.T, r report.Report, title string) report.Section {
	t.Helper()
	for _, s := range r.Sections {
		if s.Title == title {
			return s
		}
	}
	t.Fatalf("no section %q", title)
	return report.Section{}
}

// everything asks for all parts, made small.
func everything() report.Parts {
	return report.Parts{
		Linear: eval.Linear{L2: []float64{1e-2}}, LabelCurve: &eval.LabelCurve{Draws: 2}, FewShot: &eval.FewShot{Queries: 2,
			Episodes: 20},
		Retrieval: &eval.Retrieval{Resamples: 100}, Calibration: &eval.Calibration{Resamples: 100},
		Robustness: &eval.Robustness{Resamples: 100}, Corruptions: []corrupt.Corruption{corrupt.Contrast},
		Attack: &attack.Sweep{Attack: attack.FGSM{}, Eps: []float64{0, .1}}, Fairness: &eval.Fairness{Attribute: "background",
			Resamples: 100},
		Overfit: &eval.Overfit{Shuffles: 2}, Curation: &curate.Perceptual{}, Power: report.Power{GridCarbon: 400},
		Card: report.Card{IntendedUse: "To test <reports>."},
	}
}

func TestReportOfARun(t *testing.T) {
	recipe := small()
	recipe.Steps = 4
	run := pretrained(t, recipe)
	got, err := report.Of(run, everything())
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"Training", "k-NN", "Linear probe", "Label efficiency", "Few-shot classification", "Retrieval",
		"Calibration", "Robustness to corruption", "Adversarial attack", "Fairness", "Overfitting", "Familiarity",
		"Duplicates and leaks"} {
		s := section(t, got, title)
		if s.NotMeasured != "" || len(s.Values) == 0 || len(s.Results)+len(s.Tables) == 0 {
			t.Errorf("%s: %q, %d results, %d tables", title, s.NotMeasured, len(s.Results), len(s.Tables))
		}
	}
	// The figures are those of the protocols.
	train, err := run.Features(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	test, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	knn, err := eval.KNN{}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if r := section(t, got, "k-NN").Results[0]; r.Value != knn.Value || r.Protocol != knn.Protocol ||
		r.EncoderAfter != test.Encoder ||
		r.SubsetHash != knn.SubsetHash {
		t.Errorf("k-NN %+v, want %+v", r.Result, knn)
	}
	if n := len(section(t, got, "Label efficiency").Tables[0].Rows); n != 3 { // 1, 2 and 5 of the nine images of a class.
		t.Errorf("the label curve has %d counts", n)
	}
	c := got.Cost
	if c.Steps != 4 || c.ImagesSeen != 64 || c.Seconds <= 0 || c.TrainingFLOPs != 4*c.StepFLOPs ||
		c.StepFLOPs <= 16*float64(c.ForwardFLOPs) {
		t.Errorf("cost %+v", c)
	}
	if m := got.Model; m.Weights != test.Encoder || m.Training.Number != 96 || len(m.Judged.Groups) != 2 || m.IntendedUse == "" {
		t.Errorf("model card %+v", m)
	}
	if machine := rundir.ThisMachine(); machine.Accelerator == "none" {
		want := c.Seconds * report.WattsPerCore * float64(machine.Cores) / 3.6e6
		if c.Energy == nil || c.Energy.KWh != want || c.Energy.GramsCO2 != 400*want {
			t.Errorf("energy %+v, want %g kWh", c.Energy, want)
		}
	}

	// What lies in the directory is what was returned, and is written in the same bytes again.
	encoded, page := content(t, run.Dir, "report.json"), content(t, run.Dir, "report.html")
	read, err := report.Read(filepath.Join(run.Dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := got.JSON()
	if again, err2 := read.JSON(); errors.Join(err, err2) != nil || !bytes.Equal(want, again) {
		t.Errorf("report.json is not the report that was returned (%v)", errors.Join(err, err2))
	}
	if _, err := report.Of(run, everything()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, run.Dir, "report.json"), encoded) || !bytes.Equal(content(t, run.Dir, "report.html"), page) {
		t.Error("the same report is written in other bytes")
	}
	if !bytes.Contains(page, []byte("To test &lt;reports&gt;.")) || !bytes.Contains(page, []byte(test.Encoder)) {
		t.Error("the page lacks the card's words or the hash of the weights")
	}
}

// A probe that is right on its own few images and wrong on others is warned of at the top.
func TestReportWarnsOfMemorisation(t *testing.T) {
	recipe := small()
	recipe.Data, recipe.Steps, recipe.Batch = data.Shapes{Train: 20, Validation: 100, Test: 50}, 2, 10
	run := pretrained(t, recipe)
	got, err := report.Of(run, report.Parts{Linear: eval.Linear{L2: []float64{1e-6}}, Overfit: &eval.Overfit{Shuffles: 2}})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, w := range got.Warnings() {
		found = found || w.Section == "Overfitting" && strings.HasPrefix(w.Text, "memorised: ")
	}
	page := string(content(t, run.Dir, "report.html"))
	at := strings.Index(page, "Memorised: ")
	if !found || at < 0 || at > strings.Index(page, `id="summary"`) {
		t.Errorf("warnings %v, on the page at %d", got.Warnings(), at)
	}
}

// Images without a label are left out of what needs labels.
func TestReportOfPartlyLabelledTestImages(t *testing.T) {
	recipe := small()
	recipe.Steps, recipe.Data = 2, halfLabelled{recipe.Data}
	run := pretrained(t, recipe)
	with := everything()
	got, err := report.Of(run, report.Parts{Linear: with.Linear, Robustness: with.Robustness, Corruptions: with.Corruptions,
		Attack: with.Attack})
	if err != nil {
		t.Fatal(err)
	}
	if r := section(t, got, "k-NN").Results[0]; r.N != 16 || r.Labels != 48 {
		t.Errorf("k-NN of %d images by %d labels", r.N, r.Labels)
	}
	if s := section(t, got, "Robustness to corruption"); s.Tables[0].Rows[0][1].Figure.N != 16 {
		t.Errorf("robustness %+v", s.Tables[0].Rows[0])
	}
	if s := section(t, got, "Adversarial attack"); !strings.Contains(s.NotMeasured, "have no label") {
		t.Errorf("attack: %q", s.NotMeasured)
	}
	if m := got.Model.Judged; m.Unlabelled != 16 {
		t.Errorf("%d unlabelled images", m.Unlabelled)
	}
}

// What there is nothing to measure by is told with the reason, and fails nothing.
func TestReportTellsWhatIsNotMeasured(t *testing.T) {
	recipe := small()
	recipe.Steps = 2
	recipe.Data = labelless{recipe.Data}
	run := pretrained(t, recipe)
	got, err := report.Of(run, everything())
	if err != nil {
		t.Fatal(err)
	}
	for title, why := range map[string]string{
		"k-NN": "have no labels", "Linear probe": "have no labels", "Label efficiency": "have no labels",
		"Fairness":           "have no labels",
		"Adversarial attack": "have no labels", "Overfitting": "have no labels", "Training": "", "Familiarity": "",
		"Duplicates and leaks": "",
	} {
		if s := section(t, got, title); !strings.Contains(s.NotMeasured, why) || (why == "") != (s.NotMeasured == "") {
			t.Errorf("%s: %q", title, s.NotMeasured)
		}
	}
	// Nor is there a validation split, and the classes have few images.
	recipe.Data = withoutValidation{small().Data}
	run = pretrained(t, recipe)
	with := report.Parts{FewShot: &eval.FewShot{}, Calibration: &eval.Calibration{Resamples: 100},
		Linear: eval.Linear{L2: []float64{1e-2}}}
	if got, err = report.Of(run, with); err != nil {
		t.Fatal(err)
	}
	if s := section(t, got, "Few-shot classification"); !strings.Contains(s.NotMeasured, "two classes with 16 images") {
		t.Errorf("few-shot: %q", s.NotMeasured)
	}
	if s := section(t, got, "Calibration"); s.NotMeasured != "" || !strings.Contains(strings.Join(s.Text, " "),
		"has no validation images") {
		t.Errorf("calibration: %q, %q", s.NotMeasured, s.Text)
	}
	with = report.Parts{Split: data.Validation}
	if got, err = report.Of(run, with); err != nil {
		t.Fatal(err)
	}
	if s := section(t, got, "k-NN"); !strings.Contains(s.NotMeasured, "has no validation images") ||
		got.Model.Judged.Missing == "" {
		t.Errorf("k-NN on validation images: %q", s.NotMeasured)
	}
	// An interrupted training has no encoder to judge.
	if err := errors.Join(os.Remove(filepath.Join(run.Dir, "encoder.safetensors")), rundir.Dir(run.Dir).Begin()); err != nil {
		t.Fatal(err)
	}
	run.Recipe.EMA = .999
	if got, err = report.Of(run, report.Parts{}); err != nil {
		t.Fatal(err)
	}
	if warnings := fmt.Sprint(got.Warnings()); !strings.Contains(warnings, "the running mean of the weights holds") {
		t.Errorf("a running mean that is too long for the training is not warned of: %q", warnings)
	}
	if s := section(t, got, "k-NN"); !strings.Contains(s.NotMeasured, "has not finished") || len(got.Warnings()) == 0 ||
		got.Model.Weights != "" {
		t.Errorf("k-NN of an interrupted run: %q, warnings %v", s.NotMeasured, got.Warnings())
	}
}

func TestReportErrors(t *testing.T) {
	run := &kit.Run{Dir: t.TempDir(), Recipe: small()}
	for want, with := range map[string]report.Parts{
		"report.Parts: Split is 7":                    {Split: 7},
		"KNN: eval.KNN: K is -1":                      {KNN: eval.KNN{K: -1}},
		"LabelCurve: eval.LabelCurve: Draws is -1":    {LabelCurve: &eval.LabelCurve{Draws: -1}},
		"Fairness: eval.Fairness: Resamples is 5":     {Fairness: &eval.Fairness{Resamples: 5}},
		"Attack: attack.Sweep: Eps[0] is -1":          {Attack: &attack.Sweep{Eps: []float64{-1}}},
		"Curation: curate.Perceptual: Distance is 99": {Curation: &curate.Perceptual{Distance: 99}},
		"Power: report.Power: Watts is -3":            {Power: report.Power{Watts: -3}},
		"Corruptions are given and Robustness is nil": {Corruptions: corrupt.All()},
		"Corruptions[0] is 99": {Corruptions: []corrupt.Corruption{99},
			Robustness: &eval.Robustness{}},
		"TrainingOnly is true and a part that looks at images": {TrainingOnly: true, Curation: &curate.Perceptual{}},
		"Robustness: eval.Linear: MaxIterations is -1; it must be " +
			"at": {Robustness: &eval.Robustness{Probe: eval.Linear{MaxIterations: -1}}},
	} {
		if _, err := report.Of(run, with); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), run.Dir) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	// What fails is named.
	recipe := small()
	recipe.Steps = 2
	run = pretrained(t, recipe)
	if err := os.WriteFile(filepath.Join(run.Dir, "encoder.safetensors"), []byte("no weights"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Of(run, report.Parts{}); err == nil || !strings.Contains(err.Error(), "k-NN: ") {
		t.Errorf("weights that can't be read: %v", err)
	}
	if got, err := report.Of(run, report.Parts{TrainingOnly: true}); err == nil {
		t.Errorf("weights that can't be read have a hash: %s", got.Model.Weights)
	}
	if _, err := report.Of(&kit.Run{Dir: t.TempDir(), Recipe: small()}, report.Parts{}); err == nil || !strings.Contains(err.Error(),
		"metrics.jsonl") {
		t.Errorf("a directory without a run: %v", err)
	}
}

// labelless are images without labels, of one source.
type labelless struct{ From data.Source }

func (l labelless) Name() string { return "labelless" }

func (l labelless) Open(split data.Split) (data.Set, error) {
	set, err := l.From.Open(split)
	return labellessSet{set}, err
}

type labellessSet struct{ data.Set }

func (labellessSet) Classes() []string { return nil }
func (labellessSet) Label(int) int     { return -1 }

// withoutValidation is a source that has no validation split.
type withoutValidation struct{ From data.Source }

func (w withoutValidation) Name() string { return "few" }

func (w withoutValidation) Open(split data.Split) (data.Set, error) {
	if split == data.Validation {
		return nil, data.ErrNoSplit
	}
	return w.From.Open(split)
}

// halfLabelled is a source of which every other image has no label.
type halfLabelled struct{ data.Source }

func (h halfLabelled) Open(split data.Split) (data.Set, error) {
	set, err := h.Source.Open(split)
	return halfLabelledSet{set}, err
}

type halfLabelledSet struct{ data.Set }

func (h halfLabelledSet) Label(i int) int {
	if i/2%2 == 0 { // All classes of Shapes keep some: they come in turns of ten.
		return -1
	}
	return h.Set.Label(i)
}
