package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"sslkit/kit/corrupt"
	"sslkit/kit/metric"
)

// Corrupted are the features of one set of test images under corruptions, in the order of the clean
// images; place s-1 is severity s. A run's CorruptedFeatures makes them.
type Corrupted map[corrupt.Corruption][corrupt.Severities]Features

// Robustness judges a linear probe, fitted on clean training images, on corrupted test images: what
// accuracy is left, and whether the probe still knows how sure it may be.
//
// D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common corruptions and
// perturbations", ICLR 2019 (arXiv:1903.12261); Y. Ovadia et al., "Can you trust your model's
// uncertainty?", NeurIPS 2019 (arXiv:1906.02530).
type Robustness struct {
	Probe Linear // Probe is fitted on the clean training features.
	// Validation, where not nil, are clean labelled features on which the probe's temperature is
	// fitted (Guo et al. 2017, see [Temperature]). They must not be among the training or test
	// images. Default: none, the probabilities are the probe's own.
	Validation *Features
	Resamples  int    // Resamples of the bootstrap over test images, at least 100. Default: 1,000.
	Seed       uint64 // Seed of the bootstrap.
}

// Reliability is how a probe does on one set of test images. Accuracy has Wilson's interval; the
// others have the percentile bootstrap's, over test images. An ECE is larger the more noise there
// is, and resampling adds some: its interval is moved so that the resamples' mean is the value. The
// value stays biased upwards: see [metric.ECE].
type Reliability struct {
	Accuracy metric.Interval `json:"accuracy"` // Accuracy is top-1, in [0, 1].
	ECE      metric.Interval `json:"ece"`      // ECE is the expected calibration error in [metric.ECEBins] bins, in [0, 1].
	Brier    metric.Interval `json:"brier"`    // Brier is the squared error of the probabilities, in [0, 2].
	NLL      metric.Interval `json:"nll"`      // NLL is the mean cross-entropy, in nats.
}

// CorruptionRow is the [Reliability] under one corruption.
type CorruptionRow struct {
	Corruption corrupt.Corruption `json:"corruption"` // Corruption of the images.
	Severity   int                `json:"severity"`   // Severity is 1 to 5.
	Reliability
}

// RobustnessResult is a probe's way from clean to corrupted images. Result is that on the clean
// ones.
type RobustnessResult struct {
	Result
	Temperature float64         `json:"temperature"` // Temperature that the scores were divided by; 1 without Validation.
	Clean       Reliability     `json:"clean"`       // Clean is without corruption.
	Rows        []CorruptionRow `json:"rows"`        // Rows are by corruption, in the paper's order, then severity.
	// Severities are the means over the corruptions, place s-1 being severity s. All intervals are
	// the bootstrap's here.
	Severities [corrupt.Severities]Reliability `json:"severities"`

	right     [][]bool // [1 + rows][N]: whether each test image was recognised, clean first
	truth     []int
	resamples int
	seed      uint64
}

// Evaluate fits the probe and judges it on clean and corrupted. Errors: features that cannot be
// compared (see [Features.Check]), a missing label, no corruption, corrupted features of other
// images than the clean ones, settings out of range, validation images that are also training or
// test images, an encoder that has changed.
func (r Robustness) Evaluate(train, clean Features, corrupted Corrupted) (RobustnessResult, error) {
	resamples := cmp.Or(r.Resamples, DefaultResamples)
	if err := r.Check(); err != nil {
		return RobustnessResult{}, err
	}
	if err := r.check(train, clean, corrupted); err != nil {
		return RobustnessResult{}, err
	}
	model, err := r.Probe.Fit(train)
	if err != nil {
		return RobustnessResult{}, err
	}
	out := RobustnessResult{Temperature: 1, truth: clean.Labels, resamples: resamples, seed: r.Seed}
	if r.Validation != nil {
		if model, out.Temperature, err = model.Calibrated(*r.Validation); err != nil {
			return RobustnessResult{}, err
		}
	}
	first, predictions, err := judge(model, clean)
	if err != nil {
		return RobustnessResult{}, err
	}
	judged := []judgement{first}
	for _, c := range corrupt.All() {
		severities, ok := corrupted[c]
		if !ok {
			continue
		}
		for s, f := range severities {
			j, _, err := judge(model, f)
			if err != nil {
				return RobustnessResult{}, fmt.Errorf("eval.Robustness: %v at severity %d: %w", c, s+1, err)
			}
			judged = append(judged, j)
			out.Rows = append(out.Rows, CorruptionRow{Corruption: c, Severity: s + 1})
		}
	}
	out.fill(judged)
	out.Result, err = newResult("linear probe under corruption ("+model.Protocol+")", train, clean, predictions)
	out.Result.Seed, out.Result.Fit = r.Probe.Seed, &model.Fit
	return out, err
}

// Check returns an error that names the field that is out of range, whatever the features.
func (r Robustness) Check() error {
	return cmp.Or(checkResamples("eval.Robustness", cmp.Or(r.Resamples, DefaultResamples)), r.Probe.Check())
}

