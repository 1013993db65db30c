package ssl

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// sigregSlow is the definition in complex float64 over the whole line.
func sigregSlow(z, directions [][]float64) float64 {
	var mean float64
	slices := len(directions[0])
	for s := range slices {
		var integral float64
		for k := range 17 {
			t := -5 + 10*float64(k)/16
			var phi complex128
			for _, row := range z {
				var x float64
				for j := range row {
					x += row[j] * directions[j][s]
				}
				phi += cmplx.Exp(complex(0, t*x)) / complex(float64(len(z)), 0)
			}
			weight := 10. / 16
			if k == 0 || k == 16 {
				weight /= 2
			}
			distance := cmplx.Abs(phi - complex(math.Exp(-t*t/2), 0))
			integral += weight * distance * distance * math.Exp(-t*t/2)
		}
		mean += float64(len(z)) * integral / float64(slices)
	}
	return mean
}

// lejepaUnit has columns of length 1.
func lejepaUnit(x [][]float64) [][]float64 {
	for j := range x[0] {
		var sum float64
		for i := range x {
			sum += x[i][j] * x[i][j]
		}
		for i := range x {
			x[i][j] /= math.Sqrt(sum)
		}
	}
	return x
}

func TestSIGRegIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	z, directions := normal(rng, 7, 4), lejepaUnit(normal(rng, 4, 6))
	for i := range z {
		z[i][1] = 2*z[i][1] + 1
	}
	got, dz, _ := pairLoss(t, SIGReg, z, directions)
	slow := func() float64 { return sigregSlow(z, directions) }
	near(t, "SIGReg", got, slow(), 1e-5)
	near(t, "gradient", dz[3][1], slope(slow, &z[3][1]), 1e-4)
	permuted, _, _ := pairLoss(t, SIGReg, permuted(z), directions)
	near(t, "SIGReg with the images permuted", permuted, got, 1e-5)
	for i := range z { // A normal is symmetric, so the sign does not matter.
		for j := range z[i] {
			z[i][j] *= -1
		}
	}
	mirrored, _, _ := pairLoss(t, SIGReg, z, directions)
	near(t, "SIGReg of the mirror image", mirrored, got, 1e-5)
}

func TestSIGRegSeesCollapse(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	directions := lejepaUnit(normal(rng, 6, 16))
	z := normal(rng, 400, 6)
	good, _, _ := pairLoss(t, SIGReg, z, directions)
	// For normal z the expected statistic is ∫ (1 - exp(-t²)) exp(-t²/2) dt = √2π - √(2π/3).
	near(t, "SIGReg of a normal batch", good, math.Sqrt(2*math.Pi)-math.Sqrt(2*math.Pi/3), .3)

	zero := make([][]float64, 400) // All at 0: n ∫ (1 - exp(-t²/2))² exp(-t²/2) dt = n (√2π - 2√π + √(2π/3)).
	for i := range zero {
		zero[i] = make([]float64, 6)
	}
	collapsed, _, _ := pairLoss(t, SIGReg, zero, directions)
	near(t, "SIGReg of a collapsed batch", collapsed, 400*(math.Sqrt(2*math.Pi)-2*math.Sqrt(math.Pi)+math.Sqrt(2*math.Pi/3)), 1e-3)

	for i := range z { // One dimension six times over.
		for j := range z[i] {
			z[i][j] = z[i][0]
		}
	}
	flat, _, _ := pairLoss(t, SIGReg, z, directions)
	if flat < 10*good {
		t.Errorf("SIGReg is %g where one dimension is repeated, and %g for a normal batch", flat, good)
	}
}

func TestMeanPrediction(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	a, b := normal(rng, 5, 3), normal(rng, 5, 3)
	loss := func(a, b *Node) *Node { return MeanPrediction([]*Node{a, b}, []*Node{a, b, Sub(a, b)}) }
	slow := func() float64 { // Three views a, b and a - b, centre (a + b)/2.
		var sum float64
		for i := range a {
			for j := range a[i] {
				x, y := a[i][j], b[i][j]
				for _, view := range []float64{x, y, x - y} {
					sum += (view - (x+y)/2) * (view - (x+y)/2)
				}
			}
		}
		return sum / (3 * 5 * 3)
	}
	got, da, db := pairLoss(t, loss, a, b)
	near(t, "loss", got, slow(), 1e-5)
	near(t, "gradient", da[1][2], slope(slow, &a[1][2]), 1e-4)
	near(t, "gradient of the other view", db[4][0], slope(slow, &b[4][0]), 1e-4)
	// By hand: views at ±1 around their mean.
	got, _, _ = pairLoss(t, func(a, b *Node) *Node { return MeanPrediction([]*Node{a, b}, []*Node{a, b}) },
		[][]float64{{2, 5}}, [][]float64{{4, 3}})
	near(t, "loss", got, 1, 1e-6)
}

func TestRandomDirectionsAreUniformOnTheSphere(t *testing.T) {
	backend := devicetest.Backend(t)
	state := augment.State(1, 2)
	output, err := CallOnce(backend, func(state *Node) *Node {
		return randomDirections(augment.NewRandom(state), 3000, 4)
	}, state[:])
	if err != nil {
		t.Fatal(err)
	}
	directions := output.Value().([][]float32)
	for s := range 3000 {
		var length float64
		for j := range 4 {
			length += float64(directions[j][s]) * float64(directions[j][s])
		}
		near(t, "length", length, 1, 1e-5)
	}
	for j := range 4 { // Second moments are the identity over the dimension.
		for k := range 4 {
			var moment, want float64
			for s := range 3000 {
				moment += float64(directions[j][s]) * float64(directions[k][s]) / 3000
			}
			if j == k {
				want = .25
			}
			near(t, "moment", moment, want, .03)
		}
	}
}

func TestLeJEPAStep(t *testing.T) {
	negfreeStep(t, LeJEPA{Slices: 5, Hidden: 8, Out: 6, Locals: 1}, 0)
}

func TestLeJEPACheck(t *testing.T) {
	if err := checked(LeJEPA{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]LeJEPA{
		"Lambda": {Lambda: 1}, "Slices": {Slices: -1}, "Hidden": {Hidden: -1}, "Out": {Out: -1}, "Locals": {Locals: -1},
		"LocalSize": {LocalSize: 33},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" ") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(LeJEPA{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
