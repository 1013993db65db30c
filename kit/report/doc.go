// Package report measures a run, holds what it found as a value, and writes it as a page for people
// and as JSON for programs:
//
//	done, err := report.Of(run, report.Parts{
//		LabelCurve: &eval.LabelCurve{}, Overfit: &eval.Overfit{},
//		Card: report.Card{IntendedUse: "Research on few labels", Licence: "MIT"},
//	})
//	// The run directory holds report.html and report.json now.
//
// The page is one file: style and figures are in it, and it asks for nothing from elsewhere.
// Warnings come first, then the figures with their 95 % intervals, then each part with its
// protocol, then cost, model card, environment and recipe. What could not be measured stands there
// with the reason. Equal reports make equal bytes.
//
// A [Section] is one part. The functions that are named after a protocol of package eval ([KNN],
// [LabelCurve], [Fairness] and so on) make one of the protocol's result.
package report
