package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

// sinkhornSlow is algorithm 1 of the SwAV paper in float64: the prototypes' sums, then the images'.
func sinkhornSlow(scores [][]float64, epsilon float64, iterations int) [][]float64 {
	n, k := len(scores), len(scores[0])
	q := make([][]float64, n)
	for i := range q {
		q[i] = make([]float64, k)
		for j := range q[i] {
			q[i][j] = math.Exp(scores[i][j] / epsilon)
		}
	}
	for range iterations {
		for j := range k {
			var sum float64
			for i := range n {
				sum += q[i][j]
			}
			for i := range n {
				q[i][j] /= sum * float64(k)
			}
		}
		for i := range n {
			var sum float64
			for j := range k {
				sum += q[i][j]
			}
			for j := range k {
				q[i][j] /= sum * float64(n)
			}
		}
	}
	for i := range n { // The rows sum to 1/n so far.
		for j := range k {
			q[i][j] *= float64(n)
		}
	}
	return q
}

// sinkhornCodes runs Sinkhorn on the device.
func sinkhornCodes(t *testing.T, scores [][]float64, epsilon float64, iterations int) [][]float32 {
	t.Helper()
	backend := devicetest.Backend(t)
	output, err := CallOnce(backend, func(x *Node) *Node { return Sinkhorn(x, epsilon, iterations) }, scores)
	if err != nil {
		t.Fatal(err)
	}
	return output.Value().([][]float32)
}

func TestSinkhornIsTheAlgorithm(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	scores := normal(rng, 8, 5)
	for _, iterations := range []int{1, 3} {
		got, want := sinkhornCodes(t, scores, .3, iterations), sinkhornSlow(scores, .3, iterations)
		for i := range want {
			for j := range want[i] {
				near(t, "code", float64(got[i][j]), want[i][j], 1e-5)
			}
		}
	}
}

func TestSinkhornsMarginals(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	scores := normal(rng, 12, 4)
	for i := range scores {
		scores[i][0] += 5 // All images like one prototype best, and it may not have them all.
	}
	codes := sinkhornCodes(t, scores, .5, 100)
	columns := make([]float64, 4)
	for _, row := range codes {
		var sum float64
		for j, v := range row {
			sum, columns[j] = sum+float64(v), columns[j]+float64(v)
		}
		near(t, "sum of an image's code", sum, 1, 1e-5)
	}
	for _, sum := range columns {
		near(t, "share of a prototype", sum, 3, 1e-4)
	}
}

// Rows that do not count change nothing of the codes of the others.
func TestOnlyRowsThatCountShareThePrototypes(t *testing.T) {
	scores := normal(rand.New(rand.NewPCG(17, 18)), 6, 4)
	counts := []bool{true, false, true, true, false, true}
	output, err := CallOnce(devicetest.Backend(t), func(x, counts *Node) *Node { return balanced(x, counts, 3) }, scores, counts)
	if err != nil {
		t.Fatal(err)
	}
	got, n := output.Value().([][]float32), 0
	for _, want := range sinkhornSlow([][]float64{scores[0], scores[2], scores[3], scores[5]}, 1, 3) {
		for !counts[n] {
			n++
		}
		nearAll(t, "code", got[n], want)
		n++
	}
	output, err = CallOnce(devicetest.Backend(t), func(x, counts *Node) *Node { return balanced(x, counts, 3) }, scores, make([]bool, 6))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range output.Value().([][]float32) {
		for _, v := range row {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("where none counts, a code is %g", v)
			}
		}
	}
}

func TestSinkhornByHand(t *testing.T) {
	// Each of two images has its own prototype at e^2 : 1, and that is balanced already.
	codes := sinkhornCodes(t, [][]float64{{1, 0}, {0, 1}}, .5, 3)
	want := math.Exp(2) / (math.Exp(2) + 1)
	near(t, "code", float64(codes[0][0]), want, 1e-5)
	near(t, "code", float64(codes[1][0]), 1-want, 1e-5)
	// Equal scores: every image belongs to all prototypes alike.
	for _, row := range sinkhornCodes(t, [][]float64{{7, 7, 7}, {7, 7, 7}}, .05, 3) {
		for _, v := range row {
			near(t, "code of equal scores", float64(v), 1./3, 1e-5)
		}
	}
	// exp(1/0.005) is beyond float32.
	for _, row := range sinkhornCodes(t, [][]float64{{1, -1}, {-1, 1}}, .005, 3) {
		near(t, "sum of a sharp code", float64(row[0]+row[1]), 1, 1e-6)
	}
}
