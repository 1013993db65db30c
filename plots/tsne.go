package plots

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
)

// TSNE embeds vectors in the plane by Barnes-Hut t-SNE (van der Maaten, "Accelerating t-SNE using
// Tree-Based Algorithms", JMLR 2014), in O(n log n) an iteration. The zero value has the defaults
// that are usual today: those of openTSNE and scikit-learn, initialised with PCA (Kobak and Berens,
// "The art of using t-SNE for single-cell transcriptomics", Nature Communications 2019).
//
//	points, err := plots.TSNE{Seed: 1}.Embed(features, n, dim)
//
// It is written here since no Go module does this: danaugrs/go-tsne, the one in use, is the exact
// algorithm, in O(n²) an iteration.
type TSNE struct {
	// Perplexity is the effective number of neighbours of a point, above 1 and at most (n−1)/3.
	// Default 30.
	Perplexity float64

	// Iterations is the number of steps in all, of which the first 250 are exaggerated. Default
	// 1000.
	Iterations int

	// Theta is the Barnes-Hut trade-off: a cell of width w at distance d counts as one point where
	// w/d < Theta. In (0, 0.7]; default 0.5.
	Theta float64

	// Exaggeration multiplies the attraction in the first 250 steps, so that clusters form. At
	// least 1; default 12.
	Exaggeration float64

	// LearningRate is the step's size, in the convention in which the gradient's factor 4 is part
	// of it. Default max(200, n/12), after Belkina et al., Nature Communications 2019.
	LearningRate float64

	// Seed drives the jitter that keeps equal vectors from starting at one place. The result is a
	// function of the input and the seed, whatever the number of cores.
	Seed uint64
}

const (
	earlySteps    = 250
	earlyMomentum = 0.5
	lateMomentum  = 0.8
	initialSpread = 1e-4 // standard deviation of the initial points along the first axis
	leastGain     = 0.01
)

// Embed places n row-major vectors of dim values in the plane. It needs enough vectors for the
// perplexity (n ≥ 3·Perplexity + 1), finite values, and vectors that are not all equal: those are
// [ErrEqual].
func (t TSNE) Embed(x []float32, n, dim int) ([][2]float64, error) {
	if err := checkVectors(x, n, dim); err != nil {
		return nil, fmt.Errorf("plots.TSNE: %w", err)
	}
	t = t.withDefaults(n)
	if err := t.check(n); err != nil {
		return nil, err
	}
	y, err := t.initial(x, n, dim)
	if err != nil {
		return nil, fmt.Errorf("plots.TSNE: %w", err)
	}
	t.descend(y, newAffinities(x, n, dim, t.Perplexity))
	return y, nil
}

// withDefaults fills in the settings that were left at zero, for n vectors.
func (t TSNE) withDefaults(n int) TSNE {
	t.Perplexity = cmp.Or(t.Perplexity, 30)
	t.Iterations = cmp.Or(t.Iterations, 1000)
	t.Theta = cmp.Or(t.Theta, 0.5)
	t.Exaggeration = cmp.Or(t.Exaggeration, 12)
	t.LearningRate = cmp.Or(t.LearningRate, max(200, float64(n)/12))
	return t
}

// check checks the ranges for n vectors; what it checks has its defaults.
func (t TSNE) check(n int) error {
	d := TSNE{}.withDefaults(n)
	most := float64(n-1) / 3
	finite := func(v float64) bool { return !math.IsInf(v, 1) }
	for _, check := range []struct {
		ok      bool
		field   string
		value   any
		allowed string
		zero    any
	}{
		{t.Perplexity > 1 && t.Perplexity <= most, "Perplexity", t.Perplexity,
			fmt.Sprintf("above 1 and at most (n−1)/3 = %.4g for n = %d vectors", most, n), d.Perplexity},
		{t.Iterations >= 1, "Iterations", t.Iterations, "at least 1", d.Iterations},
		{t.Theta > 0 && t.Theta <= .7, "Theta", t.Theta, "in (0, 0.7]", d.Theta},
		{t.Exaggeration >= 1 && finite(t.Exaggeration), "Exaggeration", t.Exaggeration, "at least 1 and finite", d.Exaggeration},
		{t.LearningRate > 0 && finite(t.LearningRate), "LearningRate", t.LearningRate, "above 0 and finite", d.LearningRate},
	} {
		if !check.ok { // As kit/setting says it, which package plots, standing beside kit, does not know.
			return fmt.Errorf("plots.TSNE: %s is %v; it must be %s (0 means %v)", check.field, check.value, check.allowed, check.zero)
		}
	}
	return nil
}

// initial returns the first two principal components, scaled down to a small spread, with a jitter
// of a hundredth of it.
func (t TSNE) initial(x []float32, n, dim int) ([][2]float64, error) {
	k := min(2, dim)
	proj, _, err := PCA(x, n, dim, k)
	if err != nil {
		return nil, err
	}
	var variance float64
	for i := range n {
		variance += proj[i*k] * proj[i*k] / float64(n)
	}
	shrink := initialSpread / math.Sqrt(variance)
	random := rand.New(rand.NewPCG(t.Seed, 0))
	y := make([][2]float64, n)
	for i := range y {
		for axis := range 2 {
			if axis < k {
				y[i][axis] = shrink * proj[i*k+axis]
			}
			y[i][axis] += initialSpread / 100 * random.NormFloat64()
		}
	}
	return y, nil
}

// descend moves y by gradient descent with momentum and, for each coordinate, a gain that grows
// while the gradient keeps its sign (Jacobs 1988), as the reference implementation does.
func (t TSNE) descend(y [][2]float64, p *affinities) {
	n := len(y)
	velocity, gain, force := make([][2]float64, n), make([][2]float64, n), make([][2]float64, n)
	for i := range gain {
		gain[i] = [2]float64{1, 1}
	}
	forces := newForces(p)
	for step := range t.Iterations {
		exaggeration, momentum := 1.0, lateMomentum
		if step < earlySteps {
			exaggeration, momentum = t.Exaggeration, earlyMomentum
		}
		forces.at(y, t.Theta, exaggeration, force)
		var mean [2]float64
		for i := range y {
			for axis := range 2 {
				if (force[i][axis] > 0) == (velocity[i][axis] > 0) {
					gain[i][axis] = max(gain[i][axis]*0.8, leastGain) // overshot: the last step went uphill
				} else {
					gain[i][axis] += 0.2
				}
				velocity[i][axis] = momentum*velocity[i][axis] - t.LearningRate*gain[i][axis]*force[i][axis]
				y[i][axis] += velocity[i][axis]
				mean[axis] += y[i][axis] / float64(n)
			}
		}
		for i := range y {
			y[i][0] -= mean[0]
			y[i][1] -= mean[1]
		}
	}
}
