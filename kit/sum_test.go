package kit

import (
	"math"
	"strings"
	"testing"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// firstLoss is the loss of the first step of a recipe without augmentation: a term's loss then does
// not depend on which views come before its own.
func firstLoss(t *testing.T, method ssl.Method) float64 {
	t.Helper()
	recipe := small()
	recipe.Method, recipe.Augment = method, []augment.Pipeline{{augment.Normalize{}}}
	recipe.Optimizer = optim.SGD{LR: .01}
	recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1
	metrics, err := pretrained(t, t.TempDir(), recipe).Metrics()
	if err != nil {
		t.Fatal(err)
	}
	return metrics[1].Loss
}

func TestSumIsTheWeightedSumOfItsTerms(t *testing.T) {
	rotation, supervised, byol := ssl.Rotation{}, ssl.Supervised{Classes: 10}, ssl.BYOL{Hidden: 16, Out: 8}

	alone := firstLoss(t, ssl.Sum{{Method: rotation}})
	double := firstLoss(t, ssl.Sum{{Method: rotation, Weight: 2}})
	if math.Abs(double-2*alone) > 1e-4 {
		t.Errorf("the loss with weight 2 is %g, that with weight 1 %g", double, alone)
	}
	nothing := 0.
	if got := firstLoss(t, ssl.Sum{{Method: rotation}, {Method: supervised, Weight: 1e-6, Final: &nothing}}); math.Abs(got-alone) > 1e-3 {
		t.Errorf("with a term of weight nearly 0 the loss is %g, without it %g", got, alone)
	}
	if got := firstLoss(t, ssl.Sum{{Method: byol}, {Method: supervised}, {Method: rotation}}); got <= alone {
		t.Errorf("the loss of three terms is %g, not above %g", got, alone)
	}
}

func TestSumChecksItsTerms(t *testing.T) {
	negative := -1.
	for what, bad := range map[string]ssl.Sum{
		"no terms": {}, "Method of term 0": {{}}, "Weight of term 1": {{Method: ssl.Rotation{}}, {Method: ssl.Rotation{}, Weight: -1}},
		"Final of term 0": {{Method: ssl.Rotation{}, Final: &negative}},
		"has a teacher":   {{Method: ssl.Rotation{}}, {Method: ssl.BYOL{}}},
		"Temperature":     {{Method: ssl.Rotation{}}, {Method: ssl.SimCLR{Temperature: -1}}},
	} {
		bad := bad.WithDefaults()
		if err := bad.Check(ssl.BatchOf(bad, 16, 32, 32)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not say %q", err, what)
		}
	}
	check := func(sum ssl.Sum) error {
		m := sum.WithDefaults()
		return ssl.Check(m, ssl.BatchOf(m, 16, 32, 32), small().Encoder, []string{"a", "b"})
	}
	labels := ssl.Sum{{Method: ssl.Rotation{}}, {Method: ssl.Supervised{Classes: 3}}}
	if err := check(labels); err == nil || !strings.Contains(err.Error(), "term 1") {
		t.Errorf("error %v does not name the term", err)
	}
	patches := ssl.Sum{{Method: ssl.Rotation{}}, {Method: ssl.MAE{}}}
	if err := check(patches); err == nil || !strings.Contains(err.Error(), "term 1") {
		t.Errorf("error %v does not name the term", err)
	}
}
