package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"sslkit/kit/metric"
)

// naiveNeighbors sorts the whole bank by float64 cosine similarity.
func naiveNeighbors(train, test Features, i, k int) (index []int, similarity []float64) {
	cosine := make([]float64, train.N)
	order := make([]int, train.N)
	for j := range train.N {
		order[j] = j
		var product, a, b float64
		for d, v := range test.Row(i) {
			w := float64(train.Row(j)[d])
			product += float64(v) * w
			a += float64(v) * float64(v)
			b += w * w
		}
		cosine[j] = product / (math.Sqrt(a) * math.Sqrt(b))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cosine[b], cosine[a]) })
	for _, j := range order[:k] {
		similarity = append(similarity, cosine[j])
	}
	return order[:k], similarity
}

func naiveKNN(train, test Features, k int, temperature float64) []int {
	predictions := make([]int, test.N)
	for i := range predictions {
		index, similarity := naiveNeighbors(train, test, i, k)
		votes := make([]float64, len(train.Classes))
		for j, image := range index {
			votes[train.Labels[image]] += math.Exp(similarity[j] / temperature)
		}
		predictions[i] = slices.Index(votes, slices.Max(votes))
	}
	return predictions
}

// Neighbours and predictions equal those of plain float64 loops, over several
// blocks of queries with a last one that is not full.
func TestKNNAgainstNaive(t *testing.T) {
	train, test := gaussians("train", 701, 12, 5, 1.5, 1), gaussians("test", queryBlock+37, 12, 5, 1.5, 2)
	for _, k := range []int{1, 20, 200, 701} {
		got, err := Neighbors(train, test, k)
		if err != nil {
			t.Fatal(err)
		}
		for i := range test.N {
			index, similarity := got.Row(i)
			wantIndex, wantSimilarity := naiveNeighbors(train, test, i, k)
			if !slices.Equal(index, wantIndex) {
				t.Fatalf("k %d: query %d has neighbours %v, want %v", k, i, index, wantIndex)
			}
			for j := range similarity {
				if math.Abs(similarity[j]-wantSimilarity[j]) > 1e-12 {
					t.Fatalf("k %d: query %d neighbour %d: similarity %.15g, want %.15g", k, i, j, similarity[j], wantSimilarity[j])
				}
			}
		}
	}
	for _, probe := range []KNN{{}, {K: 7, Temperature: 0.5}, {K: 200, Temperature: 0.01}} {
		got, err := probe.Predict(train, test)
		if err != nil {
			t.Fatal(err)
		}
		filled, _ := probe.withDefaults(train.N)
		if want := naiveKNN(train, test, filled.K, filled.Temperature); !slices.Equal(got, want) {
			t.Errorf("%+v: predictions differ from the naive ones", probe)
		}
	}
}

