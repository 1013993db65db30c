package kit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

func TestWhichWeightsAMethodEvaluates(t *testing.T) {
	for name, c := range map[string]struct {
		recipe Recipe
		want   Weights
	}{
		"SimCLR has the student alone":     {Recipe{Method: ssl.SimCLR{}}, Student},
		"BYOL evaluates the student":       {Recipe{Method: ssl.BYOL{}}, Student},
		"MoCo v3 evaluates the student":    {Recipe{Method: ssl.MoCoV3{}}, Student},
		"DINO evaluates the teacher":       {Recipe{Method: ssl.DINO{}}, Teacher},
		"iBOT evaluates the teacher":       {Recipe{Method: ssl.IBOT{}}, Teacher},
		"I-JEPA evaluates its target":      {Recipe{Method: ssl.IJEPA{}}, Teacher},
		"DINOv2 evaluates the teacher":     {Recipe{Method: ssl.DINOv2{}}, Teacher},
		"MSN evaluates the teacher":        {Recipe{Method: ssl.MSN{}}, Teacher},
		"data2vec evaluates the student":   {Recipe{Method: ssl.Data2Vec{}}, Student},
		"Mean teacher does":                {Recipe{Method: semi.MeanTeacher{}}, Teacher},
		"the first term decides":           {Recipe{Method: ssl.Sum{{Method: ssl.SimCLR{}}, {Method: ssl.DINO{}}}}, Student},
		"so it does where it is a teacher": {Recipe{Method: ssl.Sum{{Method: ssl.DINO{}}, {Method: ssl.Rotation{}}}}, Teacher},
		"a running mean comes first":       {Recipe{Method: ssl.DINO{}, EMA: .99}, Average},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Run{Recipe: c.recipe}).Evaluated(); got != c.want {
				t.Errorf("evaluated are the weights of the %s, want those of the %s", got, c.want)
			}
		})
	}
}

// withAllWeights is a recipe of which there are weights of all kinds.
func withAllWeights() Recipe {
	recipe := taught()
	recipe.Encoder = tiny
	recipe.Method = ssl.DINO{Hidden: 8, Out: 4, Prototypes: 6, Tau: .9}
	recipe.EMA = .5
	return recipe
}

func TestFeaturesAreByTheWeightsThatAreAskedFor(t *testing.T) {
	recipe := withAllWeights()
	run := pretrained(t, t.TempDir(), recipe)
	store, _, err := rundir.Dir(run.Dir).Kept()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Finalize()
	seen := map[string]Weights{}
	for _, w := range []Weights{Student, Teacher, Average} {
		by := run.By(w)
		scope := w.Scope(store.RootScope()).At("encoder")
		if err := train.BuildEncoder(scope, recipe.Encoder, 32, 32); err != nil {
			t.Fatal(err)
		}
		kept, err := encoder.Weights(scope)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := rundir.HashWeights(by.WeightsFile())
		if err != nil {
			t.Fatal(err)
		}
		if hash != encoder.Hash(kept) {
			t.Errorf("%s does not hold the %s's weights of the last checkpoint", by.WeightsFile(), w)
		}
		features, err := by.Features(data.Test)
		if err != nil {
			t.Fatal(err)
		}
		if features.Encoder != hash || features.Weights != w.String() {
			t.Errorf("features by the %s say that they are by %q, of %.12s", w, features.Weights, features.Encoder)
		}
		embeddings, err := by.Embeddings(data.Test)
		if err != nil {
			t.Fatal(err)
		}
		for what, key := range map[string]string{"features": hash, "embeddings": embeddings.Encoder} {
			if other, ok := seen[key]; ok {
				t.Errorf("the %s by the %s and by the %s have one hash", what, w, other)
			}
			seen[key] = w
		}
	}
	// The teacher's embeddings are those of its own head.
	byTeacher, err := run.By(Teacher).Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	byStudent, err := run.By(Student).Embeddings(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(byTeacher.X, byStudent.X) {
		t.Error("teacher and student embed alike")
	}
	if _, err := (eval.KNN{K: 1}).Evaluate(byTeacher, byStudent); err == nil {
		t.Error("embeddings of teacher and student are compared")
	}
	frozen, err := run.Frozen()
	if err != nil {
		t.Fatal(err)
	}
	if frozen.Weights != run.By(Average).WeightsFile() || !strings.HasSuffix(frozen.Head, rundir.AverageHeadFile) {
		t.Errorf("what others learn from is %s with %s", frozen.Weights, frozen.Head)
	}
	result, err := eval.KNN{K: 1}.Evaluate(featuresOf(t, run, data.Train), featuresOf(t, run, data.Test))
	if err != nil {
		t.Fatal(err)
	}
	if want := "on the running mean of the weights"; !strings.Contains(result.String(), want) || result.Weights != "average" {
		t.Errorf("the figure %q does not say %q", result, want)
	}
}

func featuresOf(t *testing.T, run *Run, split data.Split) eval.Features {
	t.Helper()
	features, err := run.Features(split)
	if err != nil {
		t.Fatal(err)
	}
	return features
}

// A running mean is beside the training: it changes no bit of it. It is resumed to the same bits.
func TestEMAIsBesideTheTraining(t *testing.T) {
	without := withAllWeights()
	without.EMA = 0
	plain := pretrained(t, t.TempDir(), without)
	dir := t.TempDir()
	with := pretrained(t, dir, withAllWeights())
	for _, name := range []string{rundir.EncoderFile, rundir.TeacherFile} {
		if !bytes.Equal(content(t, plain.Dir, name), content(t, with.Dir, name)) {
			t.Errorf("%s is another with a running mean", name)
		}
	}
	before := map[string][]byte{}
	for _, name := range []string{rundir.TeacherFile, rundir.AverageFile} {
		before[name] = content(t, dir, name)
	}
	checkResumed(t, dir, withAllWeights(), "a running mean")
	for name, want := range before {
		if !bytes.Equal(content(t, dir, name), want) {
			t.Errorf("%s of the resumed run is another", name)
		}
	}
}

func TestWeightsThatARunDoesNotHave(t *testing.T) {
	run := finished(t)
	for w, want := range map[Weights]string{
		Teacher: "method simclr has none", Average: "set EMA in the recipe", Weights(9): "they must be kit.Default",
	} {
		for what, ask := range map[string]func(*Run) error{
			"features":   func(r *Run) error { _, err := r.Features(data.Test); return err },
			"embeddings": func(r *Run) error { _, err := r.Embeddings(data.Test); return err },
			"frozen":     func(r *Run) error { _, err := r.Frozen(); return err },
		} {
			if err := ask(run.By(w)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s by the %s: the error is %v, want one that says %q", what, w, err, want)
			}
		}
	}
}
