package eval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/metric"
)

// naiveRetrieval sorts the whole gallery for a query, and reads AP, hit and precision off the list
// by their definitions.
func naiveRetrieval(gallery, queries Features, i, self int, ks []int) (average float64, hit, precision []float64) {
	type image struct {
		similarity int32
		relevant   bool
	}
	var list []image
	for j := range gallery.N {
		if j == self {
			continue
		}
		similarity := similarityOf(dot(queries.Row(i), gallery.Row(j)), length(queries.Row(i)), length(gallery.Row(j)))
		list = append(list, image{similarity, gallery.Labels[j] == queries.Labels[i]})
	}
	slices.SortFunc(list, func(a, b image) int {
		if a.similarity != b.similarity {
			return cmp.Compare(b.similarity, a.similarity)
		}
		if a.relevant == b.relevant {
			return 0
		}
		if a.relevant {
			return 1 // behind
		}
		return -1
	})
	found := 0
	for rank, v := range list {
		if v.relevant {
			found++
			average += float64(found) / float64(rank+1)
		}
	}
	if found == 0 {
		return math.NaN(), nil, nil
	}
	for _, k := range ks {
		n := 0
		for _, v := range list[:k] {
			if v.relevant {
				n++
			}
		}
		hit, precision = append(hit, float64(min(n, 1))), append(precision, float64(n)/float64(k))
	}
	return average / float64(found), hit, precision
}

