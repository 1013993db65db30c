// Package eval judges a frozen encoder by its features: k-nearest neighbours, a linear probe,
// accuracy against the number of labels, few-shot episodes, zero-shot by attributes or by texts,
// and retrieval. A protocol is a struct literal with one verb, Evaluate, and every [Result] says
// how it came about: the protocol in words, the interval and what it speaks of, the hash of the
// labelled subset, the seeds, and the encoder's hash before and after the probe.
//
//	knn, err := eval.KNN{}.Evaluate(train, test)
//	fmt.Println(knn) // k-NN (k 20, cosine, T 0.1) 61.3 % [60.3, 62.2], 10,000 test images, 50,000 labels
//
//	few, err := train.Subset(data.Subset{PerClass: 10, Seed: 1})
//	probe, err := eval.Linear{}.Evaluate(few, test)
//
//	curve, err := eval.LabelCurve{Probe: eval.Linear{}}.Evaluate(train, test)
//	fmt.Println(curve.Table())
//
// With a handful of labels, with none for some classes, and with none at all:
//
//	episodes, err := eval.FewShot{Ways: 5, Shots: 1, Seed: 1}.Evaluate(test)
//	unseen, err := eval.AttributeZeroShot{Attributes: table, Unseen: []string{"zebra"}}.Evaluate(train, test)
//	ranking, err := eval.Retrieval{K: []int{1, 10}}.Evaluate(gallery, queries)
//	described, err := eval.TextZeroShot{Prompts: eval.Prompts(names, "a {}")}.Evaluate(run.TextEmbeddings, images)
//
// Whether a figure may be relied on: under corruption, for every subgroup, and at all:
//
//	shifted, err := eval.Robustness{Validation: &validation}.Evaluate(train, test, corrupted)
//	served, err := eval.Fairness{Attribute: "background"}.Evaluate(train, test)
//	mended, err := eval.Fairness{Probe: eval.GroupDRO{}}.Evaluate(train, test)
//	learned, err := eval.Overfit{}.Evaluate(train, validation)
//	sure, err := eval.Calibration{Validation: &validation}.Evaluate(train, test)
//
// One class among all others, as a test for a disease is judged, from the [Scores] of a probe or of a
// whole network:
//
//	found, err := eval.Binary{Positive: 1, Specificity: 0.9}.Judge(scores)
//	fmt.Println(found.AUC, found.Sensitivity, found.F1)
//
// The arithmetic runs on the process's device ([device.Open]).
package eval
