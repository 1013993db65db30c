package report

import (
	"sslkit/kit/eval"
)

// Overfit is the part of what the probe memorised.
func Overfit(result eval.OverfitReport) (Section, error) {
	values, err := raw(result)
	return Section{
		Title: "Overfitting",
		Text: []string{"How much better is the probe on the images that it was fitted on than on held-out ones, and what does it " +
			"make of labels that are dealt out at random? On such labels nothing can be learned: what is right on its own images " +
			"then is memorised."},
		Protocol: provenance(result.Result),
		Tables: []Table{{
			Columns: []string{"", "value", "images"},
			Rows: [][]Cell{
				{Words("accuracy on its own images"), Interval(result.Fitted, Share), Counted(result.Fitted.N)},
				{Words("accuracy on held-out images"), {Figure: new(Result{Result: result.Result}.Quantity())}, Counted(result.N)},
				{Words("gap"), Interval(result.Gap.Interval, Points), Words("")},
				{Words("shuffled labels: accuracy on its own images"), Interval(result.Memorised, Share), Counted(result.Fitted.N)},
				{Words("shuffled labels: accuracy on held-out images above chance"), Interval(result.Shuffled, Points), Counted(result.N)},
			},
			Note: "Wilson's and Newcombe's intervals over images; of shuffled labels Student's over the shuffles.",
		}},
		Warnings: result.Warnings,
		References: []Reference{{"Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
			"https://arxiv.org/abs/1611.03530"}},
		Values: values,
	}, err
}
