package metric

import (
	"fmt"
	"math"
)

// ECEBins is how many bins most papers compute [ECE] with.
const ECEBins = 15

// ECE is the expected calibration error of the predicted classes: images are
// put into bins of equal width by the largest probability of their row (the
// confidence), and the gaps between mean confidence and accuracy of each bin
// are averaged, weighted by the images in it. It lies in [0, 1]; 0 is
// calibrated. Bin m holds confidences in ((m-1)/bins, m/bins], and of equal
// largest probabilities the first class is the prediction. truth is in
// [0, classes), probabilities [len(truth), classes] with rows that sum to 1 as
// for [LogLoss]; bins at least 1, [ECEBins] being usual.
//
// Every bin's gap is an absolute value, so noise adds up: a perfectly
// calibrated model reads above 0, more so with few images or many bins, and a
// bootstrap adds that noise a second time. Compare at equal n and bins.
//
// C. Guo et al., "On calibration of modern neural networks", ICML 2017, eq. 3
// (arXiv:1706.04599).
func ECE[F Float](truth []int, probabilities []F, classes, bins int) (float64, error) {
	bin, gap, err := confidenceGaps("ECE", truth, probabilities, classes, bins)
	if err != nil {
		return 0, err
	}
	sums := make([]float64, bins)
	for i, b := range bin {
		sums[b] += gap[i]
	}
	var sum float64
	for _, gap := range sums {
		sum += math.Abs(gap)
	}
	return sum / float64(len(truth)), nil
}

// ConfidenceGaps is what [ECE] and reliability diagrams are made of, image by image: the bin of the
// confidence, 0 to bins-1, and the confidence less 1 for an image that was predicted rightly, less
// 0 for another. ECE is the sum over the bins of the size of the sum of their gaps, divided by the
// number of images. Arguments and errors are those of ECE.
func ConfidenceGaps[F Float](truth []int, probabilities []F, classes, bins int) (bin []int, gap []float64, err error) {
	return confidenceGaps("ConfidenceGaps", truth, probabilities, classes, bins)
}

func confidenceGaps[F Float](name string, truth []int, probabilities []F, classes, bins int) (bin []int, gap []float64,
	err error) {
	if err := checkProbabilities(name, truth, probabilities, classes); err != nil {
		return nil, nil, err
	}
	if bins < 1 {
		return nil, nil, fmt.Errorf("metric.%s: bins is %d; it must be at least 1", name, bins)
	}
	bin, gap = make([]int, len(truth)), make([]float64, len(truth))
	for i, class := range truth {
		row := probabilities[i*classes : (i+1)*classes]
		best := 0
		for c, p := range row {
			if p > row[best] {
				best = c
			}
		}
		confidence := float64(row[best])
		bin[i] = min(int(confidence*float64(bins)), bins-1)
		// The product may round across an edge, and an edge belongs below.
		for bin[i] > 0 && confidence <= float64(bin[i])/float64(bins) {
			bin[i]--
		}
		gap[i] = confidence
		if best == class {
			gap[i]--
		}
	}
	return bin, gap, nil
}
