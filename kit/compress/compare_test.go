package compress

import (
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/eval"
)

func TestSpreadByHand(t *testing.T) {
	x := []float64{5, 1, 4, 2, 3, 10, 9, 8, 7, 6}
	// P(Binomial(10, 1/2) ≤ 1) = 11/1024, and ≤ 2 it is 56/1024: the second and the last but one
	// hold the median with 97.9 %.
	want := Spread{Median: 5.5, Low: 2, High: 9, Quarter: 3.25, ThreeQuarters: 7.75}
	if got := spread(x); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := spread([]float64{3}); got != (Spread{3, 3, 3, 3, 3}) {
		t.Errorf("of one: %+v", got)
	}
	if got := spread([]float64{1, 2}); got.Low != 1 || got.High != 2 || got.Median != 1.5 {
		t.Errorf("of two: %+v", got)
	}
}

// TestSpreadHoldsTheMedian counts how often the interval holds the true median.
func TestSpreadHoldsTheMedian(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 101, 1500} {
		const repeats = 400
		held := 0
		for range repeats {
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.ExpFloat64()
			}
			if s := spread(x); s.Low <= .693147 && .693147 <= s.High {
				held++
			}
		}
		if held < .92*repeats || held > repeats-1 {
			t.Errorf("%d measurements: the interval holds the median in %d of %d", n, held, repeats)
		}
	}
}

func TestCandidateIsMeasured(t *testing.T) {
	weights := scrambled(t, basic)
	dir := t.TempDir()
	from, sparse := filepath.Join(dir, "from.safetensors"), filepath.Join(dir, "sparse.safetensors")
	if err := encoder.WriteSafetensors(from, slices.Collect(maps.Values(weights)), nil); err != nil {
		t.Fatal(err)
	}
	if err := (Magnitude{Sparsity: .9}).PruneFile(from, sparse); err != nil {
		t.Fatal(err)
	}
	whole, err := Candidate{Name: "whole", Encoder: basic, Weights: from}.measure(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	pruned, err := Candidate{Name: "sparse", Encoder: basic, Weights: sparse}.measure(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	values, kernels := 0, 0
	for _, w := range weights {
		values += len(w.Data)
		if Prunable(len(w.Shape)) {
			kernels += len(w.Data)
		}
	}
	if whole.NonZero != int64(values) || pruned.NonZero != int64(values-int(.9*float64(kernels)+.5)) {
		t.Errorf("%d and %d values are not zero, of %d with %d in kernels", whole.NonZero, pruned.NonZero, values, kernels)
	}
	if info, err := os.Stat(from); err != nil || whole.FileBytes != info.Size() || pruned.FileBytes != whole.FileBytes {
		t.Errorf("files of %d and %d bytes, %v", whole.FileBytes, pruned.FileBytes, err)
	}
	if pruned.GzipBytes > whole.GzipBytes/2 {
		t.Errorf("compressed, the sparse file has %d of %d bytes", pruned.GzipBytes, whole.GzipBytes)
	}
}

// TestComparison: what was pruned is compared with what it was made of.
func TestComparison(t *testing.T) {
	weights := scrambled(t, basic)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.safetensors"), filepath.Join(dir, "to.safetensors")
	if err := encoder.WriteSafetensors(from, slices.Collect(maps.Values(weights)), nil); err != nil {
		t.Fatal(err)
	}
	fewer, err := Channels{Remove: .5}.PruneFile(basic, from, to)
	if err != nil {
		t.Fatal(err)
	}
	// Of three test images, two are nearest to training images of their class.
	train := eval.Features{X: []float32{1, 0, 0, 1}, N: 2, Dim: 2, Labels: []int{0, 1}, Classes: []string{"a", "b"}}
	test := eval.Features{X: []float32{1, .1, .1, 1, .2, 1}, N: 3, Dim: 2, Labels: []int{0, 1, 0}, Classes: train.Classes}
	table, err := Comparison{Height: 16, Width: 16, Rounds: 7, Batches: []int{2}}.Compare(
		Candidate{Name: "whole", Encoder: basic, Weights: from, Train: train, Test: test},
		Candidate{Name: "small", Encoder: fewer, Weights: to},
	)
	if err != nil {
		t.Fatal(err)
	}
	a, b := table.Rows[0], table.Rows[1]
	if a.Accuracy == nil || math.Abs(a.Accuracy.Value-2./3) > 1e-9 || b.Accuracy != nil {
		t.Errorf("accuracies %v and %v", a.Accuracy, b.Accuracy)
	}
	if a.Params <= b.Params || a.FileBytes <= b.FileBytes || a.MultiplyAdds <= b.MultiplyAdds {
		t.Errorf("%+v and %+v", a, b)
	}
	if a.Latency[0].Speedup.Median != 1 || b.Latency[0].Seconds.Median <= 0 || a.Latency[0].Rounds != 7 {
		t.Errorf("latencies %+v and %+v", a.Latency, b.Latency)
	}
	if lines := strings.Count(table.String(), "\n"); lines != 4 {
		t.Errorf("the table has %d lines:\n%s", lines, table)
	}
	wrong := Candidate{Name: "wrong", Encoder: fewer, Weights: from}
	if _, err := (Comparison{Height: 16, Width: 16}).Compare(wrong); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("weights of another network: error %v", err)
	}
}

func TestComparisonRefuses(t *testing.T) {
	fine := Candidate{Name: "a", Encoder: basic, Weights: "nowhere"}
	size := Comparison{Height: 16, Width: 16}
	for what, call := range map[string]func() (Table, error){
		"Height":        func() (Table, error) { return Comparison{Width: 16}.Compare(fine) },
		"Rounds":        func() (Table, error) { return Comparison{Height: 16, Width: 16, Rounds: -1}.Compare(fine) },
		"Passes":        func() (Table, error) { return Comparison{Height: 16, Width: 16, Passes: -1}.Compare(fine) },
		"Batches":       func() (Table, error) { return Comparison{Height: 16, Width: 16, Batches: []int{0}}.Compare(fine) },
		"no candidates": func() (Table, error) { return size.Compare() },
		"Name":          func() (Table, error) { return size.Compare(Candidate{Encoder: basic, Weights: "a"}) },
		"Encoder of b":  func() (Table, error) { return size.Compare(Candidate{Name: "b", Weights: "a"}) },
		"Weights of c":  func() (Table, error) { return size.Compare(Candidate{Name: "c", Encoder: basic}) },
		"nowhere":       func() (Table, error) { return size.Compare(fine) },
		"at least 16":   func() (Table, error) { return Comparison{Height: 8, Width: 8}.Compare(fine) },
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
