package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"sslkit/data"
)

// planted are the classes and images of one world; see plantedIn.
func planted(name string, n, classes int, noise float64, seed uint64) (Features, Attributes) {
	return plantedIn(2, name, n, classes, noise, seed)
}

// plantedIn are classes with random binary attributes, and images whose features are a random map
// of them with noise. The world says which attributes and which map, the seed which images.
func plantedIn(worldSeed uint64, name string, n, classes int, noise float64, seed uint64) (Features, Attributes) {
	const dim, attributes = 12, 8
	world := rand.New(rand.NewPCG(worldSeed, 1))
	a := Attributes{}
	for j := range attributes {
		a.Names = append(a.Names, fmt.Sprintf("attribute %d", j))
	}
	codes := world.Perm(1 << attributes)
	for c := range classes {
		a.Classes = append(a.Classes, fmt.Sprintf("class %d", c))
		for j := range attributes {
			a.Values = append(a.Values, float64((codes[c]+1)>>j&1))
		}
	}
	var effect [attributes][dim]float64
	for j := range effect {
		for d := range effect[j] {
			effect[j][d] = world.NormFloat64()
		}
	}
	random := rand.New(rand.NewPCG(seed, 0))
	f := Features{N: n, Dim: dim, Name: name, Encoder: "e0", Classes: a.Classes}
	for i := range n {
		f.Labels = append(f.Labels, i%classes)
		for d := range dim {
			v := noise * random.NormFloat64()
			for j, s := range a.Row(a.Classes[i%classes]) {
				v += s * effect[j][d]
			}
			f.X = append(f.X, float32(v))
		}
	}
	return f, a
}

var plantedUnseen = []string{"class 3", "class 17", "class 11", "class 5"}

// The model is that of the paper, computed as it is written there, with the inverses and on the
// transposed matrices.
func TestAttributeZeroShotAgainstNaive(t *testing.T) {
	train, a := planted("train", 200, 20, 1, 1)
	test, _ := planted("test", 300, 20, 1, 2)
	const gamma, lambda = 0.3, 0.05
	model, err := AttributeZeroShot{
		Attributes: a, Unseen: plantedUnseen, Gamma: []float64{gamma}, Lambda: []float64{lambda},
	}.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	var rows []int
	for i, label := range train.Labels {
		if !slices.Contains(plantedUnseen, train.Classes[label]) {
			rows = append(rows, i)
		}
	}
	seen := train.rows(rows, 0)
	standard := newStandardizer(seen)
	const images, classes, attributes = 160, 16, 8
	x := mat.DenseCopyOf(mat.NewDense(images, train.Dim, standard.apply(seen)).T()) // [dim, images]
	y := mat.NewDense(images, classes, nil)
	s := mat.NewDense(attributes, classes, nil)
	signature := func(name string) *mat.VecDense {
		out := mat.NewVecDense(attributes, slices.Clone(a.Row(name)))
		for _, seen := range model.Seen {
			out.AddScaledVec(out, -1./classes, mat.NewVecDense(attributes, a.Row(seen)))
		}
		out.ScaleVec(1/mat.Norm(out, 2), out)
		return out
	}
	for c, name := range model.Seen {
		s.SetCol(c, signature(name).RawVector().Data)
		for i, label := range seen.Labels {
			y.Set(i, c, -1)
			if seen.Classes[label] == name {
				y.Set(i, c, 1)
			}
		}
	}
	inverse := func(m *mat.Dense, penalty float64) *mat.Dense {
		n, _ := m.Dims()
		var square, out mat.Dense
		square.Mul(m, m.T())
		for i := range n {
			square.Set(i, i, square.At(i, i)+penalty)
		}
		if err := out.Inverse(&square); err != nil {
			t.Fatal(err)
		}
		return &out
	}
	var v mat.Dense
	v.Product(inverse(x, gamma*images), x, y, s.T(), inverse(s, lambda*classes))
	for i := range 50 {
		z := standard.apply(Features{N: 1, Dim: test.Dim, X: test.Row(i)})
		for j := range attributes {
			var want, got float64
			for d := range test.Dim {
				want += z[d] * v.At(d, j)
				got += float64(test.Row(i)[d]) * model.Weights[d*attributes+j]
			}
			if got += model.Bias[j]; math.Abs(got-want) > 1e-10 {
				t.Fatalf("image %d attribute %d: %.12g, want %.12g", i, j, got, want)
			}
		}
	}
	// And the class is the one of largest xᵀ V s among those asked for.
	predictions, err := model.Predict(test, plantedUnseen)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range predictions {
		best, largest := -1, math.Inf(-1)
		z := mat.NewVecDense(test.Dim, standard.apply(Features{N: 1, Dim: test.Dim, X: test.Row(i)}))
		for c, name := range test.Classes {
			if !slices.Contains(plantedUnseen, name) {
				continue
			}
			if score := mat.Inner(z, &v, signature(name)); score > largest {
				best, largest = c, score
			}
		}
		if got != best {
			t.Errorf("image %d is %s, want %s", i, test.Classes[got], test.Classes[best])
		}
	}
}

