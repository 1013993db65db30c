package attribution

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

const (
	side    = 4
	classes = 3
	dim     = 5
)

// weights are fixed random numbers.
func weights(n int, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	w := make([]float64, n)
	for i := range w {
		w[i] = random.NormFloat64()
	}
	return w
}

// pictures are random images.
func pictures(n int) []uint8 {
	random := rand.New(rand.NewPCG(3, 0))
	pix := make([]uint8, n*side*side*3)
	for i := range pix {
		pix[i] = uint8(random.IntN(256))
	}
	return pix
}

// constant is a matrix in a graph.
func constant(g *Graph, values []float64, rows, columns int) *Node {
	return ConvertDType(Reshape(Const(g, values), rows, columns), dtypes.Float32)
}

// convolutional is a layer on each pixel, the mean over places, and a linear classifier.
func convolutional(images *Node) Answer {
	g := images.Graph()
	flat := Reshape(images, -1, 3)
	places := Reshape(Tanh(Dot(flat, constant(g, weights(3*dim, 1), 3, dim)).Product()), images.Shape().Dim(0), side, side, dim)
	return Answer{Dot(ReduceMean(places, 1, 2), constant(g, weights(dim*classes, 2), dim, classes)).Product(), places, side, side}
}

// curved has no map, and scores that are products of pixels.
func curved(images *Node) Answer {
	flat := Reshape(images, images.Shape().Dim(0), side*side*3)
	h := Dot(flat, constant(images.Graph(), weights(side*side*3*dim, 4), side*side*3, dim)).Product()
	return Answer{Scores: Dot(Mul(h, Sigmoid(h)), constant(images.Graph(), weights(dim*classes, 5), dim, classes)).Product()}
}

func compiled(t *testing.T, batch int, method Method, classifier func(images *Node) Answer) *Model {
	t.Helper()
	m, err := Compile(devicetest.Backend(t), model.NewStore(), batch, side, side, method, func(_ *model.Scope, images *Node) Answer {
		return classifier(images)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// TestGradCAMIsTheClassActivationMap: behind a mean over places and a linear classifier, the slope of a
// score in a feature is its weight over the number of places, everywhere.
func TestGradCAMIsTheClassActivationMap(t *testing.T) {
	t.Parallel()
	pix := pictures(3)
	wanted := []int{-1, 2, 0}
	got, err := compiled(t, 2, GradCAM{}, convolutional).Explain(pix, wanted) // Three images in batches of two.
	if err != nil {
		t.Fatal(err)
	}
	first, last := weights(3*dim, 1), weights(dim*classes, 2)
	if got.N != 3 || got.Rows != side || got.Columns != side || len(got.Scores) != 3*classes {
		t.Fatalf("%d maps of %d×%d and %d scores", got.N, got.Rows, got.Columns, len(got.Scores))
	}
	for i := range 3 {
		scores := make([]float64, classes)
		maps := make([][]float64, classes) // Of each class: [side × side].
		for p := range side * side {
			for k := range dim {
				a := 0.0
				for c := range 3 {
					a += float64(pix[(i*side*side+p)*3+c]) / 255 * first[c*dim+k]
				}
				a = math.Tanh(a)
				for class := range classes {
					if k == 0 {
						maps[class] = append(maps[class], 0)
					}
					part := a * last[k*classes+class] / (side * side)
					maps[class][p] += part
					scores[class] += part
				}
			}
		}
		class := wanted[i]
		if class < 0 {
			class = 0
			for c := range scores {
				if scores[c] > scores[class] {
					class = c
				}
			}
		}
		if got.Of[i] != class {
			t.Errorf("image %d: class %d is explained, not %d", i, got.Of[i], class)
		}
		for c, score := range scores {
			if math.Abs(float64(got.Scores[i*classes+c])-score) > 1e-5 {
				t.Errorf("image %d: score %d is %g, not %g", i, c, got.Scores[i*classes+c], score)
			}
		}
		for p, want := range maps[class] {
			if heat := float64(got.Heat[i*side*side+p]); math.Abs(heat-max(want, 0)) > 1e-6 {
				t.Errorf("image %d, place %d: %g, not %g", i, p, heat, max(want, 0))
			}
		}
	}
}

// TestIntegratedGradientsAreComplete: all heats together are the score less that of a black image, which
// is the paper's completeness.
func TestIntegratedGradientsAreComplete(t *testing.T) {
	t.Parallel()
	pix := pictures(2)
	m := compiled(t, 2, IntegratedGradients{Steps: 64}, curved)
	black, err := m.Explain(make([]uint8, len(pix)), []int{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Explain(pix, []int{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		sum := 0.0
		for _, v := range got.Heat[i*side*side : (i+1)*side*side] {
			sum += float64(v)
		}
		if want := float64(got.Scores[i*classes+1] - black.Scores[i*classes+1]); math.Abs(sum-want) > 0.01*math.Abs(want) {
			t.Errorf("image %d: the heats sum to %g, and the scores differ by %g", i, sum, want)
		}
	}
	for i, v := range black.Heat {
		if v != 0 {
			t.Fatalf("value %d of a black image's heat is %g", i, v)
		}
	}
}

func TestWhatCannotBeExplained(t *testing.T) {
	t.Parallel()
	m := compiled(t, 2, GradCAM{}, convolutional)
	for name, test := range map[string]struct {
		pix     []uint8
		classes []int
		want    string
	}{
		"no image":           {nil, nil, "at least one"},
		"part of an image":   {make([]uint8, side*side*3+1), nil, "pix holds 49 bytes"},
		"too few classes":    {pictures(2), []int{0}, "classes has 1 values"},
		"class out of range": {pictures(2), []int{0, 3}, "classes[1] is 3; it must be from -1 to 2"},
	} {
		if _, err := m.Explain(test.pix, test.classes); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
	backend := devicetest.Backend(t)
	classifier := func(_ *model.Scope, images *Node) Answer { return curved(images) }
	for name, test := range map[string]struct {
		method Method
		want   string
	}{
		"no map":    {GradCAM{}, "the encoder has no feature map; take attribution.IntegratedGradients"},
		"no method": {nil, "method is nil"},
		"no step":   {IntegratedGradients{Steps: -1}, "attribution.IntegratedGradients: Steps is -1"},
	} {
		if _, err := Compile(backend, model.NewStore(), 1, side, side, test.method, classifier); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
