package plots

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// TSNE embeds vectors in the plane by Barnes-Hut t-SNE (van der Maaten, "Accelerating t-SNE using Tree-Based
// Algorithms", JMLR 2014), in O(n log n) an iteration. The zero value has the defaults that are usual today: those of
// openTSNE and scikit-learn, initialised with PCA (Kobak and Berens, "The art of using t-SNE for single-cell
// transcriptomics", Nature Communications 2019).
//
//	points, err := plots.TSNE{Seed: 1}.Embed(features, n, dim)
//
// It is written here since no Go module does this: danaugrs/go-tsne, the one in use, is the exact algorithm, in
// O(n²) an iteration.
type TSNE struct {
	// Perplexity is the effective number of neighbours of a point, above 1 and at most (n−1)/3. Default 30.
	Perplexity float64

	// Iterations is the number of steps in all, of which the first 250 are exaggerated. Default 1000.
	Iterations int

	// Theta is the Barnes-Hut trade-off: a cell of width w at distance d counts as one point where w/d < Theta. In
	// (0, 0.7]; default 0.5.
	Theta float64

	// Exaggeration multiplies the attraction in the first 250 steps, so that clusters form. At least 1; default 12.
	Exaggeration float64

	// LearningRate is the step's size, in the convention in which the gradient's factor 4 is part of it. Default
	// max(200, n/12), after Belkina et al., Nature Communications 2019.
	LearningRate float64

	// Seed drives the jitter that keeps equal vectors from starting at one place. The result is a function of the input
	// and the seed, whatever the number of cores.
	Seed uint64
}

const (
	earlySteps    = 250
	earlyMomentum = 0.5
	lateMomentum  = 0.8
	initialSpread = 1e-4 // standard deviation of the initial points along the first axis
	leastGain     = 0.01
)

// Embed places n row-major vectors of dim values in the plane. It needs enough vectors for the perplexity
// (n ≥ 3·Perplexity + 1), finite values, and vectors that are not all equal.
func (t TSNE) Embed(x []float32, n, dim int) ([][2]float64, error) {
	if err := checkVectors(x, n, dim); err != nil {
		return nil, fmt.Errorf("plots: TSNE: %w", err)
	}
	t, err := t.withDefaults(n)
	if err != nil {
		return nil, fmt.Errorf("plots: TSNE: %w", err)
	}
	y, err := t.initial(x, n, dim)
	if err != nil {
		return nil, fmt.Errorf("plots: TSNE: %w", err)
	}
	t.descend(y, newAffinities(x, n, dim, t.Perplexity))
	return y, nil
}

// withDefaults fills in the defaults for n vectors and checks the ranges.
func (t TSNE) withDefaults(n int) (TSNE, error) {
	if t.Perplexity == 0 {
		t.Perplexity = 30
	}
	if t.Iterations == 0 {
		t.Iterations = 1000
	}
	if t.Theta == 0 {
		t.Theta = 0.5
	}
	if t.Exaggeration == 0 {
		t.Exaggeration = 12
	}
	if t.LearningRate == 0 {
		t.LearningRate = max(200, float64(n)/12)
	}
	// Every comparison is written so that NaN fails it.
	switch most := float64(n-1) / 3; {
	case !(t.Perplexity > 1 && t.Perplexity <= most):
		return t, fmt.Errorf("Perplexity is %g, want above 1 and at most (n−1)/3 = %.4g for n = %d vectors", t.Perplexity, most, n)
	case t.Iterations < 1:
		return t, fmt.Errorf("Iterations is %d, want at least 1", t.Iterations)
	case !(t.Theta > 0 && t.Theta <= 0.7):
		return t, fmt.Errorf("Theta is %g, want in (0, 0.7]", t.Theta)
	case !(t.Exaggeration >= 1) || math.IsInf(t.Exaggeration, 1):
		return t, fmt.Errorf("Exaggeration is %g, want at least 1", t.Exaggeration)
	case !(t.LearningRate > 0) || math.IsInf(t.LearningRate, 1):
		return t, fmt.Errorf("LearningRate is %g, want above 0", t.LearningRate)
	}
	return t, nil
}

// initial returns the first two principal components, scaled down to a small spread, with a jitter of a hundredth of it.
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

// descend moves y by gradient descent with momentum and, for each coordinate, a gain that grows while the gradient
// keeps its sign (Jacobs 1988), as the reference implementation does.
func (t TSNE) descend(y [][2]float64, p *affinities) {
	n := len(y)
	velocity, gain, force := make([][2]float64, n), make([][2]float64, n), make([][2]float64, n)
	for i := range gain {
		gain[i] = [2]float64{1, 1}
	}
	var tree quadtree
	for step := range t.Iterations {
		exaggeration, momentum := 1.0, lateMomentum
		if step < earlySteps {
			exaggeration, momentum = t.Exaggeration, earlyMomentum
		}
		tree.build(y)
		p.forces(force, y, &tree, t.Theta, exaggeration)
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