// By hand: A with attributes (1, 0) at (1, 0) and B with (0, 1) at (0, 1), one image each.
// Standardised the images are at (1, -1) and (-1, 1), and the attributes, less their mean, (1,
// -1)/√2 and (-1, 1)/√2. XᵀX = 2 [[1, -1], [-1, 1]] and SᵀS = [[1, -1], [-1, 1]] have eigenvalues 4
// and 2 for (1, -1), the only direction there is, and so for gamma 1 and lambda 1/2
//
//	V = 2√2/((4 + 2)·(2 + 1)) [[1, -1], [-1, 1]] = √2/9 [[1, -1], [-1, 1]]
//
// twice that in terms of the features, whose deviation is 1/2. With d = x₀ - x₁ times a constant A
// scores √2 d, B -√2 d, C with (1, 1), which is (1, 1)/√2, nothing, and D with (1, -1), which is
// (1, -3)/√10, 4/√10 d.
func TestAttributeZeroShotByHand(t *testing.T) {
	classes := []string{"A", "B", "C", "D"}
	train := Features{N: 2, Dim: 2, Name: "train", X: []float32{1, 0, 0, 1}, Labels: []int{0, 1}, Classes: classes}
	z := AttributeZeroShot{
		Attributes: Attributes{Classes: classes, Names: []string{"p", "q"}, Values: []float64{1, 0, 0, 1, 1, 1, 1, -1}},
		Unseen:     []string{"D", "C"}, Gamma: []float64{1}, Lambda: []float64{0.5},
	}
	model, err := z.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	for i, sign := range []float64{1, -1, -1, 1} {
		if math.Abs(model.Weights[i]-sign*2*math.Sqrt2/9) > 1e-12 || math.Abs(model.Bias[i%2]) > 1e-12 {
			t.Errorf("weights %v, bias %v", model.Weights, model.Bias)
		}
	}
	test := Features{N: 4, Dim: 2, Name: "test", X: []float32{3, 1, 1, 3, 0, 2, 5, 1}, Labels: []int{3, 2, 3, 0}, Classes: classes}
	got, err := z.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	// D, C, C among the unseen: D right once of two, C once of one.
	if got.Value != 0.75 || !slices.Equal(got.Predictions, []int{3, 2, 2}) || got.N != 3 || got.Labels != 2 {
		t.Errorf("%v", got)
	}
	// Among all, A outdoes D, and B outdoes C.
	if g := got.Generalized; g == nil || !slices.Equal(g.Predictions, []int{0, 1, 1, 0}) || g.Unseen.Value != 0 ||
		g.Seen.Value != 1 || g.Harmonic.Value != 0 || g.Unseen.N != 3 || g.Seen.N != 1 || g.Harmonic.N != 4 {
		t.Errorf("generalised %+v", got.Generalized)
	}
}

