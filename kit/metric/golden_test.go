package metric

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strconv"
	"testing"
)

// golden is testdata/sklearn.json, which testdata/golden.py writes. A null,
// there for what is undefined, is a nil pointer.
type golden struct {
	Multiclass      []goldenMulticlass
	Decisions       []goldenDecisions
	Binary          []goldenBinary
	Fairness        []goldenFairness
	Representations []goldenRepresentations
}

type goldenDecisions struct {
	Name             string
	Truth, Predicted []int
	Classes          int
	Accuracy         float64
	Balanced         float64
	Kappa            *float64
	MacroF1          float64 `json:"macro_f1_without_labels"`
	Confusion        [][]int
	Reports          map[string][3]any // precision, recall, F1: a value, or one a class
}

type goldenMulticlass struct {
	goldenDecisions
	Probabilities    []float64
	LogLoss          float64 `json:"log_loss"`
	Brier            float64
	ECE15            float64          `json:"ece_15"`
	ECE10            float64          `json:"ece_10"`
	ECE1             float64          `json:"ece_1"`
	ROCAUC           *goldenOneVsRest `json:"roc_auc"`
	AveragePrecision *goldenOneVsRest `json:"average_precision"`
}

type goldenOneVsRest struct {
	Classes         []float64
	Macro, Weighted float64
}

type goldenBinary struct {
	Name             string
	Truth            []int
	Scores           []float64
	Probability      []float64
	ROCAUC           float64            `json:"roc_auc"`
	Sensitivity      map[string]float64 // by specificity
	AveragePrecision float64            `json:"average_precision"`
	LogLoss          float64            `json:"log_loss"`
	Brier            float64
}

type goldenFairness struct {
	Name                     string
	Truth, Predicted, Groups []int
	DemographicParity        float64 `json:"demographic_parity"`
	EqualizedOdds            float64 `json:"equalized_odds"`
}

type goldenRepresentations struct {
	Name      string
	X, Y      []float32
	N         int
	DimX      int `json:"dim_x"`
	DimY      int `json:"dim_y"`
	CKA       float64
	Dimension float64
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if min(len(g.Multiclass), len(g.Decisions), len(g.Binary), len(g.Fairness), len(g.Representations)) == 0 {
		t.Fatal("testdata/sklearn.json lacks cases")
	}
	return g
}

// agree reports got where it is not want to 1e-9.
func agree(t *testing.T, name string, got float64, err error, want float64) {
	t.Helper()
	if err != nil || !near(got, want, 1e-9) {
		t.Errorf("%s: got %.12g, %v, want %.12g", name, got, err, want)
	}
}

func TestDecisionsAgainstScikitLearn(t *testing.T) {
	g := readGolden(t)
	cases := g.Decisions
	for _, c := range g.Multiclass {
		cases = append(cases, c.goldenDecisions)
	}
	for _, c := range cases {
		accuracy, err := Accuracy(c.Truth, c.Predicted)
		agree(t, c.Name+": accuracy", accuracy.Value, err, c.Accuracy)
		balanced, err := BalancedAccuracy(c.Truth, c.Predicted, c.Classes)
		agree(t, c.Name+": balanced accuracy", balanced, err, c.Balanced)
		confusion, err := Confusion(c.Truth, c.Predicted, c.Classes)
		if err != nil || !reflect.DeepEqual(confusion, c.Confusion) {
			t.Errorf("%s: confusion: got %v, %v, want %v", c.Name, confusion, err, c.Confusion)
		}
		kappa, err := CohenKappa(c.Truth, c.Predicted, c.Classes)
		if c.Kappa != nil {
			agree(t, c.Name+": kappa", kappa, err, *c.Kappa)
		} else if !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: kappa: got %g, %v, want ErrUndefined", c.Name, kappa, err)
		}
		for zero, name := range []string{"zero", "one", "excluded"} {
			report, err := PrecisionRecallF1(c.Truth, c.Predicted, c.Classes, ZeroDivision(zero))
			if err != nil {
				t.Fatal(err)
			}
			for average, got := range map[string]ClassReport{
				"macro": report.Macro, "micro": report.Micro, "weighted": report.Weighted,
			} {
				want := c.Reports[name+" "+average]
				agree(t, c.Name+": "+name+" precision "+average, got.Precision, nil, want[0].(float64))
				agree(t, c.Name+": "+name+" recall "+average, got.Recall, nil, want[1].(float64))
				agree(t, c.Name+": "+name+" F1 "+average, got.F1, nil, want[2].(float64))
			}
			for class, got := range report.Classes {
				for k, v := range []float64{got.Precision, got.Recall, got.F1} {
					want, defined := c.Reports[name+" classes"][k].([]any)[class].(float64)
					if defined != !math.IsNaN(v) || defined && !near(v, want, 1e-9) {
						t.Errorf("%s: %s class %d figure %d: got %g, want %g (defined: %v)", c.Name, name, class, k, v, want, defined)
					}
				}
			}
			if ZeroDivision(zero) == ZeroExcluded {
				agree(t, c.Name+": macro F1 without labels", report.Macro.F1, nil, c.MacroF1)
			}
		}
	}
}

