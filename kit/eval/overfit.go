package eval

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Overfit asks whether a probe has learned or memorised: how much better it is on the images that
// it was fitted on than on held-out ones, and what it makes of labels that are dealt out at random.
//
// On such labels nothing can be learned, so a probe must be at chance on held-out images; that it
// is not means that it has seen their labels. How often it is right on its own images then is how
// much it can memorise: C. Zhang et al., "Understanding deep learning requires rethinking
// generalization", ICLR 2017 (arXiv:1611.03530).
type Overfit struct {
	Probe    Probe  // Probe to fit; its Result must hold the predictions. Default: Linear{}.
	Shuffles int    // Shuffles of the labels, at least 1. Default: 5.
	Seed     uint64 // Seed of these.
}

// OverfitReport is what was found. Result is that of the fitted probe on the held-out images.
type OverfitReport struct {
	Result
	// Fitted is the accuracy on the images that the probe was fitted on, with Wilson's interval.
	Fitted metric.Interval `json:"fitted"`
	// Gap is Fitted less the held-out accuracy, with Newcombe's interval over images on both sides.
	Gap metric.Gap `json:"gap"`
	// Memorised is the accuracy on its own images of a probe on shuffled labels: the mean over the
	// shuffles, Student's interval.
	Memorised metric.Interval `json:"memorised"`
	// Shuffled is the accuracy of these on held-out images less Chance, in the same way: its
	// interval should hold 0.
	Shuffled metric.Interval `json:"shuffled"`
	// Chance is the accuracy of these if predictions and truth have nothing to do with each other:
	// Σ_c of the shares of class c among the predictions and the held-out images. The mean over the
	// shuffles.
	Chance float64 `json:"chance"`
	// Warnings are in words, empty where nothing is wrong.
	Warnings []string `json:"warnings"`
}

// defaultShuffles is how often [Overfit] shuffles the labels.
const defaultShuffles = 5

// When a probe counts as one that memorised.
const (
	memorisedFrom = 0.99 // the least accuracy on its own images
	memorisedGap  = 0.10 // the least gap to held-out ones
	leakAbove     = 0.05 // what shuffled labels may be above chance, whatever the interval of a few shuffles says
)

// Check returns an error that names the field that is out of range, whatever the features.
func (o Overfit) Check() error {
	return cmp.Or(
		setting.AtLeast(1, "eval.Overfit: Shuffles", cmp.Or(o.Shuffles, defaultShuffles), defaultShuffles),
		checkedProbe(o.Probe))
}

// Evaluate fits the probe on train and on shuffled labels of it, and judges on heldOut, usually
// validation images. Errors: what the probe refuses, settings out of range. A probe that is above
// chance on shuffled labels is one, too: it has seen the held-out labels, and no figure of it means
// anything.
func (o Overfit) Evaluate(train, heldOut Features) (OverfitReport, error) {
	if err := o.Check(); err != nil {
		return OverfitReport{}, err
	}
	o.Shuffles = cmp.Or(o.Shuffles, defaultShuffles)
	if err := checkProbe(train, heldOut); err != nil {
		return OverfitReport{}, err
	}
	result, err := predictions(o.Probe, train, heldOut)
	if err != nil {
		return OverfitReport{}, err
	}
	report := OverfitReport{Result: result}
	own, err := o.onItsOwn(train)
	if err != nil {
		return OverfitReport{}, err
	}
	report.Fitted = metric.Interval{Value: own.Value, Low: own.Low, High: own.High, N: own.N}
	if report.Gap, err = accuracyGap(heldOut.Labels, result.Predictions, train.Labels, own.Predictions); err != nil {
		return OverfitReport{}, err
	}
	var memorised, above []float64
	for shuffle := range o.Shuffles {
		shuffled := train
		shuffled.Labels = slices.Clone(train.Labels)
		random := rand.New(rand.NewPCG(o.Seed, uint64(shuffle)))
		random.Shuffle(train.N, func(i, j int) { shuffled.Labels[i], shuffled.Labels[j] = shuffled.Labels[j], shuffled.Labels[i] })
		own, err := o.onItsOwn(shuffled)
		if err != nil {
			return OverfitReport{}, fmt.Errorf("eval.Overfit: shuffled labels: %w", err)
		}
		held, err := predictions(o.Probe, shuffled, heldOut)
		if err != nil {
			return OverfitReport{}, fmt.Errorf("eval.Overfit: shuffled labels: %w", err)
		}
		chance := chanceOf(heldOut.Labels, held.Predictions, len(heldOut.Classes))
		memorised, above = append(memorised, own.Value), append(above, held.Value-chance)
		report.Chance += chance / float64(o.Shuffles)
	}
	if report.Memorised, err = metric.MeanInterval(memorised); err != nil {
		return OverfitReport{}, err
	}
	if report.Shuffled, err = metric.MeanInterval(above); err != nil {
		return OverfitReport{}, err
	}
	// The deviation of a share over the held-out images, which a few shuffles may miss.
	noise := 4 * math.Sqrt(report.Chance*(1-report.Chance)/float64(heldOut.N))
	if report.Shuffled.Low > 0 && report.Shuffled.Value > max(leakAbove, noise) {
		return report, fmt.Errorf("eval: label leak: fitted on shuffled labels of %q, the probe is right on %.1f %% of %q and "+
			"chance is %.1f %%: "+
			"it has seen the labels of held-out images", train.Name, 100*(report.Chance+report.Shuffled.Value), heldOut.Name,
			100*report.Chance)
	}
	report.Warnings = report.warn(train, heldOut)
	return report, nil
}

