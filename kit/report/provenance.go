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
		words = append(words, fmt.Sprintf("%s of %s (subset %s, subset seed %d)", plural(r.Labels, "label", "labels"), r.Train,
			unknownIf(r.SubsetHash), r.SubsetSeed))
	}
	if r.Test != "" {
		words = append(words, fmt.Sprintf("%s of %s", plural(r.N, "image", "images"), r.Test))
	}
	return strings.Join(append(words, fmt.Sprintf("seed %d", r.Seed), encoderWords(r)), "; ") + "."
}

// encoderWords name the weights that were judged.
func encoderWords(r eval.Result) string {
	switch {
	case r.EncoderAfter != "":
		return "encoder " + short(r.EncoderBefore) + ", the same weights after the probe as before"
	default:
		return "encoder " + short(r.EncoderBefore)
	}
}

func unknownIf(hash string) string {
	if hash == "" {
		return "unknown"
	}
	return hash
}

func uintText(v uint64) string { return strconv.FormatUint(v, 10) }