// Classes are recognised of which no image was seen, far above chance; with attributes that belong
// to other classes they are not.
func TestAttributeZeroShotPlanted(t *testing.T) {
	train, a := planted("train", 1000, 20, 1, 1)
	test, _ := planted("test", 2000, 20, 1, 2)
	z := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen, Seed: 3}
	got, err := z.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if got.Value < 0.8 || got.Low > got.Value || got.High < got.Value || got.High-got.Low > 0.1 || got.High == got.Low {
		t.Errorf("%v, want far above chance, 25 %%", got)
	}
	g := got.Generalized
	if g.Seen.Value < 0.3 || g.Unseen.Value < 0.1 || g.Harmonic.Value != harmonicMean(g.Seen.Value, g.Unseen.Value) ||
		g.Unseen.Value > got.Value || g.Harmonic.Low >= g.Harmonic.Value || g.Harmonic.High <= g.Harmonic.Value {
		t.Errorf("generalised %+v", g)
	}
	if got.N != 400 || got.Labels != 800 || got.LabelsPerClass[3] != 0 || got.LabelsPerClass[4] != 50 ||
		!slices.Equal(got.Unseen, []string{"class 3", "class 5", "class 11", "class 17"}) {
		t.Errorf("%+v", got)
	}
	// What unseen classes look like in train is not looked at.
	blind := train
	blind.X = slices.Clone(train.X)
	for i, label := range train.Labels {
		if slices.Contains(plantedUnseen, train.Classes[label]) {
			for j := range blind.Row(i) {
				blind.Row(i)[j] = 1e6
			}
		}
	}
	again, err := z.Evaluate(blind, test)
	if err != nil || again.Value != got.Value || again.SubsetHash != got.SubsetHash || again.Gamma != got.Gamma {
		t.Errorf("other training images of unseen classes: %v, %v, want %v", again, err, got)
	}
	wrong := z
	wrong.Attributes.Values = slices.Clone(a.Values)
	for i, name := range plantedUnseen {
		copy(wrong.Attributes.Row(name), a.Row(plantedUnseen[(i+1)%4]))
	}
	if swapped, err := wrong.Evaluate(train, test); err != nil || swapped.Value > 0.2 {
		t.Errorf("with the attributes of others: %v, %v", swapped, err)
	}
}

// So it is in most worlds, whatever their attributes are.
func TestAttributeZeroShotWorlds(t *testing.T) {
	var mean float64
	const worlds = 8
	for world := range uint64(worlds) {
		train, a := plantedIn(world, "train", 400, 20, 1, 1)
		test, _ := plantedIn(world, "test", 400, 20, 1, 2)
		got, err := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen, Resamples: 100}.Evaluate(train, test)
		if err != nil {
			t.Fatal(err)
		}
		mean += got.Value / worlds
	}
	if mean < 0.8 {
		t.Errorf("%.3f over the worlds, chance is 0.25", mean)
	}
}

// The order of images, of the attributes' rows and of Unseen changes nothing.
func TestAttributeZeroShotInvariant(t *testing.T) {
	train, a := planted("train", 200, 20, 1, 1)
	test, _ := planted("test", 400, 20, 1, 2)
	z := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen, Seed: 3}
	first, err := z.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 5))
	other := Attributes{Names: a.Names}
	for _, c := range random.Perm(20) {
		other.Classes = append(other.Classes, a.Classes[c])
		other.Values = append(other.Values, a.Row(a.Classes[c])...)
	}
	other.Classes, other.Values = append(other.Classes, "not there"), append(other.Values, make([]float64, 8)...)
	z.Attributes, z.Unseen = other, []string{"class 17", "class 5", "class 3", "class 11"}
	got, err := z.Evaluate(train.rows(random.Perm(train.N), 0), test.rows(random.Perm(test.N), 0))
	if err != nil {
		t.Fatal(err)
	}
	if got.Value != first.Value || got.Low != first.Low || got.Gamma != first.Gamma || got.Lambda != first.Lambda ||
		got.Generalized.Harmonic != first.Generalized.Harmonic {
		t.Errorf("%v\nin another order: %v", first, got)
	}
}

