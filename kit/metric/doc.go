// Package metric turns slices into figures with intervals.
//
//   - Decisions: [Accuracy], [BalancedAccuracy], [PrecisionRecallF1],
//     [CohenKappa], [Confusion].
//   - Scores: [ROCAUC], [AveragePrecision], and both one-vs-rest; [SensitivityAt] a specificity.
//   - Probabilities: [LogLoss], [Brier], [ECE].
//   - Representations: [RankMe], [EffectiveDimension], [Alignment] with
//     [Uniformity], [EmbeddingStd], and [LinearCKA] between two.
//   - Pixels: [Segmentation] with mean IoU and Dice, [Jaccard] of two masks, [ConfusePixels], and
//     [Assign], which matches clusters with classes.
//   - Detections: [MatchDetections], COCO's mean average precision of boxes and masks.
//   - Intervals: [Wilson] for a share, [MeanInterval] over seeds, [BootstrapOf]
//     over images for any metric.
//   - Fairness: [Subgroups] for any metric, [DemographicParityDifference],
//     [EqualizedOddsDifference].
//
// Every function is pure, returns the same bits for the same input, and refuses input it cannot
// judge (empty, mismatched, or not finite) with an error that says where the fault is. A metric
// without a value on valid input, such as ROC-AUC without positives, is an error that wraps
// [ErrUndefined], never a NaN or a 0. Labels are []int in [0, classes). Matrices are row-major, one
// image a row: embeddings float32 as they come off the device, scores and probabilities float32 or
// float64.
//
//	accuracy, err := metric.Accuracy(labels, predictions) // 0.613 [0.603, 0.622]
//	rank, err := metric.RankMe(embeddings, n, dim)         // 1 (collapsed) to dim
//
//	report, err := metric.PrecisionRecallF1(labels, predictions, 10, metric.ZeroIsZero)
//	fmt.Println(report.Macro.F1, report.Classes[3].Recall)
//
//	ece, err := metric.ECE(labels, probabilities, 10, metric.ECEBins)
//
// An interval over the images, for any of these:
//
//	area, err := metric.BootstrapOf(len(labels), 1000, 1, func(images []int) (float64, error) {
//		areas, err := metric.ROCAUCOneVsRest(metric.Rows(labels, 1, images), metric.Rows(probabilities, 10, images), 10)
//		return areas.Macro, err
//	})
//
// The same function by hospital, skin tone or camera:
//
//	report, err := metric.Subgroups{Groups: hospital}.Measure(func(images []int) (float64, error) {
//		return metric.BalancedAccuracy(metric.Rows(labels, 1, images), metric.Rows(predictions, 1, images), 10)
//	})
//	fmt.Println(report.Worst, report.Gap) // and its interval, to be read for 0
package metric
