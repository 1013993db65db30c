package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Golden values: scipy 1.17.1,
// stats.binomtest(k, n).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		successes, n int
		low, high    float64
	}{
		{6130, 10000, 0.6034120704622715, 0.6225011459059556},
		{7, 10, 0.39677814746114526, 0.892208732593699},
		{0, 10, 0, 0.27753279986288926},
		{10, 10, 0.7224672001371109, 1},
	} {
		got, err := Wilson(c.successes, c.n)
		if err != nil {
			t.Fatal(err)
		}
		if !near(got.Low, c.low, 1e-12) || !near(got.High, c.high, 1e-12) || got.N != c.n ||
			got.Value != float64(c.successes)/float64(c.n) {
			t.Errorf("Wilson(%d, %d) = %+v, want [%g, %g]", c.successes, c.n, got, c.low, c.high)
		}
	}
}

// A 95 % interval must hold the true share in about 95 % of the draws.
func TestWilsonCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const trials, n, p = 4000, 60, 0.9
	inside := 0
	for range trials {
		k := 0
		for range n {
			if random.Float64() < p {
				k++
			}
		}
		interval, err := Wilson(k, n)
		if err != nil {
			t.Fatal(err)
		}
		if interval.Low <= p && p <= interval.High {
			inside++
		}
	}
	if share := float64(inside) / trials; share < 0.93 || share > 0.975 {
		t.Errorf("coverage %.3f, want about 0.95", share)
	}
}

// Golden values: scipy 1.17.1, stats.t.interval(0.95, 4, mean, stats.sem(x)).
func TestMeanInterval(t *testing.T) {
	got, err := MeanInterval([]float64{0.61, 0.64, 0.58, 0.66, 0.60})
	if err != nil {
		t.Fatal(err)
	}
	if !near(got.Value, 0.618, 1e-12) || !near(got.Low, 0.5783444319909037, 1e-9) ||
		!near(got.High, 0.6576555680090965, 1e-9) || got.N != 5 {
		t.Errorf("got %+v", got)
	}
	single, err := MeanInterval([]float64{0.5})
	if err != nil || single != (Interval{Value: 0.5, Low: 0.5, High: 0.5, N: 1}) {
		t.Errorf("one value: got %+v, %v", single, err)
	}
}

// For many normal values the bootstrap agrees with Student's t.
func TestBootstrap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x := make([]float64, 300)
	for i := range x {
		x[i] = random.NormFloat64()
	}
	want, err := MeanInterval(x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Bootstrap(x, 4000, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got.Value != want.Value || !near(got.Low, want.Low, 0.015) || !near(got.High, want.High, 0.015) {
		t.Errorf("bootstrap %+v, t %+v", got, want)
	}
	again, _ := Bootstrap(x, 4000, 7)
	if again != got {
		t.Error("the same seed gave another interval")
	}
	other, _ := Bootstrap(x, 4000, 8)
	if other.Low == got.Low {
		t.Error("another seed gave the same interval")
	}
}

func TestIntervalBadInput(t *testing.T) {
	failures := map[string]error{}
	_, failures["Wilson n 0"] = Wilson(0, 0)
	_, failures["Wilson successes over n"] = Wilson(3, 2)
	_, failures["Wilson negative"] = Wilson(-1, 2)
	_, failures["MeanInterval empty"] = MeanInterval(nil)
	_, failures["MeanInterval NaN"] = MeanInterval([]float64{1, math.NaN()})
	_, failures["Bootstrap empty"] = Bootstrap(nil, 1000, 1)
	_, failures["Bootstrap Inf"] = Bootstrap([]float64{math.Inf(1)}, 1000, 1)
	_, failures["Bootstrap resamples"] = Bootstrap([]float64{1, 2}, 10, 1)
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }
