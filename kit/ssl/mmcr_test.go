package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// nuclearSlow is the sum of the singular values in float64.
func nuclearSlow(x [][]float64) float64 {
	m := mat.NewDense(len(x), len(x[0]), nil)
	for i := range x {
		m.SetRow(i, x[i])
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		panic("no SVD")
	}
	var sum float64
	for _, v := range svd.Values(nil) {
		sum += v
	}
	return sum
}

func TestNuclearNormIsTheSumOfSingularValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	flat := normal(rng, 6, 4) // All rows near one line: singular values of very different size.
	for i := range flat {
		for j := range flat[i] {
			flat[i][j] = float64(i+1) + 1e-3*flat[i][j]
		}
	}
	for name, x := range map[string][][]float64{
		"wide": normal(rng, 3, 7), "tall": normal(rng, 9, 4), "square": normal(rng, 5, 5), "near a line": flat,
		"of rank 1": {{1, 2}, {2, 4}, {-3, -6}},
	} {
		t.Run(name, func(t *testing.T) {
			value, gradient := lossAndGradient[[][]float64](t, func(in []*Node) *Node {
				return ReduceAllSum(nuclearNorm(ExpandAxes(in[0], 0)))
			}, x)
			near(t, "norm", value, nuclearSlow(x), 1e-5)
			if name == "of rank 1" { // It has a corner there.
				return
			}
			for i := range x {
				for j := range x[i] {
					near(t, "gradient", gradient[i][j], slope(func() float64 { return nuclearSlow(x) }, &x[i][j]), 2e-3)
				}
			}
		})
	}
}

// mmcrLoss is the paper's in float64; z is [batch][views][dim].
func mmcrLoss(z [][][]float64, lambda float64) float64 {
	var means [][]float64
	var local float64
	for _, image := range z {
		mean, scaled := make([]float64, len(image[0])), [][]float64{}
		for _, view := range image {
			var squares float64
			for _, v := range view {
				squares += v * v
			}
			row := make([]float64, len(view))
			for k, v := range view {
				row[k] = v / math.Sqrt(squares)
				mean[k] += row[k] / float64(len(image))
			}
			scaled = append(scaled, row)
		}
		means = append(means, mean)
		local += nuclearSlow(scaled) / float64(len(z))
	}
	return lambda*local - nuclearSlow(means)
}

func mmcrOnDevice(t *testing.T, z [][][]float64, lambda float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradient[[][][]float64](t, func(in []*Node) *Node { return ManifoldCapacity(in[0], lambda) }, z)
}

func TestManifoldCapacityIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(73, 74))
	for _, lambda := range []float64{0, .5} {
		z := maskedTokens(rng, 5, 3, 4)
		loss, gradient := mmcrOnDevice(t, z, lambda)
		near(t, "loss", loss, mmcrLoss(z, lambda), 1e-5)
		for i := range z {
			near(t, "gradient", gradient[i][1][2], slope(func() float64 { return mmcrLoss(z, lambda) }, &z[i][1][2]), 2e-3)
		}
	}
}

func TestManifoldCapacityByHand(t *testing.T) {
	// The views of an image agree and the images are at right angles: as many singular values of 1 as images.
	apart := [][][]float64{{{2, 0, 0}, {1, 0, 0}}, {{0, 3, 0}, {0, 1, 0}}, {{0, 0, 1}, {0, 0, 5}}}
	loss, _ := mmcrOnDevice(t, apart, 0)
	near(t, "loss of images at right angles", loss, -3, 1e-5)
	loss, _ = mmcrOnDevice(t, apart, 1) // Each image's two views are of rank 1 and norm √2.
	near(t, "loss with Lambda 1", loss, math.Sqrt2-3, 1e-5)
	// Collapse: the only singular value is √3.
	same := [][][]float64{{{1, 1}, {1, 1}}, {{1, 1}, {1, 1}}, {{1, 1}, {1, 1}}}
	loss, _ = mmcrOnDevice(t, same, 0)
	near(t, "loss of collapsed embeddings", loss, -math.Sqrt(3), 1e-5)
	// Views that cancel out have no mean.
	loss, gradient := mmcrOnDevice(t, [][][]float64{{{1, 0}, {-1, 0}}, {{0, 1}, {0, -1}}}, 0)
	near(t, "loss of opposite views", loss, 0, 1e-5)
	for _, image := range gradient {
		for _, row := range image {
			for _, v := range row {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("gradient of opposite views: %v", gradient)
				}
			}
		}
	}
}

func TestManifoldCapacityInvariances(t *testing.T) {
	z := maskedTokens(rand.New(rand.NewPCG(75, 76)), 4, 3, 5)
	loss, _ := mmcrOnDevice(t, z, .3)
	shuffled, _ := mmcrOnDevice(t, permuted(z), .3)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)
	for i := range z {
		z[i] = stretched(permuted(z[i]))
	}
	again, _ := mmcrOnDevice(t, z, .3)
	near(t, "loss with the views permuted and longer embeddings", again, loss, 1e-5)
}

func TestMMCRCheck(t *testing.T) {
	if err := checked(MMCR{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if n := len(resolved(MMCR{PerImage: 5}).Views(32, 32)); n != 5 {
		t.Errorf("%d views, want 5", n)
	}
	for field, bad := range map[string]MMCR{
		"PerImage": {PerImage: 1}, "Lambda": {Lambda: -1}, "Hidden": {Hidden: -1}, "Out": {Out: 1}, "PerImage is -1": {PerImage: -1},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(MMCR{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
