package stages

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// noisy is a Noisy Student that trains in a few seconds.
func noisy() NoisyStudent {
	recipe := small()
	recipe.Data, recipe.Optimizer = nil, optim.SGD{LR: .1}
	recipe.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1, StochasticDepth: .1}
	recipe.Method, recipe.Augment = ssl.Supervised{Classes: 10}, []augment.Pipeline{{augment.Normalize{}}}
	return NoisyStudent{Data: images, Labels: few, Teacher: recipe, Student: recipe, Rounds: 2, Confidence: .1}
}

func TestNoisyStudentLearnsFromItsTeacher(t *testing.T) {
	dir := t.TempDir()
	n := noisy()
	// They learn so little, from other weights each, that the first student does not say the same
	// as its teacher.
	n.Student.Seed, n.Student.Optimizer = 4, optim.SGD{LR: 1e-3}
	runs, err := TrainNoisyStudent(dir, n)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 3 || filepath.Base(runs[0].Dir) != "teacher" || filepath.Base(runs[2].Dir) != "student-2" {
		t.Fatalf("%d runs", len(runs))
	}
	known, err := data.PartlyLabelled{From: n.Data, Subset: n.Labels}.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer known.Close()
	// With that confidence every image counts: the known labels, and for the others those of the
	// run before, which is the teacher of the first student and the first student for the second.
	var earlier []int
	for round, teacher := range runs[:2] {
		logits, err := teacher.EmbeddingsOf(n.Data, data.Train)
		if err != nil {
			t.Fatal(err)
		}
		student, err := runs[round+1].Recipe.Data.Open(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		defer student.Close()
		want := logits.ArgMax()
		for i := range want {
			if known.Label(i) >= 0 {
				want[i] = known.Label(i)
			}
		}
		if slices.Equal(want, earlier) {
			t.Fatal("the teacher and the first student say the same: whose labels the second learns from is not tested")
		}
		if !slices.Equal(data.Labels(student), want) {
			t.Errorf("the labels of student %d are not those that are known, and those of the run before", round+1)
		}
		earlier = want
	}

	// What is finished is loaded; a student that is gone is trained again from the labels that are
	// there.
	before := content(t, runs[2].Dir, rundir.EncoderFile)
	if err := os.RemoveAll(runs[2].Dir); err != nil {
		t.Fatal(err)
	}
	again, err := TrainNoisyStudent(dir, n)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, content(t, again[2].Dir, rundir.EncoderFile)) {
		t.Error("the second student is another one")
	}
	n.PerClass = 1
	if _, err := TrainNoisyStudent(dir, n); err == nil {
		t.Error("other settings are accepted in the same directory")
	}
}

func TestConfidentLabels(t *testing.T) {
	logits := []float32{
		3, 0, // Class 0 with 0.953,
		0, 1, // 1 with 0.731,
		0, 2, // 1 with 0.881,
		9, 0, // known,
		1, 0, // 0 with 0.731,
		2, 0, // and 0 with 0.881.
	}
	known := []int{-1, -1, -1, 1, -1, -1}
	for _, c := range []struct {
		confidence float64
		perClass   int
		want       []int
	}{
		{.5, 0, []int{0, 1, 1, 1, 0, 0}},
		{.8, 0, []int{0, -1, 1, 1, -1, 0}},
		{.5, 2, []int{0, -1, 1, 1, -1, 0}},
		{.5, 1, []int{0, -1, -1, 1, -1, -1}},
		{.99, 0, known},
	} {
		if got := confident(logits, 2, known, c.confidence, c.perClass); !slices.Equal(got, c.want) {
			t.Errorf("confidence %g, %d a class: %v, want %v", c.confidence, c.perClass, got, c.want)
		}
	}
}

func TestNoisyStudentIsCheckedBeforeTraining(t *testing.T) {
	for what, change := range map[string]func(*NoisyStudent){
		"Data is missing":  func(n *NoisyStudent) { n.Data = nil },
		"Data of Teacher":  func(n *NoisyStudent) { n.Student.Data = n.Data },
		"Rounds":           func(n *NoisyStudent) { n.Rounds = -1 },
		"Confidence":       func(n *NoisyStudent) { n.Confidence = 1 },
		"PerClass":         func(n *NoisyStudent) { n.PerClass = -1 },
		"Teacher: ":        func(n *NoisyStudent) { n.Teacher.Method = ssl.Supervised{Classes: 1} },
		"Student: ":        func(n *NoisyStudent) { n.Student.Method = ssl.Supervised{Classes: 1} },
		"10 labelled imag": func(n *NoisyStudent) { n.Labels.PerClass = 1000 },
	} {
		bad := noisy()
		change(&bad)
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := TrainNoisyStudent(dir, bad); err == nil || !strings.Contains(err.Error(), what) || rundir.Exists(dir) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	embeds := noisy()
	embeds.Teacher.Method = ssl.SimCLR{Out: 8}
	if _, err := TrainNoisyStudent(t.TempDir(), embeds); err == nil || !strings.Contains(err.Error(), "8 values for 10 classes") {
		t.Errorf("a teacher without logits: %v", err)
	}
}
