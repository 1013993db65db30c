package report

import (
	"sslkit/kit/eval"
)

// Overfit is the part about what the probe memorised.
func Overfit(result eval.OverfitReport) (Section, error) {
	values, err := raw(result)
	return Section{
		Title: "Overfitting",
		Text: []string{"How much better is the probe on the images that it was fitted on than on held-out ones? And what does it " +
			"do with labels that are shuffled at random? In shuffled labels there is nothing to learn, so what the probe then gets " +
			"right on its own images is memorised."},
		Protocol: provenance(result.Result),
		Tables: []Table{{
			Columns: []string{"", "value", "images"},
			Rows: [][]Cell{
				{Words("accuracy on its own images"), Interval(result.Fitted, Share), Counted(result.Fitted.N)},
				{Words("accuracy on held-out images"), {Figure: new(Result{Result: result.Result}.Quantity())}, Counted(result.N)},
				{Words("gap"), Interval(result.Gap.Interval, Points), Words("")},
				{Words("shuffled labels: accuracy on its own images"), Interval(result.Memorised, Share), Counted(result.Fitted.N)},
				{Words("shuffled labels: accuracy above chance on held-out images"), Interval(result.Shuffled, Points), Counted(result.N)},
			},
			Note: "Intervals: Wilson's and Newcombe's, over images; for shuffled labels Student's t, over the shuffles.",
		}},
		Warnings: result.Warnings,
		References: []Reference{{"Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
			"https://arxiv.org/abs/1611.03530"}},
		Values: values,
	}, err
}
