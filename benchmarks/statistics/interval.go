package statistics

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean is the mean over runs with its 95 % interval.
type Mean struct {
	Value float64
	Low   float64 // Equal to Value where Over says that there is no interval.
	High  float64
	Runs  int
	Seeds int
	Draws int    // Different ones, over all seeds.
	Over  string // What the interval is over, in words.
}

// NewMean is the mean over runs, with the interval that is right for how they hang together:
//
//   - Each draw belongs to one seed, or there is one draw a seed: what varies from seed to seed
//     includes what varies from draw to draw, so that the interval is Student's over the means of the
//     seeds. That there are several draws a seed makes these means steadier, and counts as no more of
//     them.
//   - All seeds were run on the same draws: seeds and draws are crossed random effects. The variance
//     of the mean is (MS(seeds) + MS(draws) - MS(rest)) / runs, with Satterthwaite's degrees of
//     freedom (Searle, Casella and McCulloch, "Variance Components", 1992, sections 4.3 and 4.5), and
//     at least that of the greater one of the two alone.
//
// A single seed, or a single draw where all seeds have that one, is told in Over: the interval says
// nothing of others. Errors: no run, two of one seed and draw, a value that is not finite, seeds of
// which some share draws and others do not.
func NewMean(runs []Run) (Mean, error) {
	runs, err := sorted(runs)
	if err != nil {
		return Mean{}, err
	}
	m := Mean{Runs: len(runs)}
	bySeed, byDraw := map[uint64][]float64{}, map[uint64][]float64{}
	var seeds, draws []uint64
	for _, r := range runs {
		if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			return Mean{}, fmt.Errorf("the value of %s is %g; it must be a number", r.key(), r.Value)
		}
		if bySeed[r.Seed] == nil {
			seeds = append(seeds, r.Seed)
		}
		if byDraw[r.Draw] == nil {
			draws = append(draws, r.Draw)
		}
		bySeed[r.Seed], byDraw[r.Draw] = append(bySeed[r.Seed], r.Value), append(byDraw[r.Draw], r.Value)
		m.Value += r.Value / float64(len(runs))
	}
	m.Low, m.High, m.Seeds, m.Draws = m.Value, m.Value, len(seeds), len(draws)
	crossed, nested := len(runs) == len(seeds)*len(draws), len(runs) == len(draws)
	switch {
	case len(seeds) == 1:
		m.Over = fmt.Sprintf("one seed, %d runs: no interval", len(runs))
		return m, nil
	case len(draws) == 1 && draws[0] != 0:
		m.student(means(seeds, bySeed))
		m.Over = fmt.Sprintf("Student's 95 %% over %d seeds, on one draw of labels", len(seeds))
		return m, nil
	case len(draws) == 1 || nested:
		values := means(seeds, bySeed)
		for _, seed := range seeds {
			if len(bySeed[seed]) != len(bySeed[seeds[0]]) {
				return Mean{}, fmt.Errorf("seed %d has %d runs and seed %d has %d; all must have as many",
					seeds[0], len(bySeed[seeds[0]]), seed, len(bySeed[seed]))
			}
		}
		m.student(values)
		m.Over = fmt.Sprintf("Student's 95 %% over %d seeds", len(seeds))
		if n := len(runs) / len(seeds); n > 1 {
			m.Over += fmt.Sprintf(", each the mean of %d draws of its own", n)
		}
		return m, nil
	case !crossed:
		return Mean{}, fmt.Errorf("%d seeds and %d draws have %d runs; each seed must have draws of its own, or all the same draws",
			len(seeds), len(draws), len(runs))
	}
	m.crossed(runs, means(seeds, bySeed), means(draws, byDraw))
	m.Over = fmt.Sprintf("95 %% over %d seeds and %d draws of labels, crossed", len(seeds), len(draws))
	return m, nil
}

// means are those of each of the keys, in their order.
func means(keys []uint64, values map[uint64][]float64) []float64 {
	out := make([]float64, len(keys))
	for i, k := range keys {
		out[i] = stat.Mean(values[k], nil)
	}
	return out
}

// student makes the interval Student's over independent values.
func (m *Mean) student(values []float64) {
	n := float64(len(values))
	m.within(stat.Variance(values, nil)/n, n-1)
}

// crossed makes the interval that of crossed random effects, of runs by seed and draw.
func (m *Mean) crossed(runs []Run, seedMeans, drawMeans []float64) {
	a, b := float64(len(seedMeans)), float64(len(drawMeans))
	seeds := b * stat.Variance(seedMeans, nil) // Mean square between seeds.
	draws := a * stat.Variance(drawMeans, nil)
	var rest float64
	for i, r := range runs { // Seed by seed, the draws in order.
		left := r.Value - seedMeans[i/len(drawMeans)] - drawMeans[i%len(drawMeans)] + m.Value
		rest += left * left
	}
	rest /= (a - 1) * (b - 1)
	variance, of := seeds+draws-rest, func(ms, df float64) float64 { return ms * ms / df }
	freedom := variance * variance / (of(seeds, a-1) + of(draws, b-1) + of(rest, (a-1)*(b-1)))
	if variance < max(seeds, draws) { // One factor explains less than chance does: it is taken for none.
		variance, freedom = seeds, a-1
		if draws > seeds {
			variance, freedom = draws, b-1
		}
	}
	if variance == 0 {
		freedom = 1
	}
	m.within(variance/(a*b), freedom)
}

// within makes the interval that of a mean with an estimated variance.
func (m *Mean) within(variance, freedom float64) {
	half := distuv.StudentsT{Sigma: 1, Nu: max(freedom, 1)}.Quantile(.975) * math.Sqrt(variance)
	m.Low, m.High = m.Value-half, m.Value+half
}

// Verdict of a difference: above 0, below it, or neither, by its interval. It is not known where the
// interval has no width, or none but that of rounding: all runs gave the same then.
func (m Mean) Verdict() string {
	switch {
	case m.High-m.Low <= 1e-9*max(math.Abs(m.Low), math.Abs(m.High)):
		return "not known"
	case m.Low > 0:
		return "above"
	case m.High < 0:
		return "below"
	}
	return "equal"
}

// Listed are names with commas between, such as those of one verdict, or "none".
func Listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// seedsOf are the seeds of runs, rising.
func seedsOf(runs []Run) []uint64 {
	var seeds []uint64
	for _, r := range runs {
		seeds = append(seeds, r.Seed)
	}
	slices.Sort(seeds)
	return slices.Compact(seeds)
}
