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
	if err := checkProbabilities("ECE", truth, probabilities, classes); err != nil {
		return 0, err
	}
	if bins < 1 {
		return 0, fmt.Errorf("metric: ECE: bins is %d, want at least 1", bins)
	}
	gaps := make([]float64, bins) // sum of confidence minus correctness
	for i, class := range truth {
		row := probabilities[i*classes : (i+1)*classes]
		best := 0
		for c, p := range row {
			if p > row[best] {
				best = c
			}
		}
		confidence := float64(row[best])
		bin := min(int(confidence*float64(bins)), bins-1)
		// The product may round across an edge, and an edge belongs below.
		for bin > 0 && confidence <= float64(bin)/float64(bins) {
			bin--
		}
		gaps[bin] += confidence
		if best == class {
			gaps[bin]--
		}
	}
	var sum float64
	for _, gap := range gaps {
		sum += math.Abs(gap)
	}
	return sum / float64(len(truth)), nil
}
