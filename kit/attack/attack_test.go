package attack

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/device/devicetest"
)

const side = 4

// compiled is a classifier on small images.
func compiled(t *testing.T, batch int, classifier func(images *Node) *Node) *Model {
	t.Helper()
	backend := devicetest.Backend(t)
	m, err := Compile(backend, model.NewStore(), batch, side, side, func(_ *model.Scope,
		images *Node) *Node {
		return classifier(images)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// linear is the classifier of two classes whose difference in score is w·x + b.
func linear(w []float64, b float64) func(images *Node) *Node {
	return func(images *Node) *Node {
		x := Reshape(images, images.Shape().Dim(0), -1)
		score := AddScalar(ReduceSum(Mul(x, ConvertDType(Reshape(Const(x.Graph(), w), 1, len(w)), x.DType())), -1), b)
		return Stack([]*Node{ZerosLike(score), score}, 1)
	}
}

// pictures are random images away from black and white, with labels.
func pictures(n int, seed uint64) (pix []uint8, labels []int) {
	random := rand.New(rand.NewPCG(seed, 0))
	for range n {
		for range side * side * 3 {
			pix = append(pix, uint8(60+random.IntN(130)))
		}
		labels = append(labels, random.IntN(2))
	}
	return pix, labels
}

// Of a linear classifier the worst change in the ball is known: every pixel by eps, against the
// sign of its weight. FGSM finds it, and an image stands if its margin is above eps·‖w‖₁ (section 5
// of Goodfellow et al.). PGD finds it too.
func TestLinearClassifierAgainstClosedForm(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 0))
	w, norm := make([]float64, side*side*3), 0.0
	for i := range w {
		w[i] = random.NormFloat64()
		norm += math.Abs(w[i])
	}
	pix, labels := pictures(60, 1)
	margins := make([]float64, len(labels))
	var mean float64
	for i := range labels {
		for j, v := range w {
			margins[i] += v * float64(pix[i*len(w)+j]) / 255
		}
		mean += margins[i] / float64(len(labels))
	}
	m := compiled(t, 25, linear(w, -mean)) // 25 does not divide 60: the last batch is filled up
	for _, attack := range []Attack{FGSM{}, PGD{}} {
		curve, err := Sweep{Attack: attack}.Run(m, pix, labels)
		if err != nil {
			t.Fatal(err)
		}
		fell := false
		for _, point := range curve.Points {
			for i, label := range labels {
				margin := (margins[i] - mean) * float64(2*label-1)
				if want := margin > point.Eps*norm; want != point.Standing[i] && math.Abs(margin-point.Eps*norm) > 1e-4 {
					t.Errorf("%s, eps %g, image %d: standing is %v with margin %g against %g", attack.Name(), point.Eps, i,
						point.Standing[i], margin, point.Eps*norm)
				}
			}
			if point.Change > point.Eps+1e-6 || point.Eps > 0 && point.Change < point.Eps-1e-6 {
				t.Errorf("%s: a pixel changed by %g, eps is %g", attack.Name(), point.Change, point.Eps)
			}
			fell = fell || point.Accuracy.Value < curve.Points[0].Accuracy.Value
		}
		if !fell {
			t.Errorf("%s: the accuracy did not fall: %+v", attack.Name(), curve.Points)
		}
	}
}

// curved is a classifier that is not linear: one hidden layer of 16 random units.
func curved(images *Node) *Node {
	random := rand.New(rand.NewPCG(9, 0))
	const in, hidden = side * side * 3, 16
	first, second := make([]float64, in*hidden), make([]float64, hidden*2)
	for i := range first {
		first[i] = random.NormFloat64()
	}
	for i := range second {
		second[i] = random.NormFloat64()
	}
	x := AddScalar(Reshape(images, -1, in), -.5)
	matrix := func(v []float64, rows, columns int) *Node {
		return ConvertDType(Reshape(Const(x.Graph(), v), rows, columns), x.DType())
	}
	return Dot(Tanh(Dot(x, matrix(first, in, hidden)).Product()), matrix(second, hidden, 2)).Product()
}

func TestAttacksKeepToTheirBallAndPGDIsTheStronger(t *testing.T) {
	m := compiled(t, 50, curved)
	pix, labels := pictures(200, 2)
	for i := range 2000 { // Some pixels at the ends, where clipping to [0, 1] bites.
		pix[i*13%len(pix)] = uint8(255 * (i % 2))
	}
	eps := []float64{0, .005, .01, .02, .05}
	fgsm, err := Sweep{Attack: FGSM{}, Eps: eps}.Run(m, pix, labels)
	if err != nil {
		t.Fatal(err)
	}
	pgd, err := Sweep{Attack: PGD{Steps: 20}, Eps: eps, Seed: 1}.Run(m, pix, labels)
	if err != nil {
		t.Fatal(err)
	}
	if fgsm.Points[0].Accuracy != pgd.Points[0].Accuracy {
		t.Errorf("eps 0: FGSM leaves %v, PGD %v", fgsm.Points[0].Accuracy, pgd.Points[0].Accuracy)
	}
	for k, point := range pgd.Points {
		if point.Accuracy.Value > fgsm.Points[k].Accuracy.Value {
			t.Errorf("eps %g: PGD leaves %g, FGSM %g", point.Eps, point.Accuracy.Value, fgsm.Points[k].Accuracy.Value)
		}
		if k > 0 && point.Accuracy.Value > pgd.Points[k-1].Accuracy.Value {
			t.Errorf("eps %g: the accuracy rose to %g", point.Eps, point.Accuracy.Value)
		}
		if point.Change > point.Eps+1e-6 {
			t.Errorf("eps %g: a pixel changed by %g", point.Eps, point.Change)
		}
		for i, stands := range point.Standing {
			if stands && !pgd.Points[0].Standing[i] {
				t.Errorf("eps %g: image %d stands and was not recognised clean", point.Eps, i)
			}
		}
	}
	// Of some of the images, those that lie evenly over them.
	some, err := Sweep{Attack: FGSM{}, Eps: eps, Images: 40}.Run(m, pix, labels)
	if err != nil {
		t.Fatal(err)
	}
	for k, point := range some.Points {
		for i, of := range data.Spread(40, len(labels)) {
			if point.Standing[i] != fgsm.Points[k].Standing[of] {
				t.Errorf("eps %g: image %d stands alone: %v, and among all: %v", point.Eps, of, point.Standing[i], fgsm.Points[k].Standing[of])
			}
		}
	}
	if last := pgd.Points[len(eps)-1].Accuracy.Value; last > .2 {
		t.Errorf("PGD leaves %g at eps %g", last, eps[len(eps)-1])
	}
	again, err := Sweep{Attack: PGD{Steps: 20}, Eps: eps, Seed: 1}.Run(m, pix, labels)
	if err != nil {
		t.Fatal(err)
	}
	for k := range eps {
		if again.Points[k].Accuracy != pgd.Points[k].Accuracy {
			t.Errorf("the same seed gives %v and %v", again.Points[k].Accuracy, pgd.Points[k].Accuracy)
		}
	}
	clean, classes := make([]float32, 50*side*side*3), make([]int32, 50)
	for i := range clean {
		clean[i] = float32(pix[i]) / 255
	}
	for i := range classes {
		classes[i] = int32(labels[i])
	}
	for _, attack := range []Attack{FGSM{}, PGD{}} {
		adversarial, _, err := attack.perturb(m, clean, classes, .05, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range adversarial {
			if v < 0 || v > 1 || math.Abs(float64(v-clean[i])) > .05+1e-6 {
				t.Fatalf("%s: pixel %d went from %g to %g", attack.Name(), i, clean[i], v)
			}
		}
	}
}

func TestSweepErrors(t *testing.T) {
	m := compiled(t, 4, curved)
	pix, labels := pictures(4, 3)
	for words, sweep := range map[string]Sweep{
		"attack.Sweep: Eps[0] is -0.1": {Eps: []float64{-.1}},
		"attack.Sweep: Eps[1] is NaN":  {Eps: []float64{0, math.NaN()}},
		"attack.Sweep: Eps is empty":   {Eps: []float64{}},
		"attack.Sweep: Images is 5":    {Images: 5},
		"attack.Sweep: Images is -1":   {Images: -1},
		"attack.PGD: Steps is -2":      {Attack: PGD{Steps: -2}},
		"attack.PGD: Step is -1":       {Attack: PGD{Step: -1}},
	} {
		if _, err := sweep.Run(m, pix, labels); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("want an error with %q, got %v", words, err)
		}
	}
	if _, err := (Sweep{}).Run(m, pix, labels[:3]); err == nil || !strings.Contains(err.Error(), "pix holds") {
		t.Errorf("mismatched lengths: %v", err)
	}
	if _, err := (Sweep{}).Run(m, pix, []int{0, 1, -1, 0}); err == nil || !strings.Contains(err.Error(), "labels[2]") {
		t.Errorf("an unlabelled image: %v", err)
	}
}
