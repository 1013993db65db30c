package metric

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// scored draws n images, a share of them positive, whose scores are normal and
// one deviation higher for positives: the true area is Φ(1/√2).
func scored(random *rand.Rand, n int, share float64) (truth []int, scores []float64) {
	for range n {
		class := 0
		if random.Float64() < share {
			class = 1
		}
		truth = append(truth, class)
		scores = append(scores, random.NormFloat64()+float64(class))
	}
	return truth, scores
}

func areaOf(truth []int, scores []float64) func([]int) (float64, error) {
	return func(images []int) (float64, error) { return ROCAUC(Rows(truth, 1, images), Rows(scores, 1, images)) }
}

// For a mean it is the bootstrap of a mean, and it repeats.
func TestBootstrapOfMean(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, 300)
	for i := range x {
		x[i] = random.ExpFloat64()
	}
	mean := func(images []int) (float64, error) {
		var sum float64
		for _, i := range images {
			sum += x[i]
		}
		return sum / float64(len(images)), nil
	}
	want, _ := Bootstrap(x, 4000, 3)
	got, err := BootstrapOf(len(x), 4000, 9, mean)
	if err != nil || !near(got.Value, want.Value, 1e-12) || !near(got.Low, want.Low, 0.01) ||
		!near(got.High, want.High, 0.01) || got.N != 300 {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if again, _ := BootstrapOf(len(x), 4000, 9, mean); again != got {
		t.Error("the same seed gave another interval")
	}
	if other, _ := BootstrapOf(len(x), 4000, 10, mean); other == got {
		t.Error("another seed gave the same interval")
	}
	one, err := BootstrapOf(1, 100, 1, mean)
	if err != nil || one != (Interval{Value: x[0], Low: x[0], High: x[0], N: 1}) {
		t.Errorf("one image: %+v, %v", one, err)
	}
}

// A 95 % interval must hold the true area in about 95 % of the samples.
func TestBootstrapCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	const trials = 300
	trueArea := 0.5 * math.Erfc(-0.5)
	plain, stratified := 0, 0
	for trial := range trials {
		truth, scores := scored(random, 120, 0.3)
		a, err := BootstrapOf(len(truth), 200, uint64(trial), areaOf(truth, scores))
		if err != nil {
			t.Fatal(err)
		}
		b, err := BootstrapStratified(truth, 200, uint64(trial), areaOf(truth, scores))
		if err != nil {
			t.Fatal(err)
		}
		if a.Low <= trueArea && trueArea <= a.High {
			plain++
		}
		if b.Low <= trueArea && trueArea <= b.High {
			stratified++
		}
	}
	for name, inside := range map[string]int{"plain": plain, "stratified": stratified} {
		if share := float64(inside) / trials; share < 0.91 || share > 0.98 {
			t.Errorf("%s: coverage %.3f, want about 0.95", name, share)
		}
	}
}

// Strata keep their sizes in every resample; where a class is rare the plain
// bootstrap refuses, and says what to do.
func TestBootstrapStrata(t *testing.T) {
	truth := []int{7, 3, 7, 3, 3, 7, 3, 3, 3, 3}
	_, err := BootstrapStratified(truth, 100, 1, func(images []int) (float64, error) {
		sevens := 0
		for _, image := range images {
			if truth[image] == 7 {
				sevens++
			}
		}
		if sevens != 3 || len(images) != 10 {
			t.Fatalf("%d sevens of %d", sevens, len(images))
		}
		return float64(images[0]), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rare, scores := make([]int, 50), make([]float64, 50)
	rare[4], scores[4] = 1, 1
	_, err = BootstrapOf(50, 200, 1, areaOf(rare, scores))
	if !errors.Is(err, ErrUndefined) || !strings.Contains(err.Error(), "strata") {
		t.Errorf("one positive: got %v", err)
	}
	if _, err := BootstrapStratified(rare, 200, 1, areaOf(rare, scores)); err != nil {
		t.Errorf("one positive, stratified: %v", err)
	}
	for _, at := range []int{8, 15, 23, 42} { // no positive in 0.9^50, half a percent of the draws
		rare[at] = 1
	}
	if _, err := BootstrapOf(50, 1000, 1, areaOf(rare, scores)); err != nil {
		t.Errorf("five positives: %v", err)
	}
}

func TestRows(t *testing.T) {
	x := []int{0, 1, 2, 3, 4, 5}
	if got := Rows(x, 2, []int{2, 0, 2}); !slices.Equal(got, []int{4, 5, 0, 1, 4, 5}) {
		t.Errorf("got %v", got)
	}
	if got := Rows(x, 1, []int{5, 5, 0}); !slices.Equal(got, []int{5, 5, 0}) {
		t.Errorf("got %v", got)
	}
}

func TestBootstrapBadInput(t *testing.T) {
	fine := func([]int) (float64, error) { return 1, nil }
	broken := errors.New("broken")
	failures := map[string]error{}
	_, failures["n"] = BootstrapOf(0, 100, 1, fine)
	_, failures["resamples"] = BootstrapOf(5, 99, 1, fine)
	_, failures["strata"] = BootstrapStratified(nil, 100, 1, fine)
	_, failures["NaN"] = BootstrapOf(5, 100, 1, func([]int) (float64, error) { return math.NaN(), nil })
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := BootstrapOf(5, 100, 1, func([]int) (float64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the metric's error", err)
	}
}

// The draws are the same, and in the same order, whatever the number of cores, also where some are
// undefined and drawn again.
func TestBootstrapDoesNotDependOnCores(t *testing.T) {
	const n = 12
	measure := func(cores int, seed uint64) Interval {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		got, err := BootstrapOf(n, 250, seed, func(images []int) (float64, error) {
			var sum float64
			for _, image := range images {
				sum += math.Sqrt(float64(image))
			}
			if images[0]+images[1] == 3 {
				return 0, ErrUndefined
			}
			return sum, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for seed := range uint64(5) {
		want := measure(1, seed)
		for _, cores := range []int{2, 3, 8} {
			if got := measure(cores, seed); got != want {
				t.Errorf("seed %d: %+v on %d cores, %+v on one", seed, got, cores, want)
			}
		}
	}
}

func BenchmarkBootstrapROCAUC(b *testing.B) {
	truth, scores := scored(rand.New(rand.NewPCG(1, 1)), 10000, 0.3)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := BootstrapOf(len(truth), 1000, 1, areaOf(truth, scores)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapROCAUCOneVsRest(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	truth, scores := make([]int, 10000), make([]float32, 100000)
	for i := range scores {
		truth[i/10], scores[i] = random.IntN(10), random.Float32()
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := BootstrapOf(len(truth), 1000, 1, func(images []int) (float64, error) {
			areas, err := ROCAUCOneVsRest(Rows(truth, 1, images), Rows(scores, 10, images), 10)
			return areas.Macro, err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapMacroF1(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	truth, predicted := make([]int, 10000), make([]int, 10000)
	for i := range truth {
		truth[i], predicted[i] = random.IntN(10), random.IntN(10)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := BootstrapOf(len(truth), 1000, 1, func(images []int) (float64, error) {
			report, err := PrecisionRecallF1(Rows(truth, 1, images), Rows(predicted, 1, images), 10, ZeroIsZero)
			return report.Macro.F1, err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
