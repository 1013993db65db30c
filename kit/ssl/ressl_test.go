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

// resslFormula is equation 5 of the paper in float64.
func resslFormula(q, k, queue [][]float64, temperature, teacherTemperature float64) float64 {
	cosinesTo := func(x []float64) []float64 {
		row := make([]float64, len(queue))
		for n := range queue {
			row[n] = cosine(x, queue[n])
		}
		return row
	}
	none := make([]float64, len(queue))
	var sum float64
	for i := range q {
		target, p := dinoSoftmax(cosinesTo(k[i]), none, teacherTemperature), dinoSoftmax(cosinesTo(q[i]), none, temperature)
		for n := range p {
			sum -= target[n] * math.Log(p[n])
		}
	}
	return sum / float64(len(q))
}

func resslOnDevice(t *testing.T, q, k, queue [][]float64, temperature, teacherTemperature float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradients[[][]float64](t, func(in []*Node) *Node {
		return RelationalConsistency(in[0], in[1], in[2], temperature, teacherTemperature)
	}, 3, q, k, queue)
}

func TestRelationalConsistencyIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 82))
	for _, teacherTemperature := range []float64{.04, .2} {
		q, k, queue := normal(rng, 5, 4), normal(rng, 5, 4), normal(rng, 9, 4)
		loss, gradients := resslOnDevice(t, q, k, queue, .1, teacherTemperature)
		formula := func() float64 { return resslFormula(q, k, queue, .1, teacherTemperature) }
		near(t, "loss", loss, formula(), 1e-5)
		near(t, "gradient", gradients[0][3][2], slope(formula, &q[3][2]), 1e-4)
		if !isZero(gradients[1]) || !isZero(gradients[2]) {
			t.Error("a gradient flows into keys or queue")
		}
	}
}

func TestRelationalConsistencyByHand(t *testing.T) {
	// A key in the middle of two earlier images, and a query too: either, for a loss of log 2.
	loss, _ := resslOnDevice(t, [][]float64{{2, 2}}, [][]float64{{1, 1}}, [][]float64{{1, 0}, {0, 3}}, .1, .04)
	near(t, "loss of equal relations", loss, math.Log(2), 1e-5)
	// A sharp key at the first of them, and a query at the second: 1/T.
	loss, _ = resslOnDevice(t, [][]float64{{0, 1}}, [][]float64{{1, 0}}, [][]float64{{1, 0}, {0, 3}}, .1, .01)
	near(t, "loss of opposite relations", loss, 10, 1e-4)
}

func TestRelationalConsistencyInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(83, 84))
	q, k, queue := normal(rng, 4, 3), normal(rng, 4, 3), normal(rng, 6, 3)
	loss, _ := resslOnDevice(t, q, k, queue, .1, .04)
	for name, again := range map[string][3][][]float64{
		"the images permuted": {permuted(q), permuted(k), queue}, "the queue permuted": {q, k, permuted(queue)},
		"longer embeddings": {stretched(q), stretched(k), stretched(queue)},
	} {
		got, _ := resslOnDevice(t, again[0], again[1], again[2], .1, .04)
		near(t, "loss with "+name, got, loss, 1e-5)
	}
}

// The student looks at the first view, the teacher at the second, whose embeddings wait in the queue.
func TestReSSLEnqueuesTheTeachersEmbeddings(t *testing.T) {
	method := resolved(ReSSL{Queue: 6, Hidden: 5, Out: 3})
	rng := rand.New(rand.NewPCG(85, 86))
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := mocov2Step(scope, in...)
		before := newQueue(step.Scope, 6, 3).embeddings(in[0].Graph())
		q, k := embedApart(method, step), teachApart(method, step)
		return []*Node{method.Loss(step), q[0], k[1], before}
	}, mocov2Images(rng, 2), mocov2Images(rng, 2))
	q, k, before := table(outputs[1]), table(outputs[2]), table(outputs[3])
	near(t, "loss", number(outputs[0]), resslFormula(q, k, before, .1, .04), 1e-5)
	after := store.GetVariable("/method/queue").MustValue().Value().([][]float32)
	for i, key := range k {
		near(t, "cosine of a key and what is queued", cosine(key, []float64{
			float64(after[4+i][0]), float64(after[4+i][1]), float64(after[4+i][2]),
		}), 1, 1e-5)
	}
	mocov2Twins(t, store)
}

// Small crops are asked the same as the student's large view.
func TestReSSLAsksSmallCropsToo(t *testing.T) {
	method := resolved(ReSSL{Queue: 6, Hidden: 5, Out: 3, Locals: 2})
	rng := rand.New(rand.NewPCG(87, 88))
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := mocov2Step(scope, in...)
		before := newQueue(step.Scope, 6, 3).embeddings(in[0].Graph())
		return append(append(embedApart(method, step), teachApart(method, step)...), before, method.Loss(step))
	}, mocov2Images(rng, 2), mocov2Images(rng, 2), mocov2Images(rng, 2), mocov2Images(rng, 2))
	var want float64
	for _, view := range []int{0, 2, 3} {
		want += resslFormula(table(outputs[view]), table(outputs[5]), table(outputs[6]), .1, .04) / 3
	}
	near(t, "loss", number(outputs[7]), want, 1e-5)
	views := method.Views(32, 32)
	if height, _ := views[3].OutputSize(32, 32); len(views) != 4 || height != 16 {
		t.Errorf("%d views, the last of %d pixels", len(views), height)
	}
}

func TestReSSLMomentumRises(t *testing.T) {
	for progress, want := range map[float32]float64{0: .99, .5: .995, 1: 1} {
		output, err := CallOnce(devicetest.Backend(t), resolved(ReSSL{}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestReSSLCheck(t *testing.T) {
	if err := checked(ReSSL{}, 128, 64, 64); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]ReSSL{
		" Temperature": {Temperature: -1}, "TeacherTemperature": {TeacherTemperature: math.NaN()}, "Queue": {Queue: 24},
		"Hidden": {Hidden: -1}, "Out": {Out: -1}, "Tau": {Tau: 1}, "Locals": {Locals: -1}, "LocalSize": {LocalSize: 33},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(ReSSL{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
