package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"sslkit/data"
)

// naivePrototypes compares every image with every class mean by loops over the definition.
func naivePrototypes(p Prototypes, train, test Features) []int {
	row := func(f Features, i int) []float64 {
		x, squared := make([]float64, f.Dim), 0.0
		for j, v := range f.Row(i) {
			x[j] = float64(v)
			squared += x[j] * x[j]
		}
		for j := range x {
			if p.Unit && squared > 0 {
				x[j] /= math.Sqrt(squared)
			}
		}
		return x
	}
	predictions := make([]int, test.N)
	for i := range predictions {
		x := row(test, i)
		nearest := math.Inf(1)
		for c := range train.Classes {
			mean, n := make([]float64, train.Dim), 0.0
			for k, label := range train.Labels {
				if label == c {
					n++
					for j, v := range row(train, k) {
						mean[j] += v
					}
				}
			}
			if n == 0 {
				continue
			}
			var distance, product, squared float64
			for j := range mean {
				mean[j] /= n
				distance += (x[j] - mean[j]) * (x[j] - mean[j])
				product += x[j] * mean[j]
				squared += mean[j] * mean[j]
			}
			if p.Cosine {
				distance = -product / math.Sqrt(squared)
			}
			if distance < nearest {
				nearest, predictions[i] = distance, c
			}
		}
	}
	return predictions
}

func TestFewShotPrototypesAgainstNaive(t *testing.T) {
	train, test := gaussians("train", 23, 6, 4, 1, 1), gaussians("test", 200, 6, 4, 1, 2)
	train.Classes, test.Classes = append(train.Classes, "absent"), append(test.Classes, "absent")
	for _, p := range []Prototypes{{}, {Cosine: true}, {Unit: true}, {Cosine: true, Unit: true}} {
		got, err := p.Predict(train, test)
		if err != nil {
			t.Fatal(err)
		}
		if want := naivePrototypes(p, train, test); !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", p, got, want)
		}
	}
}

// By hand: prototypes (1, 0) and (0, 4).
func TestFewShotPrototypesByHand(t *testing.T) {
	train := Features{N: 3, Dim: 2, X: []float32{2, 0, 0, 0, 0, 4}, Labels: []int{0, 0, 1}, Classes: []string{"a", "b"}}
	// To (1, 1) the first is nearer, and both angles are 45°; to (1, 2) the first is at distance 4
	// and the second at 5, and the angle speaks for the second.
	test := Features{N: 3, Dim: 2, X: []float32{1, 1, 1, 2, 0, 3}}
	for _, c := range []struct {
		p    Prototypes
		want []int
	}{
		{Prototypes{}, []int{0, 0, 1}},
		{Prototypes{Cosine: true}, []int{0, 1, 1}},
	} {
		if got, err := c.p.Predict(train, test); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, %v, want %v", c.p, got, err, c.want)
		}
	}
}

// The two forms of ridge regression are one, and the least of what they claim to minimise.
func TestFewShotRidgeForms(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	matrix := func(n, m int) *mat.Dense {
		out := mat.NewDense(n, m, nil)
		for i := range n {
			for j := range m {
				out.Set(i, j, random.NormFloat64())
			}
		}
		return out
	}
	const penalty = 0.7
	for _, size := range [][2]int{{4, 9}, {9, 4}, {6, 6}} {
		x, y := matrix(size[0], size[1]), matrix(size[0], 3)
		dual, err := ridgeDual(x, y, penalty)
		if err != nil {
			t.Fatal(err)
		}
		primal, err := ridgePrimal(x, y, penalty)
		if err != nil {
			t.Fatal(err)
		}
		if !mat.EqualApprox(dual, primal, 1e-10) {
			t.Errorf("%v: the forms differ", size)
		}
		// The gradient: Xᵀ(XW - Y) + penalty W.
		var residual, gradient, pull mat.Dense
		residual.Mul(x, dual)
		residual.Sub(&residual, y)
		gradient.Mul(x.T(), &residual)
		pull.Scale(penalty, dual)
		gradient.Add(&gradient, &pull)
		if norm := mat.Norm(&gradient, 2); norm > 1e-9 {
			t.Errorf("%v: gradient %g at the minimum", size, norm)
		}
	}
}

