package curate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sslkit/data"
)

// TestConfidentLearningByHand follows the definition on a case small enough to
// be worked out on paper.
func TestConfidentLearningByHand(t *testing.T) {
	p := []float32{
		0.9, 0.1, 0,
		0.8, 0.2, 0,
		0.1, 0.9, 0, // carries 0: a wrong label
		0.2, 0.8, 0,
		0.4, 0.6, 0,
		0.5, 0.4, 0.1, // below all thresholds: not counted
		0.7, 0.2, 0.1, // carries 1: a wrong label
		0, 0, 1, // unlabelled
	}
	labels := []int{0, 0, 0, 1, 1, 1, 1, -1}
	// Thresholds: (0.9+0.8+0.1)/3 = 0.6; (0.8+0.6+0.4+0.2)/4 = 0.5; none carries 2.
	got, err := ConfidentLearning{}.Find(p, 8, labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	for class, want := range []float64{0.6, 0.5, math.Inf(1)} {
		if math.Abs(got.Thresholds[class]-want) > 1e-6 && got.Thresholds[class] != want {
			t.Errorf("threshold of class %d is %g, want %g", class, got.Thresholds[class], want)
		}
	}
	if want := []int{2, 1, 0, 1, 2, 0, 0, 0, 0}; !slices.Equal(got.Counts, want) {
		t.Errorf("counts %v, want %v", got.Counts, want)
	}
	// Rows scaled to 3 and 4 of 7 images: 2/7 1/7, 4/21 8/21.
	for k, want := range []float64{2. / 7, 1. / 7, 0, 4. / 21, 8. / 21, 0, 0, 0, 0} {
		if math.Abs(got.Joint[k]-want) > 1e-9 {
			t.Errorf("joint[%d] is %g, want %g", k, got.Joint[k], want)
		}
	}
	if math.Abs(got.Noise-1./3) > 1e-9 {
		t.Errorf("noise %g, want 1/3", got.Noise)
	}
	check := func(rank Rank, want []Suspect) {
		t.Helper()
		got, err := ConfidentLearning{Rank: rank}.Find(p, 8, labels, 3)
		if err != nil || len(got.Suspects) != len(want) {
			t.Fatalf("suspects %v, %v, want %v", got.Suspects, err, want)
		}
		for k, s := range got.Suspects {
			near := math.Abs(s.Score-want[k].Score) < 1e-6
			if s.Score = want[k].Score; !near || s != want[k] {
				t.Errorf("suspect %d is %+v, want %+v", k, s, want[k])
			}
		}
	}
	check(SelfConfidence, []Suspect{{2, 0, 1, 0.1}, {6, 1, 0, 0.2}})
	check(NormalizedMargin, []Suspect{{2, 0, 1, 0.1}, {6, 1, 0, 0.25}})
}

// A classifier that is sure of what the labels say finds nothing wrong.
func TestConfidentLearningOfCleanLabels(t *testing.T) {
	p, labels := []float32{}, []int{}
	for i := range 30 {
		row := []float32{0.05, 0.05, 0.05}
		row[i%3] = 0.9
		p, labels = append(p, row...), append(labels, i%3)
	}
	got, err := ConfidentLearning{}.Find(p, 30, labels, 3)
	if err != nil || len(got.Suspects) != 0 || got.Noise != 0 || !slices.Equal(got.Counts, []int{10, 0, 0, 0, 10, 0, 0, 0, 10}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// noisy changes a share of the labels to another class at random.
func noisy(labels []int, classes int, share float64, seed uint64) (noisy []int, wrong map[int]bool) {
	random := rand.New(rand.NewPCG(seed, 9))
	noisy, wrong = slices.Clone(labels), map[int]bool{}
	for _, i := range random.Perm(len(labels))[:int(share*float64(len(labels)))] {
		noisy[i] = (labels[i] + 1 + random.IntN(classes-1)) % classes
		wrong[i] = true
	}
	return noisy, wrong
}

// judge prints how many suspects were made wrong, and how many of those are
// suspects. Of the suggestions it counts those that restore the right label.
func judge(t *testing.T, name string, suspects []Suspect, wrong map[int]bool, right []int) (precision, recall float64) {
	t.Helper()
	hits, restored, early := 0, 0, 0
	for k, s := range suspects {
		if wrong[s.Image] {
			hits++
			if k < len(wrong)/2 {
				early++
			}
			if s.Suggested == right[s.Image] {
				restored++
			}
		}
	}
	precision, recall = float64(hits)/float64(max(len(suspects), 1)), float64(hits)/float64(len(wrong))
	t.Logf("%s: %d wrong of %d labels, %d suspects: precision %.3f, recall %.3f; %d of the first %d wrong, %d suggestions right",
		name, len(wrong), len(right), len(suspects), precision, recall, early, min(len(wrong)/2, len(suspects)), restored)
	return precision, recall
}

// crossValidated are probabilities by the distances to the class means of the
// other four fifths of the images: [n, classes].
func crossValidated(x []float32, n, dim int, labels []int, classes int) []float32 {
	const folds = 5
	p := make([]float32, n*classes)
	for fold := range folds {
		means, counts := make([]float32, classes*dim), make([]float32, classes)
		for i, label := range labels {
			if i/classes%folds == fold {
				continue
			}
			counts[label]++
			for j, v := range x[i*dim : (i+1)*dim] {
				means[label*dim+j] += v
			}
		}
		for k := range means {
			means[k] /= counts[k/dim]
		}
		for i := range n {
			if i/classes%folds != fold {
				continue
			}
			row, sum := p[i*classes:(i+1)*classes], 0.0
			lowest := math.Inf(1)
			for class := range row {
				lowest = min(lowest, squaredDistance(x[i*dim:(i+1)*dim], means[class*dim:(class+1)*dim]))
			}
			for class := range row {
				d := squaredDistance(x[i*dim:(i+1)*dim], means[class*dim:(class+1)*dim]) - lowest
				row[class] = float32(math.Exp(-d / 2))
				sum += float64(row[class])
			}
			for class := range row {
				row[class] = float32(float64(row[class]) / sum)
			}
		}
	}
	return p
}

func TestPlantedLabelNoise(t *testing.T) {
	const n, dim, classes = 3000, 16, 10
	x, right := blobs(n, dim, classes, 1.5, 2)
	given, wrong := noisy(right, classes, 0.1, 1)

	found, err := ConfidentLearning{}.Find(crossValidated(x, n, dim, given, classes), n, given, classes)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("estimated noise %.3f, planted 0.1", found.Noise)
	precision, recall := judge(t, "confident learning, class means", found.Suspects, wrong, right)
	if precision < 0.9 || recall < 0.9 || math.Abs(found.Noise-0.1) > 0.03 {
		t.Errorf("precision %.3f, recall %.3f, noise %.3f, want at least 0.9, 0.9, about 0.1", precision, recall, found.Noise)
	}
	p, err := NeighborVotes{}.Probabilities(x, n, dim, given, classes)
	if err != nil {
		t.Fatal(err)
	}
	if found, err = (ConfidentLearning{}).Find(p, n, given, classes); err != nil {
		t.Fatal(err)
	}
	precision, recall = judge(t, "confident learning, neighbours", found.Suspects, wrong, right)
	// Ten votes are coarse probabilities: an image of few votes for any class is
	// below all thresholds.
	if precision < 0.9 || recall < 0.75 {
		t.Errorf("precision %.3f, recall %.3f, want at least 0.9 and 0.75", precision, recall)
	}
	suspects, err := NeighborVotes{}.Suspects(x, n, dim, given, classes)
	if err != nil {
		t.Fatal(err)
	}
	precision, recall = judge(t, "neighbours' votes", suspects, wrong, right)
	if precision < 0.9 || recall < 0.9 {
		t.Errorf("precision %.3f, recall %.3f, want at least 0.9", precision, recall)
	}
}

// TestPlantedLabelNoiseOnXrays has features that separate two unequal classes
// in part only: raw thumbnails. What is wrong in the published labels counts as
// a false alarm.
func TestPlantedLabelNoiseOnXrays(t *testing.T) {
	set := xrays(t, 3882/smaller)
	x, dim := thumbnails(t, load(t, set))
	right := data.Labels(set)
	given, wrong := noisy(right, 2, 0.1, 1)
	p, err := NeighborVotes{}.Probabilities(x, set.Len(), dim, given, 2)
	if err != nil {
		t.Fatal(err)
	}
	found, err := ConfidentLearning{}.Find(p, set.Len(), given, 2)
	if err != nil {
		t.Fatal(err)
	}
	precision, recall := judge(t, "X-rays, confident learning", found.Suspects, wrong, right)
	suspects, err := NeighborVotes{}.Suspects(x, set.Len(), dim, given, 2)
	if err != nil {
		t.Fatal(err)
	}
	precision2, recall2 := judge(t, "X-rays, neighbours' votes", suspects, wrong, right)
	if min(precision, recall, precision2, recall2) < 0.5 { // chance is 0.1
		t.Error("suspects are hardly better than chance")
	}
}

func TestConfidentLearningBadInput(t *testing.T) {
	good, labels := []float32{0.5, 0.5, 0.25, 0.75}, []int{0, 1}
	nan := float32(math.NaN())
	for _, bad := range []struct {
		c       ConfidentLearning
		p       []float32
		n       int
		labels  []int
		classes int
		part    string
	}{
		{ConfidentLearning{Rank: 7}, good, 2, labels, 2, "curate.ConfidentLearning: Rank is 7"},
		{ConfidentLearning{}, good, 3, []int{0, 1, 1}, 2, "probabilities holds 4 values"},
		{ConfidentLearning{}, good, 2, []int{0}, 2, "labels holds 1 values; it must hold n = 2"},
		{ConfidentLearning{}, good, 2, []int{0, 2}, 2, "labels[1] is 2; it must be -1 (unlabelled) or from 0 to 1"},
		{ConfidentLearning{}, good, 2, []int{-2, 1}, 2, "labels[0] is -2"},
		{ConfidentLearning{}, good, 2, []int{-1, -1}, 2, "labels are all -1"},
		{ConfidentLearning{}, good, 4, []int{0, 0, 0, 0}, 1, "classes is 1"},
		{ConfidentLearning{}, nil, 0, nil, 2, "probabilities is [0, 2]"},
		{ConfidentLearning{}, []float32{0.5, 0.5, nan, 0.5}, 2, labels, 2, "probabilities row 1 column 0 is NaN"},
		{ConfidentLearning{}, []float32{0.5, 0.5, -0.5, 1.5}, 2, labels, 2, "probabilities row 1 column 0 is -0.5"},
		{ConfidentLearning{}, []float32{0.5, 0.5, 0.5, 0.6}, 2, labels, 2, "probabilities row 1 sums to 1.1"},
	} {
		_, err := bad.c.Find(bad.p, bad.n, bad.labels, bad.classes)
		wantError(t, err, "curate.ConfidentLearning", bad.part)
	}
}
