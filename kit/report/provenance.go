package report

import (
	"fmt"
	"strconv"
	"strings"

	"sslkit/kit/eval"
)

// provenance says how a result came about: protocol, interval, images, labels, seeds, encoder.
func provenance(r eval.Result) string {
	words := []string{r.Protocol, "interval: " + r.Interval}
	if r.Train != "" {
		words = append(words, labelWords(r))
	}
	if r.Test != "" {
		words = append(words, fmt.Sprintf("%s of %s", plural(r.N, "image", "images"), r.Test))
	}
	return strings.Join(append(words, fmt.Sprintf("seed %d", r.Seed), encoderWords(r)), "; ") + "."
}

// labelWords name the labels that a probe was fitted on.
func labelWords(r eval.Result) string {
	subset := r.SubsetHash
	if subset == "" {
		subset = "unknown"
	}
	return fmt.Sprintf("%s of %s (subset %s, subset seed %d)", plural(r.Labels, "label", "labels"), r.Train, subset, r.SubsetSeed)
}

// encoderWords name the weights that were judged.
func encoderWords(r eval.Result) string {
	if r.EncoderAfter == "" {
		return "encoder " + short(r.EncoderBefore)
	}
	return "encoder " + short(r.EncoderBefore) + ", the same weights after the probe as before"
}

func uintText(v uint64) string { return strconv.FormatUint(v, 10) }
