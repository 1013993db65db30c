package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// mocov2Formula is equation 1 of arXiv:1911.05722 in float64, query by query.
func mocov2Formula(q, k, queue [][]float64, temperature float64) float64 {
	var sum float64
	for i := range q {
		positive := math.Exp(cosine(q[i], k[i]) / temperature)
		all := positive
		for _, n := range queue {
			all += math.Exp(cosine(q[i], n) / temperature)
		}
		sum -= math.Log(positive / all)
	}
	return sum / float64(len(q))
}

// mocov2OnDevice computes QueueContrast and its gradients with respect to all three.
func mocov2OnDevice(t *testing.T, q, k, queue [][]float64, temperature float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradients[[][]float64](t, func(in []*Node) *Node {
		return QueueContrast(in[0], in[1], in[2], temperature)
	}, 3, q, k, queue)
}

func TestQueueContrastIsTheFormulaAndStopsTheKeysGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, temperature := range []float64{.07, .2, 1} {
		q, k, queue := normal(rng, 5, 4), normal(rng, 5, 4), normal(rng, 9, 4)
		got, gradients := mocov2OnDevice(t, q, k, queue, temperature)
		near(t, "loss", got, mocov2Formula(q, k, queue, temperature), 1e-5)

		near(t, "gradient", gradients[0][3][2],
			slope(func() float64 { return mocov2Formula(q, k, queue, temperature) }, &q[3][2]), 1e-4)
		if !isZero(gradients[1]) || !isZero(gradients[2]) {
			t.Error("a gradient flows into keys or queue")
		}
	}
}

func TestQueueContrastByHand(t *testing.T) {
	// The key is at 1, the queue at 0, -1 and 0.
	loss, _ := mocov2OnDevice(t, [][]float64{{3, 0}}, [][]float64{{2, 0}}, [][]float64{{0, 1}, {-1, 0}, {0, -2}}, .5)
	near(t, "loss", loss, math.Log(1+2*math.Exp(-2)+math.Exp(-4)), 1e-5)
	// Collapse: the key and the negatives are all the same.
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	loss, _ = mocov2OnDevice(t, same, same, same, .5)
	near(t, "loss of collapsed embeddings", loss, math.Log(4), 1e-5)
}

func TestQueueContrastInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	q, k, queue := normal(rng, 4, 3), normal(rng, 4, 3), normal(rng, 4, 3)
	loss, _ := mocov2OnDevice(t, q, k, queue, .2)

	shuffled, _ := mocov2OnDevice(t, permuted(q), permuted(k), queue, .2)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)
	shuffled, _ = mocov2OnDevice(t, q, k, permuted(queue), .2)
	near(t, "loss with the queue permuted", shuffled, loss, 1e-5)

	scaled, _ := mocov2OnDevice(t, stretched(q), k, queue, .2)
	near(t, "loss with longer embeddings", scaled, loss, 1e-5)
}

// mocov2Encoder is an encoder whose representation of an image is its pixels times a weight, a
// variable.
type mocov2Encoder struct{ encoder.ResNet }

func (mocov2Encoder) Encode(scope *model.Scope, images *Node) encoder.Output {
	x := Reshape(images, images.Shape().Dim(0), -1)
	weight := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, 1, x.Shape().Dim(1)))
	return encoder.Output{Pooled: Mul(x, weight.NodeValue(x.Graph()))}
}

// mocov2Step is a step on two views with that encoder, its variables where the trainer has them.
func mocov2Step(scope *model.Scope, views ...*Node) *Step {
	scope.Store().SetTraining(views[0].Graph(), true)
	network := func(scope *model.Scope) Network {
		return Network{
			Encoder: mocov2Encoder{}, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
		}
	}
	return &Step{
		Network: network(scope), Teacher: network(scope.At("teacher")), Views: views, Augment: make([]augment.Pipeline, len(views)),
	}
}

// mocov2Images are random images of 1 × 2 pixels.
func mocov2Images(rng *rand.Rand, batch int) [][][][]float32 {
	images := make([][][][]float32, batch)
	for i := range images {
		images[i] = make([][][]float32, 1)
		for range 2 {
			pixel := []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())}
			images[i][0] = append(images[i][0], pixel)
		}
	}
	return images
}

