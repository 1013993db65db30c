package eval

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sslkit/kit/metric"
)

// Probe is a protocol that fits on labelled features and judges others.
// [KNN] and [Linear] are probes.
type Probe interface {
	Evaluate(train, test Features) (Result, error)
}

// Result is a figure with all that is needed to compare it, or to make it
// again. It is JSON-serialisable; the predictions stay out of the file.
type Result struct {
	Protocol string  `json:"protocol"` // Protocol in words, with every setting that was used.
	Metric   string  `json:"metric"`   // Metric is "top-1 accuracy".
	Value    float64 `json:"value"`    // Value is in [0, 1].
	Low      float64 `json:"low"`      // Low is the lower end of the 95 % interval.
	High     float64 `json:"high"`     // High is the upper end of the 95 % interval.
	Interval string  `json:"interval"` // Interval says what Low and High speak of.
	N        int     `json:"n"`        // N is the number of test images.

	Train          string `json:"train"`            // Train is the name of the labelled features.
	Test           string `json:"test"`             // Test is the name of the features judged.
	Labels         int    `json:"labels"`           // Labels is how many labelled images the probe saw.
	LabelsPerClass []int  `json:"labels_per_class"` // LabelsPerClass counts them by class.
	SubsetHash     string `json:"subset_hash"`      // SubsetHash names which ones they are.
	SubsetSeed     uint64 `json:"subset_seed"`      // SubsetSeed drew them; 0 for a whole set.
	Seed           uint64 `json:"seed"`             // Seed of the probe's own choices; 0 where it makes none.

	// Copies is how many test images have the features of a training image, bit for bit: they are
	// in both sets. From 1 % of either on that is an error.
	Copies int `json:"copies,omitempty"`

	// EncoderBefore is the hash of the encoder's weights when the features were
	// made, EncoderAfter the one computed when the probe had ended. They are
	// equal, or the probe is an error; EncoderAfter is empty where the features
	// carry no Rehash.
	EncoderBefore string `json:"encoder_before"`
	EncoderAfter  string `json:"encoder_after"`

	// Weights are which of a training's weights were judged, as in Features.
	Weights string `json:"weights,omitempty"`

	Fit *Fit `json:"fit,omitempty"` // Fit tells how a trained probe was fitted; nil for k-NN.

	Predictions []int `json:"-"` // Predictions are the N predicted classes, for [metric.Confusion].
	// Confidence are the N probabilities of the predicted classes by the linear probe; nil for
	// protocols without probabilities.
	Confidence []float64 `json:"-"`
}

// Fit tells how a linear probe was fitted.
type Fit struct {
	L2         float64     `json:"l2"`         // L2 is the regularisation of the final fit.
	Path       []Candidate `json:"path"`       // Path is what each candidate scored; empty where none was compared.
	Loss       float64     `json:"loss"`       // Loss is the final objective: mean cross-entropy in nats plus the penalty.
	Iterations int         `json:"iterations"` // Iterations of the final fit.
	Converged  bool        `json:"converged"`  // Converged is false where MaxIterations ended the final fit.
}

// Candidate is one L2 value and its score on held-out labelled images.
type Candidate struct {
	L2      float64 `json:"l2"`       // L2 is the regularisation.
	HeldOut float64 `json:"held_out"` // HeldOut is the mean cross-entropy on held-out images, in nats.
}

// String reads, for instance,
//
//	k-NN (k 20, cosine, T 0.1) 61.3 % [60.3, 62.2], 10,000 test images, 50,000 labels
func (r Result) String() string {
	return fmt.Sprintf("%s %.1f %% [%.1f, %.1f], %s test images, %s labels",
		r.Protocol, 100*r.Value, 100*r.Low, 100*r.High, thousands(r.N), thousands(r.Labels))
}

// newResult scores predictions on test and fills in where they came from.
func newResult(protocol string, train, test Features, predictions []int) (Result, error) {
	accuracy, err := metric.Accuracy(test.Labels, predictions)
	if err != nil {
		return Result{}, fmt.Errorf("eval: scoring %s: %w", protocol, err)
	}
	out, err := provenance(train, test)
	if err != nil {
		return Result{}, err
	}
	copied, err := copies(train, test)
	if err != nil {
		return Result{}, err
	}
	out.Copies, out.Predictions = copied, predictions
	out.Protocol, out.Metric, out.Interval = ofWeights(protocol, out.Weights), "top-1 accuracy", "Wilson 95 % over test images"
	out.Value, out.Low, out.High = accuracy.Value, accuracy.Low, accuracy.High
	return out, nil
}

// rehash is the encoder's hash now. That it differs from the features' own is an
// error: what was judged is then not what is there.
func rehash(train, test Features) (string, error) {
	var after string
	for _, f := range []Features{train, test} {
		if f.Rehash == nil {
			continue
		}
		hash, err := f.Rehash()
		if err != nil {
			return "", fmt.Errorf("eval: hashing the encoder of features %q after the probe: %w", f.Name, err)
		}
		if hash != f.Encoder {
			return "", fmt.Errorf("eval: encoder changed during the probe: features %q were made by %.12s, it is now %.12s", f.Name, f.Encoder, hash)
		}
		after = hash
	}
	return after, nil
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if left := len(digits) - i; i > 0 && left%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Classified is the result of a classifier that was trained elsewhere, as a whole network is by
// fine-tuning.
//
//	labelled: the images whose labels it cost; X and Dim are not read
//	logits: what it says of the test images, [N, classes], with their labels
//
// Errors: logits that are not the classes', labels of one class alone ([ErrOneClass]), and what [Features.Check] finds in them.
func Classified(protocol string, labelled, logits Features) (Result, error) {
	if err := checkLabelled(logits); err != nil {
		return Result{}, err
	}
	if logits.Dim != len(labelled.Classes) || !slices.Equal(labelled.Classes, logits.Classes) {
		return Result{}, fmt.Errorf("eval: logits %q have %d values and %d classes, and labels %q have %d: they must be one number and "+
			"the same classes", logits.Name, logits.Dim, len(logits.Classes), labelled.Name, len(labelled.Classes))
	}
	if err := twoClasses(labelled); err != nil {
		return Result{}, err
	}
	labelled.Encoder, labelled.Rehash = logits.Encoder, logits.Rehash
	return newResult(protocol, labelled, logits, logits.ArgMax())
}
