package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// vicregCovariance is the covariance of dimensions i and j over the images, in float64.
func vicregCovariance(z [][]float64, i, j int) float64 {
	n := float64(len(z))
	var meanI, meanJ, sum float64
	for b := range z {
		meanI, meanJ = meanI+z[b][i]/n, meanJ+z[b][j]/n
	}
	for b := range z {
		sum += (z[b][i] - meanI) * (z[b][j] - meanJ)
	}
	return sum / (n - 1)
}

// vicregVariance and vicregPenalty are equations 1 and 4 of the paper.
func vicregVariance(z [][]float64) float64 {
	var sum float64
	for i := range z[0] {
		sum += max(0, 1-math.Sqrt(vicregCovariance(z, i, i)+1e-4))
	}
	return sum / float64(len(z[0]))
}

func vicregPenalty(z [][]float64) float64 {
	var sum float64
	for i := range z[0] {
		for j := range z[0] {
			if c := vicregCovariance(z, i, j); i != j {
				sum += c * c
			}
		}
	}
	return sum / float64(len(z[0]))
}

func vicregDistance(a, b [][]float64) float64 {
	var sum float64
	for i := range a {
		for j := range a[i] {
			sum += (a[i][j] - b[i][j]) * (a[i][j] - b[i][j])
		}
	}
	return sum / float64(len(a)*len(a[0]))
}

// vicregOf makes a term of one view one of a pair.
func vicregOf(term func(z *Node) *Node) func(a, b *Node) *Node {
	return func(a, b *Node) *Node { return Add(term(a), term(b)) }
}

func TestVICRegTermsAreTheFormulas(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	a, b := normal(rng, 7, 5), normal(rng, 7, 5)
	for i := range a { // Some deviations above 1, some below.
		for j := range a[i] {
			a[i][j] *= .3 * float64(j+1)
		}
	}
	for name, term := range map[string]struct {
		graph func(a, b *Node) *Node
		slow  func() float64
	}{
		"variance":   {vicregOf(VarianceHinge), func() float64 { return vicregVariance(a) + vicregVariance(b) }},
		"covariance": {vicregOf(CovariancePenalty), func() float64 { return vicregPenalty(a) + vicregPenalty(b) }},
		"invariance": {invarianceTerm, func() float64 { return vicregDistance(a, b) }},
	} {
		got, da, db := pairLoss(t, term.graph, a, b)
		near(t, name, got, term.slow(), 1e-5)
		near(t, name+"'s gradient", da[2][0], slope(term.slow, &a[2][0]), 1e-4)
		near(t, name+"'s gradient of the other view", db[4][3], slope(term.slow, &b[4][3]), 1e-4)
		permuted, _, _ := pairLoss(t, term.graph, permuted(a), permuted(b))
		near(t, name+" with the images permuted", permuted, got, 1e-5)
	}
}

func TestVICRegByHand(t *testing.T) {
	// All images the same, which is collapse: the deviation is √1e-4, the hinge almost 1, and it
	// pulls apart what differs a little.
	same := [][]float64{{3, 1}, {3, 1}, {3, 1}}
	got, _, _ := pairLoss(t, vicregOf(VarianceHinge), same, same)
	near(t, "variance of a collapsed batch", got, 2*.99, 1e-5)
	nearly := [][]float64{{0, 0}, {.001, 0}}
	_, da, _ := pairLoss(t, vicregOf(VarianceHinge), nearly, nearly)
	if !(da[0][0] > 0 && da[1][0] < 0) { // A step down the gradient moves them apart.
		t.Errorf("the hinge does not pull a collapsed batch apart: %v", da)
	}
	// Spread enough, the hinge is silent.
	wide := [][]float64{{2, -2}, {-2, 2}}
	got, da, _ = pairLoss(t, vicregOf(VarianceHinge), wide, wide)
	if got != 0 || !isZero(da) {
		t.Errorf("the hinge of deviations above 1 is %g, with gradient %v", got, da)
	}
	// Two dimensions of ±2, opposite: covariance -8, in two places, over two dimensions.
	got, _, _ = pairLoss(t, func(a, _ *Node) *Node { return CovariancePenalty(a) }, wide, wide)
	near(t, "covariance", got, 64, 1e-5)
}

func TestVICRegStep(t *testing.T) {
	negfreeStep(t, VICReg{Hidden: 8, Out: 6}, 0)
}

func TestVICRegCheck(t *testing.T) {
	if err := checked(VICReg{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]VICReg{
		"Invariance": {Invariance: -1}, "Variance": {Variance: math.NaN()}, "Covariance": {Covariance: -2},
		"Hidden": {Hidden: -1}, "Out": {Out: 1},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(VICReg{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