// onItsOwn fits the probe on train and judges it there.
func (o Overfit) onItsOwn(train Features) (Result, error) {
	seen := train
	seen.Name = train.Name + ", as fitted" // That they are the same images is meant.
	seen.sameImages = true
	return predictions(o.Probe, train, seen)
}

func (r OverfitReport) warn(train, heldOut Features) []string {
	var warnings []string
	if r.Fitted.Value >= memorisedFrom && r.Gap.Value >= memorisedGap {
		warnings = append(warnings, fmt.Sprintf("memorised: the probe is right on %.1f %% of the %s labelled images of %q and "+
			"on %.1f %% of %q. "+
			"Its training accuracy says nothing; take more labels, a stronger L2, or fewer features", 100*r.Fitted.Value,
			thousands(train.N),
			train.Name, 100*r.Value, heldOut.Name))
	}
	if r.Memorised.Value >= memorisedFrom {
		warnings = append(warnings, fmt.Sprintf("able to memorise: on labels dealt out at random the probe is right on %.1f %% "+
			"of its own %s images "+
			"(%d features each), so it could be so with any labels", 100*r.Memorised.Value, thousands(train.N), train.Dim))
	}
	return warnings
}

// accuracyGap is the accuracy on the second images less that on the first, with its interval.
func accuracyGap(truthA, guessA, truthB, guessB []int) (metric.Gap, error) {
	var right, side []int
	for k, pair := range [][2][]int{{truthA, guessA}, {truthB, guessB}} {
		for i, class := range pair[0] {
			yes := 0
			if pair[1][i] == class {
				yes = 1
			}
			right, side = append(right, yes), append(side, k)
		}
	}
	return metric.DemographicParityDifference(right, side) // Being right is the decision whose rates are compared.
}

// chanceOf is the accuracy that independent predictions with these shares would have.
func chanceOf(truth, guess []int, classes int) float64 {
	shares := make([][2]float64, classes)
	for i, class := range truth {
		shares[class][0] += 1 / float64(len(truth))
		shares[guess[i]][1] += 1 / float64(len(truth))
	}
	var sum float64
	for _, s := range shares {
		sum += s[0] * s[1]
	}
	return sum
}

// String reads, for instance,
//
//	linear probe (...): 99.5 % on its own 500 images, 61.0 % on 2,000 held out; shuffled labels: 58.2 % on its own, 0.3 % above chance held out
func (r OverfitReport) String() string {
	text := fmt.Sprintf("%s: %.1f %% on its own %s images, %.1f %% on %s held out; shuffled labels: %.1f %% on its own, %.1f "+
		"%% above chance held out",
		r.Protocol, 100*r.Fitted.Value, thousands(r.Fitted.N), 100*r.Value, thousands(r.N), 100*r.Memorised.Value,
		100*r.Shuffled.Value)
	return strings.Join(append([]string{text}, r.Warnings...), "\n")
}