// Every figure equals the naive one to the bit, over several blocks of queries, with a gallery of
// its own, with the queries themselves, and with part of them.
func TestRetrievalAgainstNaive(t *testing.T) {
	queries := gaussians("queries", queryBlock+37, 6, 5, 1.5, 2)
	// Equal embeddings, of several classes and lengths.
	for _, row := range [][2]int{{7, 3}, {500, 3}, {501, 4}, {900, 4}, {20, 21}} {
		for j, v := range queries.Row(row[1]) {
			queries.Row(row[0])[j] = 4 * v
		}
	}
	part, err := queries.Subset(data.Subset{PerClass: 30, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	unnamed := queries
	unnamed.Name = ""
	for name, c := range map[string]struct {
		gallery, queries Features
		self             func(i int) int
	}{
		"another set": {gaussians("gallery", 701, 6, 5, 1.5, 1), queries, func(int) int { return -1 }},
		"itself":      {queries, queries, func(i int) int { return i }},
		"unnamed":     {unnamed, unnamed, func(i int) int { return i }},
		"part of it":  {part, queries, func(i int) int { return slices.Index(part.Indices, i) }},
		"its whole":   {queries, part, func(i int) int { return part.Indices[i] }},
	} {
		settings := Retrieval{K: []int{3, 1, 50, 3}, Resamples: 200, Seed: 5}
		got, err := settings.Evaluate(c.gallery, c.queries)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var averages []float64
		hits, precisions := make([][]float64, 3), make([][]float64, 3)
		for i := range c.queries.N {
			average, hit, precision := naiveRetrieval(c.gallery, c.queries, i, c.self(i), []int{1, 3, 50})
			if got.AveragePrecision[i] != average {
				t.Fatalf("%s: query %d has AP %.17g, want %.17g", name, i, got.AveragePrecision[i], average)
			}
			averages = append(averages, average)
			for at := range hit {
				hits[at], precisions[at] = append(hits[at], hit[at]), append(precisions[at], precision[at])
			}
		}
		want, err := metric.Bootstrap(averages, 200, 5)
		if err != nil || got.Value != want.Value || got.Low != want.Low || got.High != want.High || got.N != c.queries.N {
			t.Errorf("%s: %v, want %+v, %v", name, got, want, err)
		}
		if len(got.At) != 3 {
			t.Fatalf("%s: %+v", name, got.At)
		}
		for at, k := range []int{1, 3, 50} {
			recall, _ := metric.Bootstrap(hits[at], 200, 5)
			precision, _ := metric.Bootstrap(precisions[at], 200, 5)
			if got.At[at] != (RetrievalAt{K: k, Recall: recall, Precision: precision}) {
				t.Errorf("%s: at %d: %+v, want %+v and %+v", name, k, got.At[at], recall, precision)
			}
		}
	}
}

// A gallery of several blocks, the last mostly padding, where all true similarities are negative:
// padding must not rank.
func TestRetrievalGalleryBlocks(t *testing.T) {
	const n = 2*bankBlock + 3
	gallery := Features{N: n, Dim: 2, Labels: make([]int, n), Classes: []string{"a", "b"}}
	for i := range n {
		angle := (120 + 120*float64(n-1-i)/n) * math.Pi / 180 // the nearest to 120 degrees at the end
		gallery.X = append(gallery.X, float32(math.Cos(angle)), float32(math.Sin(angle)))
	}
	gallery.Labels[n-1], gallery.Labels[n-4] = 1, 1
	queries := Features{N: 1, Dim: 2, X: []float32{float32(math.Cos(0.1)), float32(math.Sin(0.1))}, Labels: []int{1},
		Classes: gallery.Classes, Name: "one"}
	got, err := Retrieval{}.Evaluate(gallery, queries)
	if err != nil || got.Value != (1+2./4)/2 || got.Low != got.Value || got.At[1].Precision.Value != 2./5 {
		t.Errorf("%+v, %v, want ranks 1 and 4", got, err)
	}
}

// By hand: relevant images at ranks 1, 3 and 6 of 6 give AP (1/1 + 2/3 + 3/6)/3.
func TestRetrievalByHand(t *testing.T) {
	gallery := Features{N: 6, Dim: 2, Name: "gallery", Labels: []int{0, 1, 0, 1, 1, 0}, Classes: []string{"a", "b"}}
	for _, degrees := range []float64{10, 20, 30, 40, 50, 60} {
		gallery.X = append(gallery.X, float32(math.Cos(degrees*math.Pi/180)), float32(math.Sin(degrees*math.Pi/180)))
	}
	queries := Features{N: 1, Dim: 2, Name: "query", X: []float32{3, 0}, Labels: []int{0}, Classes: gallery.Classes}
	got, err := Retrieval{K: []int{1, 2, 3, 6}}.Evaluate(gallery, queries)
	if err != nil {
		t.Fatal(err)
	}
	if want := (1 + 2./3 + 3./6) / 3; got.Value != want {
		t.Errorf("AP %g, want %g", got.Value, want)
	}
	for at, want := range []float64{1, 1. / 2, 2. / 3, 3. / 6} {
		if got.At[at].Precision.Value != want || got.At[at].Recall.Value != 1 {
			t.Errorf("%+v, want precision %g", got.At[at], want)
		}
	}
}

// Of equal similarities the irrelevant come first: collapsed embeddings, zeros among them, earn the
// least there is.
func TestRetrievalTies(t *testing.T) {
	similarity, labels := []int32{5, 7, 5, 5, 1}, []int{0, 0, 1, 0, 0}
	if got, want := relevantRanks(similarity, labels, 0, -1), []int{1, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, want %v", got, want)
	}
	if got, want := relevantRanks(similarity, labels, 0, 1), []int{2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("without itself: ranks %v, want %v", got, want)
	}
	for _, value := range []float32{0, 0.3} {
		f := gaussians("collapsed", 40, 7, 2, 1, 1)
		for i := range f.X {
			f.X[i] = value * float32(1+i/f.Dim) // of one direction, and many lengths
		}
		got, err := Retrieval{}.Evaluate(f, f)
		if err != nil {
			t.Fatal(err)
		}
		var want float64 // 19 relevant images behind 20
		for i := range 19 {
			want += float64(i+1) / float64(21+i) / 19
		}
		if math.Abs(got.Value-want) > 1e-12 || got.At[2].Recall.Value != 0 {
			t.Errorf("%v, want %g", got, want)
		}
	}
}

// The order of gallery and queries changes nothing, nor does the scale of an embedding.
func TestRetrievalInvariant(t *testing.T) {
	gallery, queries := gaussians("gallery", 300, 6, 4, 1.5, 1), gaussians("queries", 100, 6, 4, 1.5, 2)
	first, err := Retrieval{}.Evaluate(gallery, queries)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 3))
	order := random.Perm(queries.N)
	shuffledGallery, shuffled := gallery.rows(random.Perm(gallery.N), 0), queries.rows(order, 0)
	for i := range shuffledGallery.N {
		for j := range shuffledGallery.Row(i) {
			shuffledGallery.Row(i)[j] *= float32(int(1) << (i % 5))
		}
	}
	got, err := Retrieval{}.Evaluate(shuffledGallery, shuffled)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range order {
		if got.AveragePrecision[i] != first.AveragePrecision[row] {
			t.Fatalf("query %d has AP %g, and %g in another order", row, first.AveragePrecision[row], got.AveragePrecision[i])
		}
	}
	for at := range first.At {
		if math.Abs(got.At[at].Recall.Value-first.At[at].Recall.Value) > 1e-12 ||
			math.Abs(got.At[at].Precision.Value-first.At[at].Precision.Value) > 1e-12 {
			t.Errorf("%+v, in another order %+v", first.At[at], got.At[at])
		}
	}
	// And random embeddings earn about the share of relevant images.
	noise := gaussians("noise", 400, 6, 4, 0, 8)
	chance, err := Retrieval{}.Evaluate(noise, noise)
	if err != nil || math.Abs(chance.Value-0.25) > 0.03 || chance.Low > chance.Value || chance.High < chance.Value {
		t.Errorf("noise earns %v, %v", chance, err)
	}
}

