package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// ticoUnit are the rows at length 1, in float64.
func ticoUnit(x [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for i, row := range x {
		var norm float64
		for _, v := range row {
			norm += v * v
		}
		for _, v := range row {
			y[i] = append(y[i], v/math.Sqrt(norm))
		}
	}
	return y
}

// ticoFormula is equation 4 of the paper in float64, number by number.
func ticoFormula(z, zPrime, covariance [][]float64, rho float64) float64 {
	u := ticoUnit(z)
	var sum float64
	for i := range u {
		sum += 1 - cosine(z[i], zPrime[i])
		for j := range u[i] {
			for k := range u[i] {
				sum += rho * u[i][j] * covariance[j][k] * u[i][k]
			}
		}
	}
	return sum / float64(len(z))
}

// ticoCovariance is β times the covariance before and 1 - β times that of a batch, in float64.
func ticoCovariance(before, z [][]float64, beta float64) [][]float64 {
	u, after := ticoUnit(z), make([][]float64, len(before))
	for j := range before {
		for k := range before {
			var ofBatch float64
			for i := range u {
				ofBatch += u[i][j] * u[i][k] / float64(len(u))
			}
			after[j] = append(after[j], beta*before[j][k]+(1-beta)*ofBatch)
		}
	}
	return after
}

// ticoZeros is a matrix of zeros.
func ticoZeros(dim int) [][]float64 {
	x := make([][]float64, dim)
	for i := range x {
		x[i] = make([]float64, dim)
	}
	return x
}

// ticoOnDevice computes CovarianceContrast and its gradients with respect to all three.
func ticoOnDevice(t *testing.T, z, zPrime, covariance [][]float64, rho float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradients[[][]float64](t, func(in []*Node) *Node {
		return CovarianceContrast(in[0], in[1], in[2], rho)
	}, 3, z, zPrime, covariance)
}

func TestCovarianceContrastIsTheFormulaAndStopsTheTeachersGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(91, 92))
	for _, rho := range []float64{.5, 8, 20} {
		z, zPrime := normal(rng, 6, 4), normal(rng, 6, 4)
		c := ticoCovariance(ticoZeros(4), normal(rng, 5, 4), .3)
		got, gradients := ticoOnDevice(t, z, zPrime, c, rho)
		f := func() float64 { return ticoFormula(z, zPrime, c, rho) }
		near(t, "loss", got, f(), 1e-5)
		for i := range z {
			for j := range z[i] {
				near(t, "gradient", gradients[0][i][j], slope(f, &z[i][j]), 1e-4)
			}
		}
		if !isZero(gradients[1]) || !isZero(gradients[2]) {
			t.Error("a gradient flows into the teacher's embeddings or into the covariance")
		}
	}
}

func TestCovarianceContrastByHand(t *testing.T) {
	half := [][]float64{{.5, 0}, {0, .5}} // The covariance of embeddings spread evenly over two axes.
	along := [][]float64{{1, 0}, {0, 0}}  // That of embeddings that all lie on the first.
	for _, c := range []struct {
		what       string
		z, zPrime  [][]float64
		covariance [][]float64
		want       float64
	}{
		{"an even spread", [][]float64{{3, 0}, {0, 2}}, [][]float64{{1, 0}, {0, 5}}, half, .5 * 8},
		{"views at right angles", [][]float64{{3, 0}, {0, 2}}, [][]float64{{0, 1}, {-1, 0}}, half, 1 + .5*8},
		{"opposite views", [][]float64{{3, 4}}, [][]float64{{-3, -4}}, half, 2 + .5*8},
		{"collapse", [][]float64{{2, 0}, {7, 0}}, [][]float64{{1, 0}, {3, 0}}, along, 8},
		{"where nothing lies", [][]float64{{0, 2}}, [][]float64{{0, 1}}, along, 0},
		{"between", [][]float64{{1, 1}}, [][]float64{{2, 2}}, along, .5 * 8},
		{"nothing remembered", [][]float64{{1, 2}}, [][]float64{{2, 4}}, ticoZeros(2), 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			loss, _ := ticoOnDevice(t, c.z, c.zPrime, c.covariance, 8)
			near(t, "loss", loss, c.want, 1e-5)
		})
	}
}

func TestCovarianceContrastInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(93, 94))
	z, zPrime := normal(rng, 5, 3), normal(rng, 5, 3)
	c := ticoCovariance(ticoZeros(3), normal(rng, 4, 3), .1)
	loss, _ := ticoOnDevice(t, z, zPrime, c, 8)

	shuffled, _ := ticoOnDevice(t, permuted(z), permuted(zPrime), c, 8)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)
	scaled, _ := ticoOnDevice(t, stretched(z), stretched(zPrime), c, 8)
	near(t, "loss with longer embeddings", scaled, loss, 1e-5)

	// The first two dimensions turned by the same angle in all embeddings, those remembered too.
	turned := func(x [][]float64) (y [][]float64) {
		for _, row := range x {
			y = append(y, []float64{.6*row[0] - .8*row[1], .8*row[0] + .6*row[1], row[2]})
		}
		return y
	}
	transposed := func(x [][]float64) [][]float64 {
		y := ticoZeros(len(x))
		for i := range x {
			for j := range x {
				y[j][i] = x[i][j]
			}
		}
		return y
	}
	around, _ := ticoOnDevice(t, turned(z), turned(zPrime), turned(transposed(turned(c))), 8)
	near(t, "loss with all embeddings turned", around, loss, 1e-5)
}

