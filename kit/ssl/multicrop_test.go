package ssl

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

func TestMultiCropsViews(t *testing.T) {
	views := MultiCrop(32, 6, 0)
	if len(views) != 8 {
		t.Fatalf("%d views, want 2 + 6", len(views))
	}
	for i, view := range views {
		if err := view.Check(32, 32); err != nil {
			t.Fatal(err)
		}
		size, scale := 32, [2]float64{.2, 1}
		if i >= 2 {
			size, scale = 18, [2]float64{.08, .5}
		}
		crop := view[0].(augment.RandomResizedCrop)
		if h, w := view.OutputSize(32, 32); h != size || w != size || crop.Scale != scale {
			t.Errorf("view %d is %d × %d of %v of the image, want %d of %v", i, h, w, crop.Scale, size, scale)
		}
	}
	if two := MultiCrop(32, 0, 0); len(two) != 2 || two[0][0] != augment.Transform(augment.RandomResizedCrop{Size: 32, Interpolation: augment.Bicubic}) {
		t.Errorf("without local crops the views are %v", two)
	}
}

func TestMultiCropCheck(t *testing.T) {
	for _, good := range [][2]int{{0, 0}, {6, 0}, {2, 32}} {
		if err := checkCrops("ssl.X", good[0], good[1], 32, "half"); err != nil {
			t.Error(err)
		}
	}
	for field, bad := range map[string][2]int{"Locals": {-1, 0}, "LocalSize": {2, 33}} {
		if err := checkCrops("ssl.X", bad[0], bad[1], 32, "half"); err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%v: error %v does not name %s", bad, err, field)
		}
	}
}

// withSmallCrops are the methods that take small crops by choice, with two of them.
var withSmallCrops = []Method{
	SimCLR{Locals: 2}, DCL{Locals: 2}, SupCon{Locals: 2}, MoCoV2{Locals: 2}, MoCoV3{Locals: 2}, NNCLR{Locals: 2}, SimSiam{Locals: 2},
	BarlowTwins{Locals: 2}, VICReg{Locals: 2}, WMSE{Locals: 2}, TiCo{Locals: 2}, BYOL{Locals: 2}, ReSSL{Locals: 2},
}

func TestSmallCropsAreAskedFor(t *testing.T) {
	for _, method := range withSmallCrops {
		t.Run(method.Name(), func(t *testing.T) {
			t.Parallel()
			if err := checked(method, 128, 32, 32); err != nil {
				t.Fatal(err)
			}
			views := method.WithDefaults().Views(32, 32)
			if len(views) != 4 {
				t.Fatalf("%d views, want 2 large ones and 2 small ones", len(views))
			}
			for i, view := range views {
				crop, size := view[0].(augment.RandomResizedCrop), 32
				if i >= 2 {
					size = 16
					if crop.Scale != [2]float64{.05, .4} {
						t.Errorf("view %d is a crop of %v of the image", i, crop.Scale)
					}
				}
				if crop.Size != size {
					t.Errorf("view %d has %d pixels, want %d", i, crop.Size, size)
				}
			}
			for field, value := range map[string]int{"Locals": -1, "LocalSize": 33} {
				bad := reflect.New(reflect.TypeOf(method)).Elem()
				bad.FieldByName(field).SetInt(int64(value))
				name := reflect.TypeOf(method).Name() + ": " + field + " is"
				if err := checked(bad.Interface().(Method), 128, 32, 32); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("%s of %d: error %v", field, value, err)
				}
			}
		})
	}
}

// Up to 32 pixels nothing is blurred, nor is a small crop of a larger image.
func TestSmallCropsOf32PixelsAreNotBlurred(t *testing.T) {
	blurred := func(view augment.Pipeline) bool {
		return slices.ContainsFunc(view, func(transform augment.Transform) bool {
			_, blur := transform.(augment.GaussianBlur)
			return blur
		})
	}
	for _, method := range withSmallCrops {
		t.Run(method.Name(), func(t *testing.T) {
			t.Parallel()
			for size, want := range map[int]bool{64: false, 96: blurred(method.WithDefaults().Views(96, 96)[0])} {
				for i, view := range method.WithDefaults().Views(size, size)[globalCrops:] {
					if got := blurred(view); got != want {
						t.Errorf("small crop %d of an image of %d pixels: blurred is %v, want %v", i, size, got, want)
					}
				}
			}
		})
	}
}

