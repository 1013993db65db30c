package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"sslkit/kit/device/devicetest"
)

// wmseWhite whitens by the covariance's eigenvectors, in float64, part by part.
func wmseWhite(v [][]float64, part int) [][]float64 {
	dim := len(v[0])
	var out [][]float64
	for at := 0; at < len(v); at += part {
		x := mat.NewDense(part, dim, nil)
		for j := range dim {
			var mean float64
			for i := range part {
				mean += v[at+i][j] / float64(part)
			}
			for i := range part {
				x.Set(i, j, v[at+i][j]-mean)
			}
		}
		c := mat.NewSymDense(dim, nil)
		c.SymOuterK(1/float64(part-1), x.T())
		mean := mat.Trace(c) / float64(dim)
		var eigen mat.EigenSym
		if !eigen.Factorize(c, true) {
			panic("no eigenvectors")
		}
		var vectors, root, white mat.Dense
		eigen.VectorsTo(&vectors)
		roots := mat.NewDiagDense(dim, nil)
		for j, value := range eigen.Values(nil) {
			roots.SetDiag(j, 1/math.Sqrt((1-whitenShrink)*value+whitenShrink*mean))
		}
		root.Product(&vectors, roots, vectors.T())
		white.Mul(x, &root)
		for i := range part {
			out = append(out, mat.Row(nil, i, &white))
		}
	}
	return out
}

// wmseSlow is the loss in float64; regression is the squared distance of l2-normalised rows.
func wmseSlow(v, vPrime [][]float64, part int) float64 {
	return regression(wmseWhite(v, part), wmseWhite(vPrime, part))
}

func wmseLoss(part int) func(a, b *Node) *Node {
	return func(a, b *Node) *Node { return WhitenedDistance([]*Node{a, b}, part, 24) }
}

func TestWhitenedDistanceIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	v, vPrime := normal(rng, 16, 3), normal(rng, 16, 3)
	for i := range v {
		for j := range v[i] {
			v[i][j] = v[i][j]*float64(j+1) + v[i][0] + 2
		}
	}
	got, dv, dvPrime := pairLoss(t, wmseLoss(8), v, vPrime)
	slow := func() float64 { return wmseSlow(v, vPrime, 8) }
	near(t, "loss", got, slow(), 1e-5)
	near(t, "gradient", dv[5][1], slope(slow, &v[5][1]), 1e-4)
	near(t, "gradient of the other view", dvPrime[10][2], slope(slow, &vPrime[10][2]), 1e-4)

	swapped, _, _ := pairLoss(t, wmseLoss(8), vPrime, v)
	near(t, "loss with the views swapped", swapped, got, 1e-5)
	for i := range v { // Whitening takes scale and place out.
		for j := range v[i] {
			v[i][j] = 50*v[i][j] - 7
		}
	}
	moved, _, _ := pairLoss(t, wmseLoss(8), v, vPrime)
	near(t, "loss with embeddings scaled and moved", moved, got, 1e-4)
	whole, _, _ := pairLoss(t, wmseLoss(16), v, vPrime)
	permuted, _, _ := pairLoss(t, wmseLoss(16), permuted(v), permuted(vPrime))
	near(t, "loss with the images of a part permuted", permuted, whole, 1e-4)
}

func TestWhitenedDistanceByHand(t *testing.T) {
	// White already, and one view is the other turned by 90°: all cosines are 0.
	v := [][]float64{{1, 1}, {1, -1}, {-1, -1}, {-1, 1}}
	turned := [][]float64{v[1], v[2], v[3], v[0]}
	got, _, _ := pairLoss(t, wmseLoss(4), v, turned)
	near(t, "loss of views at right angles", got, 2, 1e-5)
	got, _, _ = pairLoss(t, wmseLoss(4), v, v)
	near(t, "loss of equal views", got, 0, 1e-5)
	// All images the same, which is collapse: nothing is left to be alike, and all is finite.
	same := [][]float64{{3, 1}, {3, 1}, {3, 1}, {3, 1}}
	got, dv, _ := pairLoss(t, wmseLoss(4), same, same)
	near(t, "loss of collapsed embeddings", got, 2, 1e-5)
	for _, row := range dv {
		for _, g := range row {
			if math.IsNaN(g) || math.IsInf(g, 0) {
				t.Fatal("the gradient of collapsed embeddings is not finite")
			}
		}
	}
}

func TestWhitenedCovarianceIsTheIdentity(t *testing.T) {
	backend := devicetest.Backend(t)
	// At the size of the paper, with deviations from 1 to 0.05 of strongly mixed dimensions.
	const part, dim = 128, 64
	rng := rand.New(rand.NewPCG(29, 30))
	mix, raw := normal(rng, dim, dim), normal(rng, 2*part, dim)
	v := make([][]float64, 2*part)
	for i := range v {
		v[i] = make([]float64, dim)
		for j := range dim {
			for k := range dim {
				v[i][j] += raw[i][k] * math.Pow(.05, float64(k)/dim) * mix[k][j]
			}
		}
	}
	output, err := CallOnce(backend, func(v *Node) *Node { return whiten(v, part, 24) }, v)
	if err != nil {
		t.Fatal(err)
	}
	got, want := output.Value().([][]float32), wmseWhite(v, part)
	for i := range want {
		for j := range want[i] {
			near(t, "whitened embedding", float64(got[i][j]), want[i][j], 5e-3)
		}
	}
	for _, at := range []int{0, part} {
		for j := range dim {
			for k := range j + 1 {
				var c, expected float64
				for i := at; i < at+part; i++ {
					c += float64(got[i][j]) * float64(got[i][k]) / (part - 1)
				}
				if j == k {
					expected = 1
				}
				near(t, "whitened covariance", c, expected, .15)
			}
		}
	}
}

func TestWMSEStep(t *testing.T) {
	negfreeStep(t, WMSE{Hidden: 8, Out: 3, Part: 4}, 0)
}

func TestWMSECheck(t *testing.T) {
	if err := checked(WMSE{}, 256, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]WMSE{
		"Hidden": {Hidden: -1, Out: 4}, "Out": {Out: 1}, "Iterations": {Out: 4, Iterations: -1}, "Part": {Out: 4, Part: 4},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for _, batch := range []int{1, 64, 200} {
		if err := checked(WMSE{}, batch, 32, 32); err == nil || !strings.Contains(err.Error(), "Part is 128") {
			t.Errorf("a batch of %d, which is not parts of 128: error %v", batch, err)
		}
	}
}