// The covariance remembers all embeddings: what is paid for lying where it is large is the mean
// squared cosine with those of every batch, this one too, each batch weighing β times as much as
// the next. In the gradient it counts as a constant.
func TestCovarianceRemembersEveryBatch(t *testing.T) {
	const beta, rho = .7, 3
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, z, zPrime *Node) []*Node {
		held := newCovariance(scope, 4).follow(z, beta)
		loss := CovarianceContrast(z, zPrime, held, rho)
		return append([]*Node{loss, held}, Gradient(loss, z)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(95, 96))
	covariance := ticoZeros(4)
	var batches [][][]float64
	for range 5 {
		z, zPrime := normal(rng, 6, 4), normal(rng, 6, 4)
		batches = append(batches, z)
		outputs, err := exec.Call(z, zPrime)
		if err != nil {
			t.Fatal(err)
		}

		var want float64
		for i := range z {
			want += (1 - cosine(z[i], zPrime[i])) / 6
			for s, batch := range batches {
				weight := rho * (1 - beta) * math.Pow(beta, float64(len(batches)-1-s))
				for _, other := range batch {
					want += weight * math.Pow(cosine(z[i], other), 2) / 36
				}
			}
		}
		near(t, "loss", float64(outputs[0].Value().(float32)), want, 1e-5)

		covariance = ticoCovariance(covariance, z, beta)
		kept := store.GetVariable("/covariance").MustValue().Value().([][]float32)
		for j, row := range outputs[1].Value().([][]float32) {
			for k := range row {
				near(t, "covariance", float64(row[k]), covariance[j][k], 1e-5)
				near(t, "covariance that is kept", float64(kept[j][k]), covariance[j][k], 1e-5)
			}
		}
		f := func() float64 { return ticoFormula(z, zPrime, covariance, rho) }
		for i, row := range outputs[2].Value().([][]float64) {
			for j := range row {
				near(t, "gradient", row[j], slope(f, &z[i][j]), 1e-4)
			}
		}
	}
	if store.GetVariable("/covariance").Trainable {
		t.Error("the optimiser would move the covariance")
	}
}

// The student sees the first view, the teacher, whose variables are others, the second, and only
// what the student makes of the images enters the covariance.
func TestTiCoStepIsTheFormula(t *testing.T) {
	method := resolved(TiCo{Hidden: 5, Out: 3, Beta: .6, Rho: 2})
	rng := rand.New(rand.NewPCG(97, 98))
	outputs, store := stepOutputs(t, func(scope *model.Scope, views []*Node) []*Node {
		step := mocov2Step(scope, views...)
		z := method.Embed(step.Scope, step.Encode(views[0]).Pooled)
		zPrime := method.Embed(step.Teacher.Scope, step.Teacher.Encode(views[1]).Pooled)
		loss := method.Loss(step)
		out := []*Node{loss, z, zPrime}
		for v := range scope.At("teacher").IterVariables() {
			if v.Trainable {
				out = append(out, ReduceAllMax(Abs(Gradient(loss, v.NodeValue(loss.Graph()))[0])))
			}
		}
		return out
	}, mocov2Images(rng, 4), mocov2Images(rng, 4))
	z, zPrime := table(outputs[1]), table(outputs[2])
	covariance := ticoCovariance(ticoZeros(3), z, .6)
	near(t, "loss", number(outputs[0]), ticoFormula(z, zPrime, covariance, 2), 1e-4)
	for j, row := range store.GetVariable("/method/covariance").MustValue().Value().([][]float32) {
		for k := range row {
			near(t, "covariance", float64(row[k]), covariance[j][k], 1e-5)
		}
	}
	if len(outputs) == 3 {
		t.Error("the teacher has no variables")
	}
	for _, gradient := range outputs[3:] {
		if number(gradient) != 0 {
			t.Error("a gradient flows into the teacher")
		}
	}
	mocov2Twins(t, store)
}

func TestTiCoMomentumRises(t *testing.T) {
	backend := devicetest.Backend(t)
	for progress, want := range map[float32]float64{0: .99, .5: .995, 1: 1} {
		output, err := CallOnce(backend, resolved(TiCo{}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestTiCoCheck(t *testing.T) {
	if err := checked(TiCo{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method TiCo
	}{
		{"Beta", TiCo{Beta: 1}}, {"Beta", TiCo{Beta: -.1}}, {"Beta", TiCo{Beta: math.NaN()}}, {"Rho", TiCo{Rho: -1}},
		{"Rho", TiCo{Rho: math.Inf(1)}}, {"Rho", TiCo{Rho: math.NaN()}}, {"Hidden", TiCo{Hidden: -1}}, {"Out", TiCo{Out: 1}},
		{"Tau", TiCo{Tau: 1}}, {"Tau", TiCo{Tau: math.NaN()}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad.method, err, bad.field)
		}
	}
	if err := checked(TiCo{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
