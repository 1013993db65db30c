package report_test

import (
	"strings"
	"testing"

	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/report"
)

// TestAdoptedWeightsAreReported: a report of weights that were not trained here has all but the
// training.
func TestAdoptedWeightsAreReported(t *testing.T) {
	recipe := small()
	recipe.Steps = 1
	trained := pretrained(t, recipe)
	run, err := kit.Adopt(t.TempDir(), kit.Backbone{
		Weights: trained.WeightsFile(), Encoder: recipe.Encoder, Data: recipe.Data, Normalize: augment.CIFAR10,
	})
	if err != nil {
		t.Fatal(err)
	}
	of, err := report.Of(run, report.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	if s := section(t, of, "Training"); !strings.Contains(s.NotMeasured, "no step has been done") {
		t.Errorf("the training is %+v", s)
	}
	if s := section(t, of, "k-NN"); s.NotMeasured != "" || len(s.Results) == 0 {
		t.Errorf("k-NN is %+v", s)
	}
	if of.Cost.FLOPsUnknown != "" || of.Cost.TrainingFLOPs != 0 || of.Cost.Steps != 0 {
		t.Errorf("the cost is %+v", of.Cost)
	}
}