// By hand: one image of each of two classes at (1, 0) and (-1, 0). X Xᵀ is [[1, -1], [-1, 1]], its
// mean diagonal 1, and W = 1/(2 + L2) for class a and the opposite for b.
func TestFewShotRidgeByHand(t *testing.T) {
	train := Features{N: 2, Dim: 2, X: []float32{1, 0, -1, 0}, Labels: []int{0, 1}, Classes: []string{"a", "b", "absent"}}
	model, err := Ridge{L2: 2}.fit(train)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.25, -0.25, 0, 0, 0, 0} {
		if math.Abs(model.Weights[i]-want) > 1e-15 {
			t.Errorf("weights %v", model.Weights)
		}
	}
	if model.Bias[0] != 0.5 || model.Bias[1] != 0.5 || !math.IsInf(model.Bias[2], -1) {
		t.Errorf("bias %v", model.Bias)
	}
	// The scale and place of the features do not matter.
	few, test := gaussians("train", 12, 30, 3, 2, 1), gaussians("test", 300, 30, 3, 2, 2)
	want, err := Ridge{}.Predict(few, test)
	if err != nil {
		t.Fatal(err)
	}
	moved := func(f Features) Features {
		f.X = slices.Clone(f.X)
		for i := range f.X {
			f.X[i] = f.X[i]*8 + 16
		}
		return f
	}
	got, err := Ridge{}.Predict(moved(few), moved(test))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("moved and scaled features: other predictions, %v", err)
	}
}

// Embeddings that are all alike are no division by zero.
func TestFewShotCollapsed(t *testing.T) {
	collapsed := gaussians("collapsed", 60, 3, 3, 1, 1)
	for i := range collapsed.X {
		collapsed.X[i] = 1
	}
	for _, c := range []Classifier{Prototypes{}, Prototypes{Cosine: true, Unit: true}, Ridge{}, Ridge{Unit: true}} {
		got, err := FewShot{Ways: 3, Shots: 2, Queries: 4, Episodes: 20, Classifier: c}.Evaluate(collapsed)
		if err != nil || got.Value != 1./3 {
			t.Errorf("%v: %v, %v, want chance", c, got, err)
		}
	}
}

// Both classifiers are probes of a whole set too, and near the best there is.
func TestFewShotClassifiersAsProbes(t *testing.T) {
	train, test := gaussians("train", 3000, 5, 2, 2, 1), gaussians("test", 4000, 5, 2, 2, 2)
	best := 0.5 * math.Erfc(-1) // means at distance 2·sqrt 2
	for _, probe := range []Probe{Prototypes{}, Prototypes{Cosine: true}, Ridge{}, Ridge{Unit: true}} {
		got, err := probe.Evaluate(train, test)
		if err != nil || got.Value < best-0.03 || got.Value > best+0.015 {
			t.Errorf("%+v: %v, %v, want near %.3f", probe, got, err, best)
		}
		other := test
		other.Encoder = "e1"
		_, err = probe.Evaluate(train, other)
		wantError(t, fmt.Sprintf("%T", probe), err, "different weights")
	}
}

// spy records the episodes that it is shown.
type spy struct {
	mutex    sync.Mutex
	episodes []string
	fault    func(support, queries Features) error
}

func (s *spy) Predict(support, queries Features) ([]int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.fault(support, queries); err != nil {
		return nil, err
	}
	s.episodes = append(s.episodes, fmt.Sprint(support.Indices, queries.Indices))
	return make([]int, queries.N), nil
}