// More pipelines than a method has views are refused.
func TestMoreViewsAreRefused(t *testing.T) {
	view := augment.Pipeline{augment.Resize{Size: 32}}
	for _, method := range []Method{
		MAE{}, SimMIM{}, IJEPA{}, Rotation{}, Jigsaw{}, RelativeLocation{}, Colorization{}, MICLe{}, CLIP{}, DenseCL{}, MMCR{}, SimCLR{}, SimCLR{Locals: 3},
	} {
		t.Run(method.Name(), func(t *testing.T) {
			t.Parallel()
			_, err := ViewsOf(method.WithDefaults(), []augment.Pipeline{view, view, view, view}, 32, 32)
			if err == nil || !strings.Contains(err.Error(), "4 pipelines are given; method "+method.Name()+" has") {
				t.Errorf("error %v", err)
			}
		})
	}
	if err := checked(DenseCL{MoCo: MoCoV2{Locals: 1}}, 128, 32, 32); err == nil || !strings.Contains(err.Error(), "MoCo.Locals is 1; it must be 0") {
		t.Errorf("DenseCL with small crops: error %v", err)
	}
}

// ntXentOfViews is the loss of the pairs in float64: that of NTXent, or, where the positive is not
// among the candidates, that of Decoupled.
func ntXentOfViews(views [][][]float64, temperature float64, positiveToo bool) float64 {
	var sum, pairs float64
	for a, anchors := range views {
		for i, anchor := range anchors {
			var others float64
			for _, view := range views {
				for k := range view {
					if k != i {
						others += math.Exp(cosine(anchor, view[k]) / temperature)
					}
				}
			}
			for b := range views {
				if b == a {
					continue
				}
				positive := cosine(anchor, views[b][i]) / temperature
				candidates := others
				if positiveToo {
					candidates += math.Exp(positive)
				}
				sum += math.Log(candidates) - positive
				pairs++
			}
		}
	}
	return sum / pairs
}

// dclOfViews is ntXentOfViews with the weights of DCLW.
func dclOfViews(views [][][]float64, temperature, sigma float64) float64 {
	var all []float64
	for a := range views {
		for b := range views {
			for i := range views[a] {
				if b != a {
					all = append(all, cosine(views[a][i], views[b][i]))
				}
			}
		}
	}
	var mean, change float64
	for _, similarity := range all {
		mean += math.Exp(similarity/sigma) / float64(len(all))
	}
	for _, similarity := range all { // From a weight of 1.
		change += (1 - math.Exp(similarity/sigma)/mean) * similarity / temperature / float64(len(all))
	}
	return ntXentOfViews(views, temperature, false) - change
}

// supconOfViews is equation 2 of the SupCon paper in float64.
func supconOfViews(views [][][]float64, labels []int32, temperature float64) float64 {
	var loss, n float64
	for a, anchors := range views {
		for i, anchor := range anchors {
			var all, sum, positives float64
			for b, others := range views {
				for k, other := range others {
					if b == a && k == i {
						continue
					}
					all += math.Exp(cosine(anchor, other) / temperature)
					if k == i || labels[i] >= 0 && labels[k] == labels[i] {
						sum += cosine(anchor, other) / temperature
						positives++
					}
				}
			}
			loss += math.Log(all) - sum/positives
			n++
		}
	}
	return loss / n
}

// overPairs is the mean of a loss over all ordered pairs of views of which the first is one of the
// first `large`.
func overPairs(views [][][]float64, large int, loss func(a, b [][]float64) float64) float64 {
	var sum, pairs float64
	for a := range large {
		for b := range views {
			if b != a {
				sum += loss(views[a], views[b])
				pairs++
			}
		}
	}
	return sum / pairs
}

