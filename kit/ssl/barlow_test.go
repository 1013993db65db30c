package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// barlowTwins is the paper's loss in float64, correlation by correlation, with the epsilon of the
// norm.
func barlowTwins(z, zPrime [][]float64, lambda float64) float64 {
	n := float64(len(z))
	moments := func(x [][]float64, j int) (mean, std float64) {
		for i := range x {
			mean += x[i][j] / n
		}
		for i := range x {
			std += (x[i][j] - mean) * (x[i][j] - mean) / n
		}
		return mean, math.Sqrt(std + 1e-5)
	}
	var loss float64
	for i := range z[0] {
		for j := range z[0] {
			mean, std := moments(z, i)
			meanPrime, stdPrime := moments(zPrime, j)
			var c float64
			for b := range z {
				c += (z[b][i] - mean) / std * (zPrime[b][j] - meanPrime) / stdPrime / n
			}
			if i == j {
				loss += (1 - c) * (1 - c)
			} else {
				loss += lambda * c * c
			}
		}
	}
	return loss
}

// barlowLoss is RedundancyReduction with that weight.
func barlowLoss(lambda float64) func(z, zPrime *Node) *Node {
	return func(z, zPrime *Node) *Node { return RedundancyReduction(z, zPrime, lambda) }
}

func TestRedundancyReductionIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, lambda := range []float64{.0051, .5} {
		z, zPrime := normal(rng, 7, 5), normal(rng, 7, 5)
		got, dz, dzPrime := pairLoss(t, barlowLoss(lambda), z, zPrime)
		f := func() float64 { return barlowTwins(z, zPrime, lambda) }
		near(t, "loss", got, f(), 1e-5)
		near(t, "gradient", dz[3][2], slope(f, &z[3][2]), 1e-4)
		near(t, "gradient of the other view", dzPrime[1][4], slope(f, &zPrime[1][4]), 1e-4)
	}
}

func TestRedundancyReductionByHand(t *testing.T) {
	// Two dimensions without correlation: C is the identity and the loss 0.
	apart := [][]float64{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}
	got, _, _ := pairLoss(t, barlowLoss(.25), apart, apart)
	near(t, "loss of the identity", got, 0, 1e-6)
	// One dimension twice: all of C is 1, and two entries are off the diagonal.
	twice := [][]float64{{1, 1}, {-1, -1}}
	got, _, _ = pairLoss(t, barlowLoss(.25), twice, twice)
	near(t, "loss of a repeated dimension", got, .5, 1e-4)
	// All images the same, which is collapse: C is 0 and every dimension costs 1.
	same := [][]float64{{3, 1, 2}, {3, 1, 2}, {3, 1, 2}}
	got, dz, _ := pairLoss(t, barlowLoss(.25), same, same)
	near(t, "loss of collapsed embeddings", got, 3, 1e-6)
	for _, row := range dz {
		for _, v := range row {
			if math.IsNaN(v) {
				t.Fatal("the gradient of collapsed embeddings is not a number")
			}
		}
	}
}

func TestRedundancyReductionInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	z, zPrime := normal(rng, 6, 4), normal(rng, 6, 4)
	loss, _, _ := pairLoss(t, barlowLoss(.1), z, zPrime)
	swapped, _, _ := pairLoss(t, barlowLoss(.1), zPrime, z)
	near(t, "loss with the views swapped", swapped, loss, 1e-5)
	permuted, _, _ := pairLoss(t, barlowLoss(.1), permuted(z), permuted(zPrime))
	near(t, "loss with the images permuted", permuted, loss, 1e-5)
	for i := range z {
		for j := range z[i] {
			z[i][j] = z[i][j]*float64(j+1) - 3
		}
	}
	moved, _, _ := pairLoss(t, barlowLoss(.1), z, zPrime)
	near(t, "loss with dimensions scaled and moved", moved, loss, 1e-4)
}

func TestBarlowTwinsStep(t *testing.T) {
	negfreeStep(t, BarlowTwins{Hidden: 8, Out: 6}, 0)
}

func TestBarlowTwinsCheck(t *testing.T) {
	if err := checked(BarlowTwins{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]BarlowTwins{
		"Lambda": {Lambda: -1}, "Scale": {Scale: math.Inf(1)}, "Hidden": {Hidden: -1}, "Out": {Out: 1},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(BarlowTwins{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
