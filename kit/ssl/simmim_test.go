package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// simmimLoss is equation 1 of the paper in float64: the sum of distances over the number of hidden
// pixels.
func simmimLoss(prediction, pixels [][][]float64, hidden [][]float64) float64 {
	var sum, n float64
	for i := range pixels {
		for p := range pixels[i] {
			if hidden[i][p] == 0 {
				continue
			}
			for j, v := range pixels[i][p] {
				sum, n = sum+math.Abs(prediction[i][p][j]-v), n+1
			}
		}
	}
	return sum / n
}

func simmimOnDevice(t *testing.T, prediction, pixels [][][]float64, hidden [][]float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradient[[][][]float64](t, func(in []*Node) *Node { return MaskedDistances(in[0], in[1], in[2]) },
		prediction, pixels, hidden)
}

func TestMaskedDistancesIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	prediction, pixels := maskedTokens(rng, 3, 4, 12), maskedTokens(rng, 3, 4, 12)
	hidden := [][]float64{{1, 0, 1, 1}, {0, 0, 1, 0}, {1, 1, 1, 1}}
	loss, gradient := simmimOnDevice(t, prediction, pixels, hidden)
	near(t, "loss", loss, simmimLoss(prediction, pixels, hidden), 1e-5)

	near(t, "gradient", gradient[1][2][3],
		slope(func() float64 { return simmimLoss(prediction, pixels, hidden) }, &prediction[1][2][3]), 1e-4)
	for _, v := range gradient[0][1] {
		if v != 0 {
			t.Error("a gradient flows into a patch that was seen")
		}
	}
}

func TestMaskedDistancesByHand(t *testing.T) {
	// Distances of 1 and 3 in the hidden patch have a mean of 2; the other patch, which is far off,
	// was seen.
	loss, _ := simmimOnDevice(t, [][][]float64{{{1, 2}, {50, 50}}}, [][][]float64{{{0, 5}, {0, 0}}}, [][]float64{{1, 0}})
	near(t, "loss", loss, 2, 1e-6)
	loss, _ = simmimOnDevice(t, [][][]float64{{{1, 2}}}, [][][]float64{{{0, 5}}}, [][]float64{{0}})
	near(t, "loss where nothing is hidden", loss, 0, 0)
}

func TestSimMIMHidesWholeSquares(t *testing.T) {
	backend := devicetest.Backend(t)
	state := augment.State(3, 4)
	output, err := CallOnce(backend, func(state *Node) *Node {
		return resolved(SimMIM{}).hidden(augment.NewRandom(state), 5, 14, 14)
	}, state[:])
	if err != nil {
		t.Fatal(err)
	}
	for i, hidden := range output.Value().([][]bool) {
		count := 0
		for p, h := range hidden {
			row, column := p/14, p%14
			if h {
				count++
			}
			if h != hidden[row/2*2*14+column/2*2] { // The paper's squares of 2 × 2 patches.
				t.Errorf("image %d: patch %d is not as its square", i, p)
			}
		}
		if count != 4*30 { // 0.6 of 49 squares, rounded up.
			t.Errorf("image %d has %d patches hidden", i, count)
		}
	}
	if square := resolved(SimMIM{}).square(8, 8); square != 1 {
		t.Errorf("squares of %d patches in a grid of 8", square)
	}
}

func TestSimMIMTrainsTheWholeEncoder(t *testing.T) {
	_, norms := maskedStep(t, SimMIM{}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/encoder/mask_token", "/method/pixels/")
}

func TestSimMIMCheck(t *testing.T) {
	if err := checked(SimMIM{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]SimMIM{"Ratio": {Ratio: 1}, "Square": {Square: -1}} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for field, bad := range map[string]SimMIM{"Ratio": {Ratio: .99}, "Square": {Square: 3}} {
		if err := checkedWith(bad, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(SimMIM{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
}
