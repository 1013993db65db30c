package plots

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
)

// UMAP embeds vectors in the plane by uniform manifold approximation and projection (McInnes, Healy and
// Melville 2018, arXiv:1802.03426), with the steps of umap-learn. Distances are Euclidean. The zero value
// has umap-learn's defaults, except for where the points begin: at the first two principal components
// (init="pca" there) instead of a spectral layout. What would lose the global structure is to begin at random
// (Kobak and Linderman, "Initialization is critical for preserving global data structure in both t-SNE and
// UMAP", Nature Biotechnology 2021). Neighbours are found exactly for any number of vectors;
// umap-learn approximates from 4,096 on.
//
//	points, err := plots.UMAP{Seed: 1}.Embed(features, n, dim)
//
// It is written here since no maintained Go module is known that does this.
type UMAP struct {
	// Neighbors is the number of nearest neighbours of each point, itself included: a small number
	// brings out local structure, a large one global structure. From 2 to n; default 15.
	Neighbors int

	// MinDist is the distance in the plane up to which neighbours count as close enough: the smaller,
	// the denser the clumps. From 0 to 1, which is umap-learn's spread; nil means 0.1. It is a pointer
	// because 0 is a valid choice.
	MinDist *float64

	// Epochs is the number of passes over the pairs of neighbours, of which the first moves nothing,
	// as in umap-learn. At least 1; default 500, or 200 for more than 10,000 vectors.
	Epochs int

	// NegativeSamples is the number of points, chosen at random, that a point is pushed away from each
	// time that it is pulled to a neighbour. At least 1; default 5.
	NegativeSamples int

	// LearningRate is the step's size in the first pass that moves points; it falls linearly from
	// there, to nearly 0. Above 0 and at most 1000; default 1.
	LearningRate float64

	// Seed drives the choice of the points to be pushed away from, and the noise on where points
	// begin. The result is a function of the input and the seed, whatever the number of cores.
	Seed uint64
}

const (
	umapSide    = 10   // Side of the square in which the points begin.
	umapJitter  = 1e-4 // Standard deviation of the noise on where they begin.
	umapClip    = 4    // Each coordinate of a gradient is clipped to [-umapClip, umapClip].
	umapNear    = .001 // Keeps the repulsion of points in nearly one place finite.
	umapFastest = 1000 // The largest learning rate: with 1e100, squared distances overflow.
)

// Embed places n row-major vectors of dim values in the plane. There must be at least Neighbors of
// them, and their values must be finite. Vectors that are all equal are [ErrEqual].
func (u UMAP) Embed(x []float32, n, dim int) ([][2]float64, error) {
	if err := checkVectors(x, n, dim); err != nil {
		return nil, fmt.Errorf("plots.UMAP: %w", err)
	}
	u = u.withDefaults(n)
	if err := u.check(n); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(u.Seed, 1))
	y, err := u.initial(x, n, dim, random)
	if err != nil {
		return nil, fmt.Errorf("plots.UMAP: %w", err)
	}
	u.descend(y, newFuzzyGraph(x, n, dim, u.Neighbors), random)
	return y, nil
}

// withDefaults fills in the settings that were left at zero, for n vectors.
func (u UMAP) withDefaults(n int) UMAP {
	u.Neighbors = cmp.Or(u.Neighbors, 15)
	if u.MinDist == nil {
		u.MinDist = new(.1)
	}
	epochs := 500
	if n > 10_000 {
		epochs = 200
	}
	u.Epochs = cmp.Or(u.Epochs, epochs)
	u.NegativeSamples = cmp.Or(u.NegativeSamples, 5)
	u.LearningRate = cmp.Or(u.LearningRate, 1)
	return u
}

// check checks the ranges for n vectors; what it checks has its defaults.
func (u UMAP) check(n int) error {
	for _, check := range []struct {
		ok      bool
		field   string
		value   any
		allowed string
	}{
		{n >= 2, "n", n, "at least 2"},
		{u.Neighbors >= 2 && u.Neighbors <= n, "Neighbors", u.Neighbors, fmt.Sprintf("from 2 to the n = %d vectors (0 means 15)", n)},
		{*u.MinDist >= 0 && *u.MinDist <= 1, "MinDist", *u.MinDist, "from 0 to 1 (nil means 0.1)"},
		{u.Epochs >= 1, "Epochs", u.Epochs, "at least 1 (0 means 500, or 200 for more than 10,000 vectors)"},
		{u.NegativeSamples >= 1, "NegativeSamples", u.NegativeSamples, "at least 1 (0 means 5)"},
		{u.LearningRate > 0 && u.LearningRate <= umapFastest, "LearningRate", u.LearningRate, fmt.Sprintf("above 0 and at most %d (0 means 1)", umapFastest)},
	} {
		if !check.ok {
			return fmt.Errorf("plots.UMAP: %s is %v; it must be %s", check.field, check.value, check.allowed)
		}
	}
	return nil
}