// Every episode has the classes, shots and queries asked for, and no image in both; queries come
// without labels.
func TestFewShotEpisodes(t *testing.T) {
	set := gaussians("set", 120, 4, 6, 1, 1)
	look := &spy{fault: func(support, queries Features) error {
		if support.N != 4*3 || queries.N != 4*5 || queries.Labels != nil || len(support.Classes) != 4 {
			return fmt.Errorf("episode of %d and %d images", support.N, queries.N)
		}
		seen := map[int]bool{}
		for _, i := range slices.Concat(support.Indices, queries.Indices) {
			if seen[i] {
				return fmt.Errorf("image %d is there twice", i)
			}
			seen[i] = true
		}
		classes := map[int]bool{}
		for i, label := range support.Labels {
			if name := support.Classes[label]; name != set.Classes[set.Labels[support.Indices[i]]] || label != i/3 {
				return fmt.Errorf("image %d is called %s", support.Indices[i], name)
			}
			classes[set.Labels[support.Indices[i]]] = true
		}
		if len(classes) != 4 {
			return fmt.Errorf("%d classes", len(classes))
		}
		return nil
	}}
	got, err := FewShot{Ways: 4, Shots: 3, Queries: 5, Episodes: 50, Classifier: look}.Evaluate(set)
	if err != nil {
		t.Fatal(err)
	}
	if got.Value != 0.25 || len(got.Accuracy) != 50 || got.Labels != 12 || got.N != 120 ||
		!slices.Equal(got.LabelsPerClass, []int{3, 3, 3, 3}) {
		t.Errorf("%+v", got)
	}
	slices.Sort(look.episodes)
	if n := len(slices.Compact(look.episodes)); n != 50 {
		t.Errorf("%d different episodes of 50", n)
	}
}

// The figure is a function of features and seed: however often it is computed, and in whatever
// order the rows stand.
func TestFewShotDeterministic(t *testing.T) {
	set := gaussians("set", 300, 8, 10, 2, 1)
	set.Indices = make([]int, set.N)
	for i := range set.Indices {
		set.Indices[i] = i
	}
	permuted := set.rows(rand.New(rand.NewPCG(9, 9)).Perm(set.N), 0)
	for _, c := range []Classifier{Prototypes{}, Ridge{}} {
		settings := FewShot{Shots: 2, Queries: 10, Episodes: 80, Seed: 4, Classifier: c}
		first, err := settings.Evaluate(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []Features{set, permuted} {
			got, err := settings.Evaluate(again)
			if err != nil || !slices.Equal(got.Accuracy, first.Accuracy) {
				t.Errorf("%v: other accuracies the second time, %v", c, err)
			}
		}
		settings.Seed = 5
		if other, err := settings.Evaluate(set); err != nil || slices.Equal(other.Accuracy, first.Accuracy) {
			t.Errorf("%v: the seed does nothing, %v", c, err)
		}
		half := 1.96 * stat.StdDev(first.Accuracy, nil) / math.Sqrt(80)
		if mean := stat.Mean(first.Accuracy, nil); first.Value != mean || math.Abs(first.High-mean-half) > 1e-15 ||
			math.Abs(mean-first.Low-half) > 1e-15 {
			t.Errorf("%v: interval %v, want %g ± %g", c, first, mean, half)
		}
	}
}

// For two unit Gaussians at known means, one shot each: the accuracy by direct simulation.
func TestFewShotOnGaussians(t *testing.T) {
	set := gaussians("set", 4000, 3, 2, 2, 1)
	settings := FewShot{Ways: 2, Queries: 10, Episodes: 2000}
	got, err := settings.Evaluate(set)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 7))
	point := func(class int) (x [3]float64) {
		for j := range x {
			x[j] = random.NormFloat64()
		}
		x[class] += 2
		return x
	}
	const trials = 200_000
	correct := 0
	for range trials {
		a, b, q := point(0), point(1), point(0)
		var toA, toB float64
		for j := range q {
			toA += (q[j] - a[j]) * (q[j] - a[j])
			toB += (q[j] - b[j]) * (q[j] - b[j])
		}
		if toA < toB {
			correct++
		}
	}
	if want := float64(correct) / trials; math.Abs(got.Value-want) > 0.015 {
		t.Errorf("%v, simulated %.3f", got, want)
	}
	settings.Shots = 10
	more, err := settings.Evaluate(set)
	if err != nil || more.Value < got.Value+0.05 {
		t.Errorf("ten shots %v, %v, one shot %v", more, err, got)
	}
}