func TestLossesOfSmallCropsAreTheFormulas(t *testing.T) {
	labels := []int32{0, -1, 1, 0, -1, 2, 1, 1}
	for name, of := range map[string]struct {
		loss    func(views []*Node) *Node
		formula func(views [][][]float64) float64
	}{
		"NTXent": {
			func(views []*Node) *Node { return NTXent(views, .2) },
			func(views [][][]float64) float64 { return ntXentOfViews(views, .2, true) },
		},
		"Decoupled": {
			func(views []*Node) *Node { return Decoupled(views, .2, 0) },
			func(views [][][]float64) float64 { return ntXentOfViews(views, .2, false) },
		},
		"Decoupled with weights": {
			func(views []*Node) *Node { return Decoupled(views, .2, .5) },
			func(views [][][]float64) float64 { return dclOfViews(views, .2, .5) },
		},
		"SupervisedContrast": {
			func(views []*Node) *Node { return SupervisedContrast(views, Const(views[0].Graph(), labels), .2) },
			func(views [][][]float64) float64 { return supconOfViews(views, labels, .2) },
		},
		"WhitenedDistance": {
			func(views []*Node) *Node { return WhitenedDistance(views, 8, 24) },
			func(views [][][]float64) float64 {
				return overPairs(views, len(views), func(a, b [][]float64) float64 { return wmseSlow(a, b, 8) })
			},
		},
		"BarlowTwins": {
			resolved(BarlowTwins{Lambda: .1}).redundancy,
			func(views [][][]float64) float64 {
				return overPairs(views, 2, func(a, b [][]float64) float64 { return barlowTwins(a, b, .1) })
			},
		},
		"VICReg": {
			resolved(VICReg{}).regularized,
			func(views [][][]float64) float64 {
				loss := 25 * overPairs(views, 2, vicregDistance)
				for _, z := range views {
					loss += 2 / float64(len(views)) * (25*vicregVariance(z) + vicregPenalty(z))
				}
				return loss
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, count := range []int{2, 3, 5} {
				rng := rand.New(rand.NewPCG(91, uint64(count)))
				var views [][][]float64
				var inputs []any
				for range count {
					views = append(views, normal(rng, len(labels), 3))
					inputs = append(inputs, views[len(views)-1])
				}
				got, gradients := lossAndGradients[[][]float64](t, of.loss, count, inputs...)
				formula := func() float64 { return of.formula(views) }
				near(t, "loss", got, formula(), 1e-5)
				near(t, "gradient of the first view", gradients[0][5][1], slope(formula, &views[0][5][1]), 1e-4)
				near(t, "gradient of the last view", gradients[count-1][2][2], slope(formula, &views[count-1][2][2]), 1e-4)
			}
		})
	}
}

// Each view that the student sees is compared with what the teacher, or the student itself, makes of
// the large views, and a large one not with itself.
func TestStepsWithSmallCropsAreTheFormulas(t *testing.T) {
	simsiam, mocov3 := resolved(SimSiam{Hidden: 5, Out: 3, Bottleneck: 4, Locals: 2}), resolved(MoCoV3{Hidden: 5, Out: 3, Locals: 2})
	nnclr := resolved(NNCLR{Queue: 8, Hidden: 5, Predictor: 4, Out: 3, Locals: 2})
	mocov2, tico := resolved(MoCoV2{Queue: 8, Hidden: 5, Out: 3, Locals: 2}), resolved(TiCo{Hidden: 5, Out: 3, Locals: 2})
	symmetric := mocov2
	symmetric.Symmetric = true
	queued := func(scope *model.Scope, step *Step) *Node {
		return newQueue(scope, 8, 3).embeddings(step.Views[0].Graph())
	}
	keys := func(m HasTeacher, step *Step) []*Node { return append(embedApart(m, step), teachApart(m, step)...) }
	const small = 2
	for name, of := range map[string]struct {
		method  Method
		outputs func(step *Step) []*Node // What the formula takes: of four views, then of the targets of two.
		formula func(x [][][]float64) float64
	}{
		"simsiam": {simsiam, func(step *Step) []*Node {
			z := embedApart(simsiam, step)
			return append(apart(z, func(z *Node) *Node { return simsiam.predict(step.Scope, z) }), z[:2]...)
		}, func(x [][][]float64) float64 {
			return swappedPairs(x, negativeCosine) / 6
		}},
		"mocov3": {mocov3, func(step *Step) []*Node {
			q := apart(embedApart(mocov3, step), func(z *Node) *Node { return mocov3.predictor().Apply(step.Scope.At("predictor"), z) })
			return append(q, teachApart(mocov3, step)...)
		}, func(x [][][]float64) float64 {
			return swappedPairs(x, func(q, k [][]float64) float64 { return 2 * .2 * mocov3Formula(q, k, .2) })
		}},
		"nnclr": {nnclr, func(step *Step) []*Node {
			z := embedApart(nnclr, step)
			p := apart(z, func(z *Node) *Node { return nnclr.predictor().Apply(step.Scope.At("predictor"), z) })
			return append(append(p, z[:2]...), queued(step.Scope, step))
		}, func(x [][][]float64) float64 {
			return swappedPairs(x, func(p, z [][]float64) float64 { return nnclrFormula(z, x[6], p, .2) }) / 6
		}},
		"mocov2": {mocov2, func(step *Step) []*Node {
			return append(keys(mocov2, step), queued(step.Scope, step))
		}, func(x [][][]float64) float64 {
			var sum float64
			for _, query := range []int{0, small, small + 1} {
				sum += mocov2Formula(x[query], x[5], x[6], .2)
			}
			return sum / 3
		}},
		"mocov2 in both directions": {symmetric, func(step *Step) []*Node {
			return append(keys(symmetric, step), queued(step.Scope, step), queued(step.Scope.At("reverse"), step))
		}, func(x [][][]float64) float64 {
			var sum float64
			for _, direction := range [][3]int{{0, 5, 6}, {1, 4, 7}} {
				for _, query := range []int{direction[0], small, small + 1} {
					sum += mocov2Formula(x[query], x[direction[1]], x[direction[2]], .2)
				}
			}
			return sum / 6
		}},
		"tico": {tico, func(step *Step) []*Node { return keys(tico, step) }, func(x [][][]float64) float64 {
			covariance, sum := ticoCovariance(ticoZeros(3), x[0], .9), 0.
			for _, seen := range []int{0, small, small + 1} {
				sum += ticoFormula(x[seen], x[5], covariance, 8)
			}
			return sum / 3
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(93, 94))
			outputs, _ := stepOutputs(t, func(scope *model.Scope, views []*Node) []*Node {
				step := mocov2Step(scope, views...)
				return append(of.outputs(step), of.method.Loss(step))
			}, mocov2Images(rng, 4), mocov2Images(rng, 4), mocov2Images(rng, 4), mocov2Images(rng, 4))
			var x [][][]float64
			for _, output := range outputs[:len(outputs)-1] {
				x = append(x, table(output))
			}
			near(t, "loss", number(outputs[len(outputs)-1]), of.formula(x), 1e-4)
		})
	}
}