// A temperature at which exp(1/T) overflows leaves the nearest neighbour alone to
// vote.
func TestKNNSmallTemperature(t *testing.T) {
	train, test := gaussians("train", 300, 12, 5, 1.5, 1), gaussians("test", 50, 12, 5, 1.5, 2)
	got, err := KNN{K: 30, Temperature: 1e-9}.Predict(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if want := naiveKNN(train, test, 1, 1); !slices.Equal(got, want) {
		t.Errorf("got %v, want the nearest neighbours' classes %v", got, want)
	}
}

// A bank of more than one block, whose last block is mostly padding, where all
// true similarities are negative: padding must not be found.
func TestKNNBankBlocks(t *testing.T) {
	const n = 2*bankBlock + 3
	train := Features{N: n, Dim: 2, X: make([]float32, 2*n)}
	for i := range n {
		// Angles from 120 to 240 degrees, the nearest to 120 at the end.
		angle := (120 + 120*float64(n-1-i)/n) * math.Pi / 180
		train.X[2*i], train.X[2*i+1] = float32(math.Cos(angle)), float32(math.Sin(angle))
	}
	test := Features{N: 1, Dim: 2, X: []float32{float32(math.Cos(0.1)), float32(math.Sin(0.1))}}
	got, err := Neighbors(train, test, 5)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{n - 1, n - 2, n - 3, n - 4, n - 5}; !slices.Equal(got.Index, want) {
		t.Errorf("got %v at %v, want %v", got.Index, got.Similarity, want)
	}
}

// Of equal similarities the lower index comes first, whatever the scale of the
// rows; an all-zero embedding is similar to nothing.
func TestKNNTies(t *testing.T) {
	train := Features{N: 6, Dim: 2, Labels: []int{1, 0, 1, 0, 1, 0}, Classes: []string{"a", "b"},
		X: []float32{0, 1, 2, 0, 1, 0, 4, 0, 0, 0, 8, 0}}
	test := Features{N: 2, Dim: 2, X: []float32{5, 0, 0, 0}}
	got, err := Neighbors(train, test, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 2, 3, 0, 1, 2}; !slices.Equal(got.Index, want) {
		t.Errorf("got %v, want %v", got.Index, want)
	}
	if want := []float64{1, 1, 1, 0, 0, 0}; !slices.Equal(got.Similarity, want) {
		t.Errorf("similarities %v, want %v", got.Similarity, want)
	}
	// Two votes each: the lower class wins.
	predictions, err := KNN{K: 2, Temperature: math.Inf(1)}.Predict(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 0}; !slices.Equal(predictions, want) {
		t.Errorf("predictions %v, want %v", predictions, want)
	}
}

// Rounding on the device may order the candidates wrongly: the exact
// similarities decide, and the lower index where they are equal.
func TestRescore(t *testing.T) {
	exact := map[int]float64{9: 0.5, 4: 0.5, 7: 0.5, 2: 0.9, 1: 0.1}
	got := nearest{k: 3}
	got.rescore([]int{9, 1, 7, 4, 2}, func(j int) float64 { return exact[j] })
	if want := []int{2, 4, 7}; !slices.Equal(got.index, want) {
		t.Errorf("got %v, want %v", got.index, want)
	}
}

// On two Gaussians at distance d the best possible accuracy is Φ(d/2); k-NN with
// many neighbours comes near it and cannot beat it by more than chance.
func TestKNNOnGaussians(t *testing.T) {
	train, test := gaussians("train", 4000, 4, 2, 3, 1), gaussians("test", 4000, 4, 2, 3, 2)
	got, err := KNN{K: 100}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	// Means at distance 3·sqrt 2.
	if best := 0.5 * math.Erfc(-3/math.Sqrt2/math.Sqrt2); got.Value < best-0.02 || got.Value > best+0.01 {
		t.Errorf("%v, want near the Bayes accuracy %.4f", got, best)
	}
	counts, err := metric.Confusion(test.Labels, got.Predictions, 2)
	if err != nil {
		t.Fatal(err)
	}
	if share := float64(counts[0][0]+counts[1][1]) / 4000; share != got.Value {
		t.Errorf("the predictions score %g, the result says %g", share, got.Value)
	}
	if got.Protocol != "k-NN (k 100, cosine, T 0.1)" {
		t.Errorf("protocol %q", got.Protocol)
	}
}

func TestKNNBadSettings(t *testing.T) {
	train, test := gaussians("train", 10, 3, 2, 3, 1), gaussians("test", 10, 3, 2, 3, 2)
	for words, probe := range map[string]KNN{
		"K is 11":            {K: 11},
		"K is -1":            {K: -1},
		"Temperature is -1":  {K: 3, Temperature: -1},
		"Temperature is NaN": {K: 3, Temperature: math.NaN()},
	} {
		_, err := probe.Evaluate(train, test)
		wantError(t, words, err, words)
	}
	_, err := Neighbors(train, test, 11)
	wantError(t, "Neighbors", err, "K is 11", "10")
	got, err := KNN{}.Evaluate(train, test)
	if err != nil || got.Protocol != "k-NN (k 10, cosine, T 0.1)" {
		t.Errorf("the default on a bank of 10: %q, %v, want all 10", got.Protocol, err)
	}
}

// BenchmarkNeighbors runs on the backend of $GOMLX_BACKEND: without XLA, expect minutes.
func BenchmarkNeighbors(b *testing.B) {
	for _, size := range []struct{ train, test int }{{5_000, 1_000}, {50_000, 10_000}} {
		train, test := gaussians("train", size.train, 512, 10, .5, 1), gaussians("test", size.test, 512, 10, .5, 2)
		b.Run(fmt.Sprintf("%dx%d", size.train, size.test), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Neighbors(train, test, DefaultK); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
