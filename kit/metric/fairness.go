package metric

import (
	"fmt"
	"math"
)

// DemographicParityDifference is how much the share of images predicted as
// class 1 differs between groups: the largest share minus the smallest, in
// [0, 1], 0 being parity. predicted is 0 or 1 an image (for one class of
// several, that class against the rest), groups 0 or more, at least two
// different ones; the truth plays no part. Between two groups it is signed, the
// higher-numbered group's share minus the other's, in [-1, 1]; its absolute
// value is fairlearn's demographic_parity_difference.
//
// The 95 % interval is Newcombe's for two groups. For more, the largest gap is
// above 0 by chance alone; Low and High then come from Newcombe intervals of all
// pairs that hold jointly (Tukey and Kramer's critical value), so that Low is 0
// in some 95 % of the cases without a gap. Unlike a bootstrap's, these intervals
// stay honest for small groups and for shares near 0 and 1. Value remains biased
// upwards.
//
// C. Dwork et al., "Fairness through awareness", ITCS 2012; R. G. Newcombe,
// "Interval estimation for the difference between independent proportions",
// Statistics in Medicine 17 (1998), method 10; A. J. Hayter, "A proof of the
// conjecture that the Tukey-Kramer multiple comparisons procedure is
// conservative", Annals of Statistics 12 (1984).
func DemographicParityDifference(predicted, groups []int) (Gap, error) {
	const name = "DemographicParityDifference"
	if len(predicted) == 0 {
		return Gap{}, fmt.Errorf("metric.%s: predicted is empty", name)
	}
	if len(predicted) != len(groups) {
		return Gap{}, fmt.Errorf("metric.%s: predicted has %d images, groups %d", name, len(predicted), len(groups))
	}
	if err := checkClasses(name, "predicted", predicted, 2); err != nil {
		return Gap{}, err
	}
	names, members, err := byGroup(name, "groups", groups)
	if err != nil {
		return Gap{}, err
	}
	shares := make([]share, len(members))
	for g, images := range members {
		for _, image := range images {
			shares[g].count(predicted[image] == 1)
		}
	}
	return shareGap(names, shares), nil
}

// EqualizedOdds says how error rates of binary decisions differ between groups.
type EqualizedOdds struct {
	// Difference is the larger of the two gaps' sizes, in [0, 1], 0 being
	// equality: fairlearn's equalized_odds_difference.
	Difference Interval `json:"difference"`
	// TruePositive is the gap in the share of class 1 that is recognised; to be
	// without it alone is equality of opportunity.
	TruePositive Gap `json:"true_positive"`
	// FalsePositive is the gap in the share of class 0 that is taken for class 1.
	FalsePositive Gap `json:"false_positive"`
}

// EqualizedOddsDifference compares true and false positive rates between
// groups. truth and predicted are 0 or 1 an image; for one class of several,
// pass that class against the rest. groups are 0 or more, at least two different
// ones. Each gap has its own 95 % interval, and between two groups its sign, as
// in [DemographicParityDifference]. Difference is a maximum of both rates and
// all pairs, so its interval is from pairs that hold jointly over both: Low is 0
// in some 95 % of the cases without any gap. A group without images of one of the
// classes has no such rate: the error names it and wraps [ErrUndefined].
//
// M. Hardt, E. Price and N. Srebro, "Equality of opportunity in supervised
// learning", NeurIPS 2016 (arXiv:1610.02413).
func EqualizedOddsDifference(truth, predicted, groups []int) (EqualizedOdds, error) {
	const name = "EqualizedOddsDifference"
	if err := checkLabels(name, truth, predicted, 2); err != nil {
		return EqualizedOdds{}, err
	}
	if len(truth) != len(groups) {
		return EqualizedOdds{}, fmt.Errorf("metric.%s: truth has %d images, groups %d", name, len(truth), len(groups))
	}
	names, members, err := byGroup(name, "groups", groups)
	if err != nil {
		return EqualizedOdds{}, err
	}
	var rates [2][]share // by true class, then group
	for class := range rates {
		rates[class] = make([]share, len(members))
		for g, images := range members {
			for _, image := range images {
				if truth[image] == class {
					rates[class][g].count(predicted[image] == 1)
				}
			}
			if rates[class][g].n == 0 {
				return EqualizedOdds{}, fmt.Errorf("metric.%s: truth: group %d has no image of class %d: %w",
					name, names[g], class, ErrUndefined)
			}
		}
	}
	out := EqualizedOdds{FalsePositive: shareGap(names, rates[0]), TruePositive: shareGap(names, rates[1])}
	out.Difference.N = len(truth)
	// The two rates are of different images, so both hold jointly with the
	// product of their levels.
	critical := studentizedRange(math.Sqrt(0.95), len(names)) / math.Sqrt2
	for _, shares := range rates {
		gap := largestShareGap(names, shares, critical)
		out.Difference.Value = max(out.Difference.Value, gap.Value)
		out.Difference.Low = max(out.Difference.Low, gap.Low)
		out.Difference.High = max(out.Difference.High, gap.High)
	}
	return out, nil
}

// share counts a yes-or-no outcome.
type share struct{ yes, n int }

func (s *share) count(yes bool) {
	s.n++
	if yes {
		s.yes++
	}
}

func (s share) value() float64 { return float64(s.yes) / float64(s.n) }

// shareGap is the gap between the shares of groups, signed for two.
func shareGap(names []int, shares []share) Gap {
	var gap Gap
	if len(names) == 2 {
		low, high := newcombe(shares[1], shares[0], z95)
		gap = Gap{Interval{Value: shares[1].value() - shares[0].value(), Low: low, High: high}, names[1], names[0]}
	} else {
		gap = largestShareGap(names, shares, studentizedRange(0.95, len(names))/math.Sqrt2)
	}
	for _, s := range shares {
		gap.N += s.n
	}
	return gap
}

func largestShareGap(names []int, shares []share, critical float64) Gap {
	values := make([]float64, len(shares))
	for g, s := range shares {
		values[g] = s.value()
	}
	return largestGap(names, values, func(a, b int) (low, high float64) { return newcombe(shares[a], shares[b], critical) })
}

// newcombe is the interval of a - b that follows from the Wilson intervals of
// both at the critical value z.
func newcombe(a, b share, z float64) (low, high float64) {
	p, q := a.value(), b.value()
	lowA, highA := wilson(a.yes, a.n, z)
	lowB, highB := wilson(b.yes, b.n, z)
	return p - q - math.Hypot(p-lowA, highB-q), p - q + math.Hypot(highA-p, q-lowB)
}

// studentizedRange is the value that the range of `groups` independent standard
// normal variables stays below with probability p: √2·1.96 for two and 0.95. It
// solves groups·∫φ(z)·[Φ(z) - Φ(z-q)]^(groups-1) dz = p for q.
func studentizedRange(p float64, groups int) float64 {
	normal := func(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
	below := func(q float64) float64 {
		// The integrand is smooth and vanishes at both ends: a plain sum over even
		// a coarse grid is then accurate to many digits.
		const step = 1.0 / 8
		var sum float64
		for z := -9.0; z <= 9; z += step {
			sum += math.Exp(-z*z/2) * math.Pow(normal(z)-normal(z-q), float64(groups-1))
		}
		return float64(groups) * sum * step / math.Sqrt(2*math.Pi)
	}
	low, high := 0.0, 20.0
	for range 40 {
		if q := (low + high) / 2; below(q) < p {
			low = q
		} else {
			high = q
		}
	}
	return high
}
