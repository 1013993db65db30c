package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/encoder"
)

// heldOutTrain is the training set of the benchmark, smaller.
func heldOutTrain(t *testing.T, c training) data.Captioned {
	t.Helper()
	set, err := recipeOf(question.Options{Quick: true}, c, 1, rates[0]).Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	return set.(data.Captioned)
}

func TestHeldOutCombinationsAreNotTrainedOn(t *testing.T) {
	all, heldOut := combinations()
	if len(all) != 80 || heldOut != 20 {
		t.Fatalf("%d combinations, %d held out", len(all), heldOut)
	}
	count := map[string]int{}
	for _, combination := range all[:heldOut] {
		count[combination[0]]++
		count[combination[1]]++
	}
	for _, colour := range data.ShapeColours() {
		if count[colour] < 2 || count[colour] > 3 {
			t.Errorf("%d combinations of %s are held out", count[colour], colour)
		}
	}
	for _, shape := range data.ShapeClasses() {
		if count[shape] != 2 {
			t.Errorf("%d combinations of %s are held out", count[shape], shape)
		}
	}
	set := heldOutTrain(t, training{})
	if set.Len() > 3200 || set.Len() < 2800 { // Of 4000, three quarters.
		t.Errorf("%d images are left", set.Len())
	}
	seen := map[int]bool{}
	for i := range set.Len() {
		c := data.Named(set.Captions(i)[0], all)
		if c < heldOut {
			t.Fatalf("image %d, %q, is trained on", i, set.Captions(i)[0])
		}
		seen[c] = true
	}
	if len(seen) != 60 {
		t.Errorf("%d of 60 combinations are seen", len(seen))
	}
}

// The tasks are of words that training captions have, as they have them; and a caption belongs to
// the classes that it says.
func TestTasksAreOfKnownWords(t *testing.T) {
	set := heldOutTrain(t, training{})
	var captions []string
	for i := range set.Len() {
		captions = append(captions, set.Captions(i)[0])
	}
	text, err := encoder.Text{}.ForCaptions(captions)
	if err != nil {
		t.Fatal(err)
	}
	all := tasks()
	for _, task := range all {
		if len(task.prompts) != len(task.classes) {
			t.Fatalf("%s: texts of %d classes of %d", task.name, len(task.prompts), len(task.classes))
		}
		for c, prompts := range task.prompts {
			if _, err := text.Tokens(prompts); err != nil {
				t.Errorf("%s, %s: %v", task.name, task.classes[c], err)
			}
			for _, prompt := range prompts {
				if got := task.label(prompt); got != c && got != -1 {
					t.Errorf("%s: %q is of class %s, want %s", task.name, prompt, task.classes[got], task.classes[c])
				}
			}
		}
	}
	const caption = "a small red plain circle at the centre on a warm striped background" // Held out.
	for i, want := range []string{"red circle", "red circle", "", "circle", "red", "", "", "", ""} {
		got := ""
		if task := all[i]; task.label(caption) >= 0 {
			got = task.classes[task.label(caption)]
		}
		if got != want {
			t.Errorf("%s: %q is %q, want %q", all[i].name, caption, got, want)
		}
	}
}

func TestShuffledCaptionsAreThoseOfOtherImages(t *testing.T) {
	plain, shuffled := heldOutTrain(t, training{}), heldOutTrain(t, training{shuffled: true})
	var a, b []string
	same := 0
	for i := range plain.Len() {
		a, b = append(a, plain.Captions(i)[0]), append(b, shuffled.Captions(i)[0])
		if a[i] == b[i] {
			same++
		}
	}
	if same > plain.Len()/100 || plain.Fingerprint() == shuffled.Fingerprint() {
		t.Errorf("%d of %d images keep their captions", same, plain.Len())
	}
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Error("the captions are not the same ones")
	}
}

// The committed result is clear of three times chance, and its control is not.
func TestZeroshotResultIsClearOfChance(t *testing.T) {
	rows := result.ReadRows(filepath.Join("..", "results", "zeroshot.json"))
	if rows == nil {
		t.Fatal("benchmarks/results/zeroshot.json is missing: go run ./benchmarks/zeroshot makes it")
	}
	const figure, chance = "held-out combinations among themselves (chance 5 %)", 5
	found := 0
	for _, r := range rows {
		if r.Metric != figure {
			continue
		}
		found++
		if shuffled := strings.HasPrefix(r.Case, "clip-shuffled"); shuffled != (r.Low < 3*chance) || shuffled && r.Low > chance {
			t.Errorf("%s: %.1f %% [%.1f, %.1f]", r.Case, r.Value, r.Low, r.High)
		}
	}
	if found != 2 {
		t.Errorf("%d rows of the figure, want one of the captions and one of the control", found)
	}
}