// swappedPairs is the sum of a loss of the predictions x[0] to x[3] of four views and the targets x[4]
// and x[5] of the first two, but for a view and itself.
func swappedPairs(x [][][]float64, loss func(prediction, target [][]float64) float64) float64 {
	var sum float64
	for target := range 2 {
		for prediction := range 4 {
			if prediction != target {
				sum += loss(x[prediction], x[4+target])
			}
		}
	}
	return sum
}

// cropsGolden are random embeddings of two large views and two small crops of 6 images with what
// others' code gives for them: made by benchmarks/peers/losses/run.sh.
type cropsGolden struct {
	Views   [][][]float64 `json:"views"`   // [4, 6, 3]
	Targets [][][]float64 `json:"targets"` // Of the large views, by a teacher: [2, 6, 3].
	Labels  []int32       `json:"labels"`
	BYOL    float64       `json:"byol"`
	SimCLR  float64       `json:"simclr"`
	VICReg  float64       `json:"vicreg"`
	SupCon  float64       `json:"supcon"`
}

func TestLossesOfSmallCropsAgreeWithTheirSources(t *testing.T) {
	content, err := os.ReadFile("testdata/crops.json")
	if err != nil {
		t.Fatal(err)
	}
	var inputs []cropsGolden
	if err := json.Unmarshal(content, &inputs); err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 20 {
		t.Fatalf("%d inputs, want 20", len(inputs))
	}
	for name, of := range map[string]struct {
		loss func(views, targets []*Node, labels *Node) *Node
		want func(cropsGolden) float64
	}{
		"SimCLR of vissl": {func(views, _ []*Node, _ *Node) *Node { return NTXent(views, .2) }, func(g cropsGolden) float64 { return g.SimCLR }},
		"BYOL of solo-learn": {
			func(views, targets []*Node, _ *Node) *Node { return crossCrops(views, targets, Regression) }, func(g cropsGolden) float64 { return g.BYOL },
		},
		// VICRegL takes the mean of the variances and covariances of the views, not twice that.
		"VICReg of VICRegL": {func(views, _ []*Node, _ *Node) *Node {
			return resolved(VICReg{Variance: 12.5, Covariance: .5}).regularized(views)
		}, func(g cropsGolden) float64 { return g.VICReg }},
		"SupCon of its authors": {
			func(views, _ []*Node, labels *Node) *Node { return SupervisedContrast(views, labels, .1) }, func(g cropsGolden) float64 { return g.SupCon },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exec, err := NewExec(devicetest.Backend(t), func(in []*Node) *Node { return of.loss(in[:4], in[4:6], in[6]) })
			if err != nil {
				t.Fatal(err)
			}
			for i, input := range inputs {
				var args []any
				for _, view := range append(input.Views, input.Targets...) {
					args = append(args, view)
				}
				outputs, err := exec.Call(append(args, input.Labels)...)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "loss", float64(outputs[0].Value().(float32)), of.want(input), 1e-5)
				if t.Failed() {
					t.Fatalf("at input %d", i)
				}
			}
		})
	}
}
