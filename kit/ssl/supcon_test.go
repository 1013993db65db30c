package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// supconFormula is equation 2 of the SupCon paper in float64, view by view.
func supconFormula(z, zPrime [][]float64, labels []int32, temperature float64) float64 {
	type view struct {
		image int
		x     []float64
	}
	var views []view
	for i := range z {
		views = append(views, view{i, z[i]}, view{i, zPrime[i]})
	}
	var loss float64
	for i, v := range views {
		var all, sum, positives float64
		for a, other := range views {
			if a != i {
				all += math.Exp(cosine(v.x, other.x) / temperature)
			}
		}
		for p, other := range views {
			if p != i && (other.image == v.image || labels[v.image] >= 0 && labels[other.image] == labels[v.image]) {
				sum += math.Log(math.Exp(cosine(v.x, other.x)/temperature) / all)
				positives++
			}
		}
		loss -= sum / positives
	}
	return loss / float64(len(views))
}

// supconOnDevice computes SupervisedContrast and its gradient with respect to z.
func supconOnDevice(t *testing.T, z, zPrime [][]float64, labels []int32, temperature float64) (float64, [][]float64) {
	t.Helper()
	return lossAndGradient[[][]float64](t, func(in []*Node) *Node {
		return SupervisedContrast(in[:2], in[2], temperature)
	}, z, zPrime, labels)
}

func TestSupervisedContrastIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for _, labels := range [][]int32{{0, 1, 0, 2, 1, 0, 0}, {0, -1, 0, -1, 3, -1, 3}, {-1, -1, -1, -1, -1, -1, -1}} {
		for _, temperature := range []float64{.1, .5} {
			z, zPrime := normal(rng, 7, 5), normal(rng, 7, 5)
			got, gradient := supconOnDevice(t, z, zPrime, labels, temperature)
			near(t, "loss", got, supconFormula(z, zPrime, labels, temperature), 1e-5)

			near(t, "gradient", gradient[3][2],
				slope(func() float64 { return supconFormula(z, zPrime, labels, temperature) }, &z[3][2]), 1e-4)
		}
	}
}

func TestSupervisedContrastByHand(t *testing.T) {
	// Two images of one class along one axis, one of another along a second. Of the first four
	// views each has three positives at 1 and two negatives at 0; of the last two each has one at 1
	// and four at 0.
	z := [][]float64{{2, 0}, {5, 0}, {0, 3}}
	e := math.Exp(2)
	want := (4*math.Log((3*e+2)/e) + 2*math.Log((e+4)/e)) / 6
	got, _ := supconOnDevice(t, z, z, []int32{4, 4, 7}, .5)
	near(t, "loss", got, want, 1e-5)
	// Collapse: all similarities are 1, and the loss is the log of the 2N-1 others whatever the
	// labels.
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	got, _ = supconOnDevice(t, same, same, []int32{4, 4, 7}, .5)
	near(t, "loss of collapsed embeddings", got, math.Log(5), 1e-5)
}

func TestSupervisedContrastWithoutLabelsIsNTXent(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	z, zPrime := normal(rng, 4, 3), normal(rng, 4, 3)
	want, _ := onDevice(t, z, zPrime, .5)
	for _, labels := range [][]int32{{-1, -1, -1, -1}, {3, 1, 0, 2}} { // No labels, and no two alike.
		got, _ := supconOnDevice(t, z, zPrime, labels, .5)
		near(t, "loss", got, want, 1e-5)
	}
}

func TestSupervisedContrastInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	z, zPrime := normal(rng, 4, 3), normal(rng, 4, 3)
	loss, _ := supconOnDevice(t, z, zPrime, []int32{0, 1, 0, -1}, .2)

	swapped, _ := supconOnDevice(t, zPrime, z, []int32{0, 1, 0, -1}, .2)
	near(t, "loss with the views swapped", swapped, loss, 1e-5)

	shuffled, _ := supconOnDevice(t, permuted(z), permuted(zPrime), permuted([]int32{0, 1, 0, -1}), .2)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)

	renamed, _ := supconOnDevice(t, z, zPrime, []int32{5, 2, 5, -1}, .2)
	near(t, "loss with the classes renamed", renamed, loss, 1e-5)

	scaled, _ := supconOnDevice(t, stretched(z), zPrime, []int32{0, 1, 0, -1}, .2)
	near(t, "loss with longer embeddings", scaled, loss, 1e-5)
}

func TestSupConCheck(t *testing.T) {
	if err := checked(SupCon{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method SupCon
	}{
		{"Temperature", SupCon{Temperature: -1}}, {"Temperature", SupCon{Temperature: math.NaN()}},
		{"Temperature", SupCon{Temperature: math.Inf(1)}}, {"Hidden", SupCon{Hidden: -1}}, {"Out", SupCon{Out: -2}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad.method, err, bad.field)
		}
	}
	if err := checked(SupCon{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
	for want, classes := range map[bool][]string{true: {"a", "b"}, false: nil} {
		if err := (SupCon{}).CheckLabels(classes); (err == nil) != want {
			t.Errorf("classes %v: %v", classes, err)
		}
	}
}