// initial returns the first two principal components with some noise, each axis stretched to the side of
// a square. Where the vectors lie on a line, the second axis is the noise alone.
func (u UMAP) initial(x []float32, n, dim int, random *rand.Rand) ([][2]float64, error) {
	k := min(2, dim)
	projected, _, err := PCA(x, n, dim, k)
	if err != nil {
		return nil, err
	}
	var largest float64
	for _, v := range projected {
		largest = max(largest, math.Abs(v))
	}
	y := make([][2]float64, n)
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i := range y {
		for axis := range 2 {
			if axis < k {
				y[i][axis] = umapSide * projected[i*k+axis] / largest
			}
			y[i][axis] += umapJitter * random.NormFloat64()
			low[axis], high[axis] = min(low[axis], y[i][axis]), max(high[axis], y[i][axis])
		}
	}
	for i := range y {
		for axis := range 2 {
			y[i][axis] = umapSide * (y[i][axis] - low[axis]) / (high[axis] - low[axis])
		}
	}
	return y, nil
}

// umapEdge is a pair of neighbours. The larger its weight in the graph, the more often it is due.
type umapEdge struct {
	from, to          int32
	every, everyOther float64 // Epochs from one pull to the next, and from one push to the next.
	next, nextOther   float64 // The epochs at which the next pull and the next push are due.
}

// edges are those of the graph, in both directions, except those too weak to be due in any epoch.
func (u UMAP) edges(graph *affinities) []umapEdge {
	var largest float64
	for _, e := range graph.element {
		largest = max(largest, e.p)
	}
	var edges []umapEdge
	for i := range len(graph.start) - 1 {
		for _, e := range graph.element[graph.start[i]:graph.start[i+1]] {
			every := largest / e.p
			if every > float64(u.Epochs-1) {
				continue
			}
			other := every / float64(u.NegativeSamples)
			edges = append(edges, umapEdge{int32(i), e.column, every, other, every, other})
		}
	}
	return edges
}

// descend is stochastic gradient descent on the cross-entropy between the graph's weights and the weights
// 1/(1 + a·d^(2b)) of distances d in the plane (section 3.2): an edge pulls its two ends together, and
// pushes the first away from points chosen at random, which stand in for all the others.
func (u UMAP) descend(y [][2]float64, graph *affinities, random *rand.Rand) {
	a, b := umapCurve(*u.MinDist)
	edges := u.edges(graph)
	for epoch := range u.Epochs {
		now := float64(epoch)
		rate := u.LearningRate * (1 - max(now-1, 0)/float64(u.Epochs)) // Nothing is due at epoch 0: the rate falls from 1 on.
		for i := range edges {
			e := &edges[i]
			if e.next > now {
				continue
			}
			e.next += e.every
			from, to := &y[e.from], &y[e.to]
			if d := squaredApart(from, to); d > 0 {
				power := math.Pow(d, b)
				pull := -2 * a * b * power / d / (a*power + 1)
				for axis := range 2 {
					step := rate * clipped(pull*(from[axis]-to[axis]))
					from[axis] += step
					to[axis] -= step
				}
			}
			others := int((now - e.nextOther) / e.everyOther)
			for range others {
				other := &y[random.IntN(len(y))]
				d := squaredApart(from, other)
				if d == 0 { // Itself, or one in the same place.
					continue
				}
				push := 2 * b / ((umapNear + d) * (a*math.Pow(d, b) + 1))
				for axis := range 2 {
					from[axis] += rate * clipped(push*(from[axis]-other[axis]))
				}
			}
			e.nextOther += float64(others) * e.everyOther
		}
	}
}

func squaredApart(p, q *[2]float64) float64 {
	x, y := p[0]-q[0], p[1]-q[1]
	return x*x + y*y
}

func clipped(v float64) float64 { return min(max(v, -umapClip), umapClip) }

// umapCurve fits 1/(1 + a·d^(2b)) by least squares to a curve that is 1 up to minDist and falls as
// exp(−(d − minDist)) from there, at 300 distances from 0 to 3. It uses the Gauss-Newton method, with each
// step halved until the squares fall; umap-learn uses Levenberg-Marquardt, which finds the same minimum.
func umapCurve(minDist float64) (a, b float64) {
	const places = 300
	residual := func(a, b float64, i int) (d, f, r float64) {
		d = 3 * float64(i) / (places - 1)
		want := 1.
		if d >= minDist {
			want = math.Exp(-(d - minDist))
		}
		f = 1 / (1 + a*math.Pow(d, 2*b))
		return d, f, want - f
	}
	squares := func(a, b float64) (sum float64) {
		for i := range places {
			_, _, r := residual(a, b, i)
			sum += r * r
		}
		return sum
	}
	a, b = 1, 1
	for range 100 {
		var aa, ab, bb, ra, rb float64
		for i := 1; i < places; i++ { // At 0 the curve is 1 whatever a and b are.
			d, f, r := residual(a, b, i)
			power := math.Pow(d, 2*b)
			da, db := -f*f*power, -f*f*a*power*2*math.Log(d)
			aa, ab, bb, ra, rb = aa+da*da, ab+da*db, bb+db*db, ra+da*r, rb+db*r
		}
		det := aa*bb - ab*ab
		stepA, stepB := (bb*ra-ab*rb)/det, (aa*rb-ab*ra)/det
		before, part := squares(a, b), 1.
		for part > 1e-6 && !(a+part*stepA > 0 && b+part*stepB > 0 && squares(a+part*stepA, b+part*stepB) < before) {
			part /= 2
		}
		if part <= 1e-6 {
			break
		}
		a, b = a+part*stepA, b+part*stepB
	}
	return a, b
}