func TestScoresAgainstScikitLearn(t *testing.T) {
	for _, c := range readGolden(t).Multiclass {
		logLoss, err := LogLoss(c.Truth, c.Probabilities, c.Classes)
		agree(t, c.Name+": log-loss", logLoss, err, c.LogLoss)
		brier, err := Brier(c.Truth, c.Probabilities, c.Classes)
		agree(t, c.Name+": Brier", brier, err, c.Brier)
		for bins, want := range map[int]float64{ECEBins: c.ECE15, 10: c.ECE10, 1: c.ECE1} {
			ece, err := ECE(c.Truth, c.Probabilities, c.Classes, bins)
			agree(t, c.Name+": ECE", ece, err, want)
		}
		if c.Classes == 2 {
			continue
		}
		area, err := ROCAUCOneVsRest(c.Truth, c.Probabilities, c.Classes)
		agreeOneVsRest(t, c.Name+": ROC-AUC", area, err, c.ROCAUC)
		precision, err := AveragePrecisionOneVsRest(c.Truth, c.Probabilities, c.Classes)
		agreeOneVsRest(t, c.Name+": average precision", precision, err, c.AveragePrecision)
	}
	for _, c := range readGolden(t).Binary {
		area, err := ROCAUC(c.Truth, c.Scores)
		agree(t, c.Name+": ROC-AUC", area, err, c.ROCAUC)
		for specificity, want := range c.Sensitivity {
			at, err := strconv.ParseFloat(specificity, 64)
			if err != nil {
				t.Fatal(err)
			}
			got, err := SensitivityAt(c.Truth, c.Scores, at)
			agree(t, c.Name+": sensitivity at specificity "+specificity, got, err, want)
		}
		precision, err := AveragePrecision(c.Truth, c.Scores)
		agree(t, c.Name+": average precision", precision, err, c.AveragePrecision)
		logLoss, err := BinaryLogLoss(c.Truth, c.Probability)
		agree(t, c.Name+": log-loss", logLoss, err, c.LogLoss)
		brier, err := BinaryBrier(c.Truth, c.Probability)
		agree(t, c.Name+": Brier", brier, err, c.Brier)
	}
}

func agreeOneVsRest(t *testing.T, name string, got OneVsRest, err error, want *goldenOneVsRest) {
	t.Helper()
	if want == nil {
		if !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: got %v, %v, want ErrUndefined", name, got, err)
		}
		return
	}
	agree(t, name+" macro", got.Macro, err, want.Macro)
	agree(t, name+" weighted", got.Weighted, err, want.Weighted)
	for class, v := range got.Classes {
		agree(t, name+" by class", v, err, want.Classes[class])
	}
}

func TestFairnessAgainstFairlearn(t *testing.T) {
	for _, c := range readGolden(t).Fairness {
		parity, err := DemographicParityDifference(c.Predicted, c.Groups)
		agree(t, c.Name+": demographic parity", math.Abs(parity.Value), err, c.DemographicParity)
		odds, err := EqualizedOddsDifference(c.Truth, c.Predicted, c.Groups)
		agree(t, c.Name+": equalised odds", odds.Difference.Value, err, c.EqualizedOdds)
	}
}

func TestRepresentationsAgainstNumPy(t *testing.T) {
	for _, c := range readGolden(t).Representations {
		cka, err := LinearCKA(c.X, c.Y, c.N, c.DimX, c.DimY)
		agree(t, c.Name+": CKA", cka, err, c.CKA)
		dimension, err := EffectiveDimension(c.X, c.N, c.DimX)
		agree(t, c.Name+": effective dimension", dimension, err, c.Dimension)
	}
}