// Queries without a relevant image are left out, and the result says so.
func TestRetrievalLeftOut(t *testing.T) {
	gallery, queries := gaussians("gallery", 90, 4, 3, 4, 1), gaussians("queries", 30, 4, 3, 4, 2)
	for i := range gallery.Labels {
		gallery.Labels[i] = i % 2
	}
	got, err := Retrieval{}.Evaluate(gallery, queries)
	if err != nil {
		t.Fatal(err)
	}
	if got.LeftOut != 10 || got.N != 20 || !strings.Contains(got.Protocol, ", 10 queries without a relevant image left out") {
		t.Errorf("%v, %d left out", got, got.LeftOut)
	}
	for i, average := range got.AveragePrecision {
		if math.IsNaN(average) != (queries.Labels[i] == 2) {
			t.Errorf("query %d has AP %g", i, average)
		}
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
	for i := range queries.Labels {
		queries.Labels[i] = 2
	}
	_, err = Retrieval{}.Evaluate(gallery, queries)
	wantError(t, "all left out", err, "no query", `"queries"`, `"gallery"`)
	alone := gaussians("alone", 3, 4, 3, 4, 1)
	_, err = Retrieval{}.Evaluate(alone, alone)
	wantError(t, "one image a class", err, "no query")
}

func TestRetrievalProvenance(t *testing.T) {
	set := gaussians("set", 80, 3, 2, 3, 1)
	gallery, err := set.Subset(data.Subset{PerClass: 20, Seed: 6})
	if err != nil {
		t.Fatal(err)
	}
	gallery.Rehash = func() (string, error) { return "e0", nil }
	got, err := Retrieval{Seed: 9}.Evaluate(gallery, set)
	if err != nil {
		t.Fatal(err)
	}
	if got.EncoderBefore != "e0" || got.EncoderAfter != "e0" || got.SubsetHash != gallery.SubsetHash || got.SubsetSeed != 6 ||
		got.Seed != 9 || got.Labels != 40 || !slices.Equal(got.LabelsPerClass, []int{20, 20}) || got.Metric != "mAP" ||
		got.Interval != "percentile bootstrap 95 % over queries, 1,000 resamples" {
		t.Errorf("%+v", got)
	}
	gallery.Rehash = func() (string, error) { return "e1", nil }
	_, err = Retrieval{}.Evaluate(gallery, set)
	wantError(t, "encoder", err, "encoder changed")
}

func TestRetrievalBadSettings(t *testing.T) {
	gallery, queries := gaussians("gallery", 12, 3, 2, 3, 1), gaussians("queries", 6, 3, 2, 3, 2)
	for words, r := range map[string]Retrieval{
		"K is empty":       {K: []int{}},
		"K holds 0":        {K: []int{1, 0}},
		"K holds 13":       {K: []int{13}},
		"Resamples is 99":  {Resamples: 99},
		"Resamples is -10": {Resamples: -10},
	} {
		_, err := r.Evaluate(gallery, queries)
		wantError(t, words, err, words)
	}
	_, err := Retrieval{K: []int{12}}.Evaluate(gallery, gallery)
	wantError(t, "itself", err, "K holds 12", "11 images")
	if got, err := (Retrieval{}).Evaluate(queries, queries); err != nil || len(got.At) != 2 || got.At[1].K != 5 {
		t.Errorf("the default for 5 images: %+v, %v", got.At, err)
	}
	for words, spoil := range map[string]func(f *Features){
		"Dim is 3":        func(f *Features) { *f = gaussians("queries", 6, 4, 2, 3, 2) },
		"Classes differ":  func(f *Features) { f.Classes = []string{"x", "y"} },
		"Labels[1] is -1": func(f *Features) { f.Labels = []int{0, -1, 0, 0, 0, 0} },
		"other weights":   func(f *Features) { f.Encoder = "e1" },
	} {
		other := queries
		spoil(&other)
		_, err := Retrieval{}.Evaluate(gallery, other)
		wantError(t, words, err, strings.Replace(words, "other", "different", 1))
	}
	one := gaussians("one", 1, 3, 1, 3, 1)
	_, err = Retrieval{}.Evaluate(one, one)
	wantError(t, "alone", err, "no image but the query itself")
}

// Every image of a set against all others.
func ExampleRetrieval() {
	set := gaussians("set", 200, 8, 4, 4, 1)
	got, err := Retrieval{K: []int{1, 10}}.Evaluate(set, set)
	fmt.Println(got, err)
	for _, at := range got.At {
		fmt.Printf("at %2d: recall %.3f, precision %.3f\n", at.K, at.Recall.Value, at.Precision.Value)
	}
	// Output:
	// retrieval (cosine, self excluded) mAP 94.4 % [92.9, 95.7], 200 queries, 200 gallery images <nil>
	// at  1: recall 0.990, precision 0.990
	// at 10: recall 1.000, precision 0.978
}