// The penalty is chosen by classes held out: strong where features tell little.
func TestAttributeZeroShotPenalties(t *testing.T) {
	train, a := planted("train", 400, 20, 1, 1)
	z := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen, Gamma: []float64{1e-3, 1e9}, Lambda: []float64{1e-3}}
	model, err := z.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(model.Protocol, "by 5-fold cross-validation over seen classes") {
		t.Errorf("protocol %q", model.Protocol)
	}
	for seen, folds := range map[int]int{2: 1, 3: 1, 4: 2, 9: 4, 10: 5, 30: 5} {
		dealt := z.classFolds(seen)
		all := slices.Concat(dealt...)
		slices.Sort(all)
		if len(dealt) != folds || len(all) != seen || all[0] != 0 || all[seen-1] != seen-1 || (seen > 1 && len(dealt[0]) < 2) {
			t.Errorf("%d classes are dealt out as %v", seen, dealt)
		}
	}
	few, _ := planted("few", 70, 7, 1, 1)
	z.Unseen = []string{"class 0", "class 1", "class 2", "class 3"}
	if model, err = z.Fit(few); err != nil || model.Gamma != FewClassGamma || model.Lambda != FewClassLambda ||
		!strings.HasSuffix(model.Protocol, "fixed, fewer than 4 seen classes") {
		t.Errorf("%+v, %v", model, err)
	}
}