func TestFewShotProvenance(t *testing.T) {
	set, err := gaussians("set", 400, 5, 5, 6, 1).Subset(data.Subset{PerClass: 30, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	set.Rehash = func() (string, error) { return "e0", nil }
	got, err := FewShot{Shots: 3, Episodes: 40, Seed: 7, Classifier: KNN{K: 1}}.Evaluate(set)
	if err != nil {
		t.Fatal(err)
	}
	if got.EncoderBefore != "e0" || got.EncoderAfter != "e0" || got.SubsetHash != set.SubsetHash || got.SubsetSeed != 3 ||
		got.Seed != 7 || got.Train != "set" || got.Test != "set" || got.Value < 0.9 {
		t.Errorf("%+v", got)
	}
	want := "5-way 3-shot (eval.KNN{K:1 Temperature:0}; 15 queries a class; 5 classes)"
	if got.Protocol != want || !strings.HasPrefix(got.String(), want) || !strings.HasSuffix(got.String(), ", 40 episodes") {
		t.Errorf("%v", got)
	}
	text, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(text), `"ways":5`) || !strings.Contains(string(text), `"value":`) {
		t.Errorf("JSON %s, %v", text, err)
	}
	set.Rehash = func() (string, error) { return "e1", nil }
	_, err = FewShot{Episodes: 1}.Evaluate(set)
	wantError(t, "encoder", err, "encoder changed")
}

func TestFewShotBadSettings(t *testing.T) {
	set := gaussians("set", 64, 3, 4, 1, 1) // 16 images a class
	tired := &spy{fault: func(_, _ Features) error { return errors.New("tired") }}
	for words, s := range map[string]FewShot{
		"Ways is 1":                         {Ways: 1},
		"Shots is -1":                       {Shots: -1},
		"Queries is -2":                     {Queries: -2},
		"Episodes is -3":                    {Episodes: -3},
		"Ways is 5, and 4 of the 4":         {},
		"Ways is 2, and 0 of the 4":         {Ways: 2, Shots: 2},
		"Ways is 3, and 2 of the 2":         {Ways: 3, Classes: []string{"class 1", "class 3"}},
		"Classes[1] is \"dog\"":             {Ways: 2, Classes: []string{"class 1", "dog"}},
		"Classes is empty":                  {Ways: 2, Classes: []string{}},
		"episode 0 of features \"set\"":     {Ways: 2, Classifier: tired},
		"eval.Ridge: L2 is -1":              {Ways: 2, Classifier: Ridge{L2: -1}},
		"eval.Ridge: L2 is NaN":             {Ways: 2, Classifier: Ridge{L2: math.NaN()}},
		"FewShot.Classifier made 1 predict": {Ways: 2, Classifier: silent{}},
	} {
		_, err := s.Evaluate(set)
		wantError(t, words, err, words)
	}
	set.Labels = slices.Clone(set.Labels)
	set.Labels[3] = -1
	_, err := FewShot{Ways: 2}.Evaluate(set)
	wantError(t, "unlabelled", err, "Labels[3] is -1")
	// The class that has become too small is left out; the others serve.
	set.Labels[3] = 0
	if got, err := (FewShot{Ways: 3, Episodes: 10}).Evaluate(set); err != nil || !strings.Contains(got.Protocol, "; 3 classes") {
		t.Errorf("%v, %v", got, err)
	}
}

type silent struct{}

func (silent) Predict(_, _ Features) ([]int, error) { return []int{0}, nil }

// Six classes, far apart: three of them held out from the encoder's training, say.
func ExampleFewShot() {
	set := gaussians("birds/novel", 120, 8, 6, 10, 1)
	fewShot := FewShot{
		Ways: 3, Shots: 1, Queries: 5, Episodes: 50, Seed: 1,
		Classes: []string{"class 3", "class 4", "class 5"}, Classifier: Prototypes{Cosine: true},
	}
	fmt.Println(fewShot.Evaluate(set))
	fewShot.Ways = 5
	_, err := fewShot.Evaluate(set)
	fmt.Println(err)
	// Output:
	// 3-way 1-shot (prototypes, cosine; 5 queries a class; 3 classes) 100.0 % [100.0, 100.0], 50 episodes <nil>
	// eval.FewShot: Ways is 5, and 3 of the 3 classes of features "birds/novel" have Shots+Queries = 1+5 images
}

func ExampleRidge() {
	train, test := gaussians("train", 10, 8, 2, 4, 1), gaussians("test", 100, 8, 2, 4, 2)
	fmt.Println(Ridge{L2: 0.5}.Evaluate(train, test))
	// Output: ridge probe (L2 0.5) 98.0 % [93.0, 99.4], 100 test images, 10 labels <nil>
}