func (r Robustness) check(train, clean Features, corrupted Corrupted) error {
	if err := checkProbe(train, clean); err != nil {
		return err
	}
	if r.Validation != nil {
		for _, other := range []Features{train, clean} {
			if err := checkProbe(other, *r.Validation); err != nil {
				return fmt.Errorf("eval.Robustness: Validation: %w", err)
			}
		}
	}
	if len(corrupted) == 0 {
		return errors.New("eval.Robustness: corrupted is empty; it must hold at least one corruption")
	}
	for c, severities := range corrupted {
		for s, f := range severities {
			if err := checkProbe(train, f); err != nil {
				return fmt.Errorf("eval.Robustness: corrupted holds %v at severity %d: %w", c, s+1, err)
			}
			if !slices.Equal(f.Labels, clean.Labels) {
				return fmt.Errorf("eval.Robustness: corrupted holds %v at severity %d with other Labels than the clean features %q; "+
					"they must be the same images in the same order", c, s+1, clean.Name)
			}
		}
	}
	return nil
}

// judgement is how a probe does on each image of a set.
type judgement struct {
	right      []bool
	bin        []int
	gap        []float64 // of the confidence, see [metric.ConfidenceGaps]
	brier, nll []float64
}

func judge(m *LinearModel, f Features) (judgement, []int, error) {
	scores, err := m.Scores(f)
	if err != nil {
		return judgement{}, nil, err
	}
	predictions := scores.Predictions()
	j, err := scores.judged(predictions)
	return j, predictions, err
}

// judged is how the classifier does on each image, by its predictions.
func (s Scores) judged(predictions []int) (judgement, error) {
	probabilities, classes := s.Probabilities(), len(s.Classes)
	n := len(s.Labels)
	j := judgement{right: make([]bool, n), brier: make([]float64, n), nll: make([]float64, n)}
	var err error
	if j.bin, j.gap, err = metric.ConfidenceGaps(s.Labels, probabilities, classes, metric.ECEBins); err != nil {
		return judgement{}, err
	}
	for i, label := range s.Labels {
		one, p := []int{label}, probabilities[i*classes:(i+1)*classes]
		j.right[i] = predictions[i] == label
		if j.brier[i], err = metric.Brier(one, p, classes); err != nil {
			return judgement{}, err
		}
		if j.nll[i], err = metric.LogLoss(one, p, classes); err != nil {
			return judgement{}, err
		}
	}
	return j, nil
}

// figures are accuracy, ECE, Brier score and NLL, in that order.
type figures [4]float64

// over are the figures over the given images.
func (j judgement) over(images []int) figures {
	var f figures
	var bins [metric.ECEBins]float64
	for _, i := range images {
		if j.right[i] {
			f[0]++
		}
		bins[j.bin[i]] += j.gap[i]
		f[2] += j.brier[i]
		f[3] += j.nll[i]
	}
	for _, gap := range bins {
		f[1] += max(gap, -gap)
	}
	for k := range f {
		f[k] /= float64(len(images))
	}
	return f
}

// fill computes all figures with their intervals. The same images are drawn for all rows, so that
// means over rows get the interval of the mean.
func (r *RobustnessResult) fill(judged []judgement) {
	n := len(judged[0].right)
	measure := func(images []int) []figures { // clean, the rows, the severities
		out := make([]figures, len(judged)+corrupt.Severities)
		parallel(len(judged), func(k int) { out[k] = judged[k].over(images) })
		for k, row := range r.Rows {
			for m := range out[k+1] {
				out[len(judged)+row.Severity-1][m] += out[k+1][m] * corrupt.Severities / float64(len(r.Rows))
			}
		}
		return out
	}
	images := make([]int, n)
	for i := range images {
		images[i] = i
	}
	values := measure(images)
	draws := make([][4][]float64, len(values))
	random := rand.New(rand.NewPCG(r.seed, 0))
	for range r.resamples {
		for i := range images {
			images[i] = random.IntN(n)
		}
		for k, f := range measure(images) {
			for m, v := range f {
				draws[k][m] = append(draws[k][m], v)
			}
		}
	}
	shift := func(k int) Reliability {
		var s Reliability
		for m, to := range []*metric.Interval{&s.Accuracy, &s.ECE, &s.Brier, &s.NLL} {
			low, high := ends(draws[k][m])
			if to == &s.ECE { // Resampling adds noise a second time, and noise makes an ECE larger.
				again := stat.Mean(draws[k][m], nil) - values[k][m]
				low, high = max(low-again, 0), high-again
			}
			*to = metric.Interval{Value: values[k][m], Low: low, High: high, N: n}
		}
		return s
	}
	wilson := func(s Reliability, j judgement) Reliability {
		right := 0
		for _, yes := range j.right {
			if yes {
				right++
			}
		}
		s.Accuracy, _ = metric.Wilson(right, n) // n is at least 1.
		return s
	}
	r.Clean = wilson(shift(0), judged[0])
	for k := range r.Rows {
		r.Rows[k].Reliability = wilson(shift(k+1), judged[k+1])
	}
	for s := range r.Severities {
		r.Severities[s] = shift(len(judged) + s)
	}
	for _, j := range judged {
		r.right = append(r.right, j.right)
	}
}

// ends are the 2.5 % and 97.5 % points of values, which it sorts.
func ends(values []float64) (low, high float64) {
	slices.Sort(values)
	return stat.Quantile(0.025, stat.LinInterp, values, nil), stat.Quantile(0.975, stat.LinInterp, values, nil)
}