func TestAttributeZeroShotProvenance(t *testing.T) {
	train, a := planted("train", 400, 20, 1, 1)
	test, _ := planted("test", 400, 20, 1, 2)
	few, err := train.Subset(data.Subset{PerClass: 5, Seed: 8})
	if err != nil {
		t.Fatal(err)
	}
	few.Rehash = func() (string, error) { return "e0", nil }
	z := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen, Seed: 3, Resamples: 200}
	got, err := z.Evaluate(few, test)
	if err != nil {
		t.Fatal(err)
	}
	var indices []int
	for i, label := range few.Labels {
		if !slices.Contains(plantedUnseen, few.Classes[label]) {
			indices = append(indices, few.Indices[i])
		}
	}
	if got.EncoderBefore != "e0" || got.EncoderAfter != "e0" || got.SubsetHash != data.Hash(indices) || got.SubsetSeed != 8 ||
		got.Seed != 3 || got.Train != "train" || got.Test != "test" ||
		!strings.HasPrefix(got.Protocol, "zero-shot of 4 classes by attributes (ESZSL, 8 attributes, standardised, gamma ") {
		t.Errorf("%+v", got)
	}
	if text := got.String(); !strings.Contains(text, "80 labels of 16 seen classes; generalised ") {
		t.Errorf("%s", text)
	}
	if text, err := json.Marshal(got); err != nil || !strings.Contains(string(text), `"harmonic":{"value":`) {
		t.Errorf("JSON %s, %v", text, err)
	}
	few.Rehash = func() (string, error) { return "e1", nil }
	_, err = z.Evaluate(few, test)
	wantError(t, "encoder", err, "encoder changed")
	// Without images of seen classes there is no generalised figure.
	var rows []int
	for i, label := range test.Labels {
		if slices.Contains(plantedUnseen, test.Classes[label]) {
			rows = append(rows, i)
		}
	}
	got, err = z.Evaluate(train, test.rows(rows, 0))
	if err != nil || got.Generalized != nil || strings.Contains(got.String(), "generalised") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAttributeZeroShotBadSettings(t *testing.T) {
	train, a := planted("train", 100, 20, 1, 1)
	test, _ := planted("test", 100, 20, 1, 2)
	for words, spoil := range map[string]func(z *AttributeZeroShot, train, test *Features){
		"Unseen has 0 classes":            func(z *AttributeZeroShot, _, _ *Features) { z.Unseen = nil },
		"Unseen has 1 classes":            func(z *AttributeZeroShot, _, _ *Features) { z.Unseen = z.Unseen[:1] },
		`Unseen[1] is "dog"`:              func(z *AttributeZeroShot, _, _ *Features) { z.Unseen = []string{"class 3", "dog"} },
		`Unseen[1] is "class 3" a second`: func(z *AttributeZeroShot, _, _ *Features) { z.Unseen = []string{"class 3", "class 3"} },
		"Unseen leaves 1 classes":         func(z *AttributeZeroShot, _, _ *Features) { z.Unseen = a.Classes[1:] },
		"Gamma is empty":                  func(z *AttributeZeroShot, _, _ *Features) { z.Gamma = []float64{} },
		"Gamma holds 0":                   func(z *AttributeZeroShot, _, _ *Features) { z.Gamma = []float64{1, 0} },
		"Lambda holds NaN":                func(z *AttributeZeroShot, _, _ *Features) { z.Lambda = []float64{math.NaN()} },
		"Resamples is 50":                 func(z *AttributeZeroShot, _, _ *Features) { z.Resamples = 50 },
		"0 Classes":                       func(z *AttributeZeroShot, _, _ *Features) { z.Attributes = Attributes{} },
		`no class "class 19"`: func(z *AttributeZeroShot, _, _ *Features) {
			_, z.Attributes = planted("", 1, 19, 1, 1)
		},
		"different weights": func(_ *AttributeZeroShot, _, test *Features) { test.Encoder = "e1" },
		"overlap":           func(_ *AttributeZeroShot, _, test *Features) { test.Name = "train" },
		`"class 3", of which test features`: func(_ *AttributeZeroShot, _, test *Features) {
			*test = test.rows([]int{0, 5, 11, 17}, 0)
		},
		`class "class 0" of test features "test" has no training image`: func(_ *AttributeZeroShot, train, _ *Features) {
			*train = train.rows([]int{1, 2, 4, 6}, 0)
		},
		`Attributes of class "class 3" are the mean`: func(z *AttributeZeroShot, _, _ *Features) {
			z.Attributes.Values = slices.Clone(a.Values)
			mean := z.Attributes.Row("class 3")
			clear(mean)
			for _, name := range a.Classes {
				for j, v := range a.Row(name) {
					if !slices.Contains(plantedUnseen, name) {
						mean[j] += v / 16
					}
				}
			}
		},
	} {
		z, train, test := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen}, train, test
		spoil(&z, &train, &test)
		_, err := z.Evaluate(train, test)
		wantError(t, words, err, words)
	}
	model, err := AttributeZeroShot{Attributes: a, Unseen: plantedUnseen}.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	_, err = model.Predict(test, nil)
	wantError(t, "nothing to choose from", err, "among is empty")
	_, err = model.Predict(test, []string{"dog"})
	wantError(t, "unknown", err, `among holds "dog"`)
}

// Four classes are recognised of which the model was shown no image, only their attributes.
func ExampleAttributeZeroShot() {
	train, attributes := planted("train", 400, 20, 0.3, 1)
	test, _ := planted("test", 400, 20, 0.3, 2)
	zeroShot := AttributeZeroShot{
		Attributes: attributes,
		Unseen:     []string{"class 3", "class 5", "class 11", "class 17"},
		Gamma:      []float64{0.1}, Lambda: []float64{0.01},
	}
	got, err := zeroShot.Evaluate(train, test)
	fmt.Println(got.Protocol, err)
	fmt.Printf("%.2f, chance %.2f\n", got.Value, 1/float64(len(got.Unseen)))
	// Output:
	// zero-shot of 4 classes by attributes (ESZSL, 8 attributes, standardised, gamma 0.1, lambda 0.01 fixed) <nil>
	// 0.97, chance 0.25
}