// mocov2Twins fails where the teacher has a variable that the student lacks: the trainer couldn't
// start it.
func mocov2Twins(t *testing.T, store *model.Store) {
	t.Helper()
	var twins int
	for v := range store.IterVariables() {
		if below, ok := strings.CutPrefix(v.Path(), "/teacher"); ok {
			twins++
			if store.GetVariable(below) == nil {
				t.Errorf("the student has no twin of %s", v.Path())
			}
		}
	}
	if twins == 0 {
		t.Error("the teacher has no variables")
	}
}

func TestMoCoV2EnqueuesTheTeachersKeys(t *testing.T) {
	backend := devicetest.Backend(t)
	method := resolved(MoCoV2{Queue: 6, Hidden: 5, Out: 3})
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, query, key *Node) []*Node {
		step := mocov2Step(scope, query, key)
		teacher := step.Teacher
		k := method.Embed(teacher.Scope, teacher.Encode(key).Pooled)
		before := newQueue(step.Scope, 6, 3).embeddings(query.Graph())
		q := method.Embed(step.Scope, step.Encode(query).Pooled)
		return []*Node{method.Loss(step), QueueContrast(q, k, before, .2), unit(k), before}
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(35, 36))
	query, key := mocov2Images(rng, 2), mocov2Images(rng, 2)
	outputs, err := exec.Call(query, key)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", float64(outputs[0].Value().(float32)), float64(outputs[1].Value().(float32)), 1e-6)
	keys, before := outputs[2].Value().([][]float32), outputs[3].Value().([][]float32)
	after := store.GetVariable("/method/queue").MustValue().Value().([][]float32)
	for i, want := range append(before[2:], keys...) {
		for j := range want {
			near(t, "queue", float64(after[i][j]), float64(want[j]), 1e-6)
		}
	}
	mocov2Twins(t, store)
}

// As solo-learn's solo/methods/mocov2plus.py: the mean of both directions, each with a queue of the
// keys that answer in it.
func TestMoCoV2SymmetricIsBothDirections(t *testing.T) {
	method := resolved(MoCoV2{Queue: 4, Hidden: 5, Out: 3, Symmetric: true})
	rng := rand.New(rand.NewPCG(37, 38))
	outputs, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := mocov2Step(scope, in...)
		q, k := embedApart(method, step), teachApart(method, step)
		queues := []*Node{
			newQueue(step.Scope, 4, 3).embeddings(in[0].Graph()), newQueue(step.Scope.At("reverse"), 4, 3).embeddings(in[0].Graph()),
		}
		return []*Node{
			method.Loss(step), QueueContrast(q[0], k[1], queues[0], .2), QueueContrast(q[1], k[0], queues[1], .2), unit(k[1]), unit(k[0]),
		}
	}, mocov2Images(rng, 2), mocov2Images(rng, 2))
	near(t, "loss", number(outputs[0]), (number(outputs[1])+number(outputs[2]))/2, 1e-6)
	for i, path := range []string{"/method/queue", "/method/reverse/queue"} {
		held := store.GetVariable(path).MustValue().Value().([][]float32)
		for row, want := range table(outputs[3+i]) {
			nearAll(t, path, held[2+row], want)
		}
	}
}

func TestMoCoV2MomentumRises(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, test := range []struct{ tau, progress, want float64 }{
		{0, 0, .99}, {0, 1, .999}, {.9, .5, .9495}, {.9999, .7, .9999},
	} {
		output, err := CallOnce(backend, resolved(MoCoV2{Tau: test.tau}).Momentum, float32(test.progress))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), test.want, 1e-6)
	}
}

func TestMoCoV2Check(t *testing.T) {
	if err := checked(MoCoV2{}, 128, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method MoCoV2
	}{
		{"Temperature", MoCoV2{Temperature: -1}}, {"Temperature", MoCoV2{Temperature: math.NaN()}},
		{"Temperature", MoCoV2{Temperature: math.Inf(1)}}, {"Queue", MoCoV2{Queue: 24}}, {"Queue", MoCoV2{Queue: -16}},
		{"Queue", MoCoV2{Queue: 8}}, {"Hidden", MoCoV2{Hidden: -1}}, {"Out", MoCoV2{Out: -1}}, {"Tau", MoCoV2{Tau: 1}},
		{"Tau", MoCoV2{Tau: -.5}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad.method, err, bad.field)
		}
	}
	if err := checked(MoCoV2{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}
