// Package metric turns slices into figures: accuracy and its interval, the
// confusion matrix, and three views of how an embedding uses its space
// (RankMe, alignment with uniformity, and the spread that shows collapse).
//
// Every function is pure, returns the same bits for the same input, and
// refuses input it cannot judge (empty, mismatched, or not finite) with an
// error that says where the fault is. Matrices are row-major float32 slices,
// one embedding a row, as they come off the device.
//
//	accuracy, err := metric.Accuracy(labels, predictions) // 0.613 [0.603, 0.622]
//	rank, err := metric.RankMe(embeddings, n, dim)         // 1 (collapsed) to dim
package metric
