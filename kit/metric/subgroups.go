package metric

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"sslkit/kit/setting"
)

// Subgroups compares a metric between groups of the test images: scanners, skin tones, hospitals.
//
//	report, err := metric.Subgroups{Groups: site}.Measure(func(images []int) (float64, error) {
//		return metric.BalancedAccuracy(metric.Rows(truth, 1, images), metric.Rows(predicted, 1, images), classes)
//	})
type Subgroups struct {
	Groups []int // Groups is the group of each image, 0 or more; at least two different ones.
	// Strata, where not nil, gives each image a stratum that all resampling
	// stays within: the true classes, for a metric that needs each of them.
	Strata        []int
	LowerIsBetter bool   // LowerIsBetter is for losses and calibration errors.
	Resamples     int    // Resamples of each kind, at least 100. Default 1000.
	Seed          uint64 // Seed of the resampling.
}

// Subgroup is the metric of one group.
type Subgroup struct {
	Group    int `json:"group"` // Group as named in [Subgroups].
	Interval     // Interval over the group's images.
}

// Gap is a difference between two groups: the metric of Of minus that of Over.
type Gap struct {
	Interval     // Interval with N images in all groups together.
	Of       int `json:"of"`   // Of is the group subtracted from.
	Over     int `json:"over"` // Over is the group subtracted.
}

// SubgroupReport is a metric by group.
type SubgroupReport struct {
	Groups []Subgroup `json:"groups"`  // Groups by ascending number.
	Worst  Subgroup   `json:"worst"`   // Worst has the worst value; of equals, the first.
	Gap    Gap        `json:"gap"`     // Gap is the largest difference; signed between two groups.
	PValue float64    `json:"p_value"` // PValue of the permutation test that groups do not matter.
}

// Measure is metric by group, with the largest gap between two of them. metric
// is called as by [BootstrapOf], with images of one group at a time.
//
// Each group's interval is the percentile bootstrap of its own images, drawn
// within Strata if given. Of two groups the gap is the higher-numbered one's
// value minus the other's, signed, with the percentile interval of that
// difference: it holds 0 where there is no gap. Of more groups it is the largest
// value minus the smallest. That is never negative, and above 0 by chance alone,
// so its bootstrap percentiles would never hold 0. Its interval instead comes
// from intervals of all pairs that hold together with 95 %, widened by the
// bootstrap's largest studentised error: Low is the largest of their lower ends
// and at least 0, High the largest of their upper ends. Value itself stays biased
// upwards, as is the worst group's downwards, the more so with many small groups.
//
// A small group whose images are all right has no bootstrap width, and would
// pass for certain. So a permutation test, which is exact for groups of any
// size, has a veto: where chance deals the images (within Strata) into groups
// with as large a studentised gap in more than 5 % of cases, the interval is
// extended to 0.
//
// A group on which metric is undefined is an error that wraps [ErrUndefined];
// undefined resamples are drawn again as in [BootstrapOf].
//
// J. W. Tukey, "The problem of multiple comparisons", 1953, for the pairs; C.
// DiCiccio et al., "Evaluating fairness using permutation tests", KDD 2020.
func (s Subgroups) Measure(metric func(images []int) (float64, error)) (SubgroupReport, error) {
	const resamples = 1000
	s.Resamples = cmp.Or(s.Resamples, resamples)
	if err := setting.AtLeast(100, "metric.Subgroups: Resamples", s.Resamples, resamples); err != nil {
		return SubgroupReport{}, err
	}
	if s.Strata != nil && len(s.Strata) != len(s.Groups) {
		return SubgroupReport{}, fmt.Errorf("metric.Subgroups: Strata has %d images, Groups %d", len(s.Strata), len(s.Groups))
	}
	names, members, err := byGroup("Subgroups", "Groups", s.Groups)
	if err != nil {
		return SubgroupReport{}, err
	}
	report := SubgroupReport{}
	values, draws := make([]float64, len(names)), make([][]float64, len(names))
	for g, images := range members {
		within := stratify(images, s.Strata)
		values[g], err = call(metric, within.all())
		if err == nil {
			// A stream of its own, so that a group's interval does not depend on
			// which others are compared.
			draws[g], err = within.resample(metric, s.Resamples, rand.New(rand.NewPCG(s.Seed, uint64(names[g]))))
		}
		if err != nil {
			return SubgroupReport{}, fmt.Errorf("metric.Subgroups: metric on group %d: %w", names[g], err)
		}
		low, high := percentiles(slices.Clone(draws[g]))
		group := Subgroup{names[g], Interval{Value: values[g], Low: low, High: high, N: len(images)}}
		report.Groups = append(report.Groups, group)
		if g == 0 || !s.LowerIsBetter && group.Value < report.Worst.Value || s.LowerIsBetter && group.Value > report.Worst.Value {
			report.Worst = group
		}
	}
	if report.PValue, err = s.permute(metric, members, values); err != nil {
		return SubgroupReport{}, fmt.Errorf("metric.Subgroups: metric on permuted Groups: %w", err)
	}
	report.Gap = bootstrapGap(names, values, draws)
	report.Gap.N = len(s.Groups)
	if report.PValue > 0.05 {
		report.Gap.Low, report.Gap.High = min(report.Gap.Low, 0), max(report.Gap.High, 0)
	}
	return report, nil
}

// byGroup is the distinct groups in ascending order, and the images of each.
func byGroup(name, field string, groups []int) (names []int, members [][]int, err error) {
	if len(groups) == 0 {
		return nil, nil, fmt.Errorf("metric.%s: %s is empty", name, field)
	}
	for i, group := range groups {
		if group < 0 {
			return nil, nil, fmt.Errorf("metric.%s: %s[%d] is %d; it must be 0 or more", name, field, i, group)
		}
	}
	members = stratify(indices(len(groups)), groups)
	if len(members) < 2 {
		return nil, nil, fmt.Errorf("metric.%s: %s is %d throughout; it must hold at least two groups", name, field, groups[0])
	}
	slices.SortFunc(members, func(a, b []int) int { return groups[a[0]] - groups[b[0]] })
	for _, images := range members {
		names = append(names, groups[images[0]])
	}
	return names, members, nil
}

// bootstrapGap is the largest gap between values; draws are each group's
// bootstrap values.
func bootstrapGap(names []int, values []float64, draws [][]float64) Gap {
	if len(names) == 2 {
		differences := make([]float64, len(draws[0]))
		for r := range differences {
			differences[r] = draws[1][r] - draws[0][r]
		}
		low, high := percentiles(differences)
		return Gap{Interval{Value: values[1] - values[0], Low: low, High: high}, names[1], names[0]}
	}
	deviation := make([]float64, len(names))
	for g := range names {
		deviation[g] = stat.StdDev(draws[g], nil)
	}
	largest := make([]float64, len(draws[0])) // the largest studentised error of any pair
	for a := range names {
		for b := range a {
			scale := math.Hypot(deviation[a], deviation[b])
			if scale == 0 {
				continue
			}
			for r := range largest {
				largest[r] = max(largest[r], math.Abs(draws[a][r]-draws[b][r]-values[a]+values[b])/scale)
			}
		}
	}
	slices.Sort(largest)
	critical := stat.Quantile(0.95, stat.LinInterp, largest, nil)
	return largestGap(names, values, func(a, b int) (low, high float64) {
		half := critical * math.Hypot(deviation[a], deviation[b])
		return values[a] - values[b] - half, values[a] - values[b] + half
	})
}

// largestGap is the largest of values minus the smallest, with an interval from
// those of the pairs, where values[a] is not below values[b]. If those hold
// jointly, this one holds the true largest gap.
func largestGap(names []int, values []float64, pair func(a, b int) (low, high float64)) Gap {
	var most, least int
	gap := Gap{}
	for a := range names {
		if values[a] > values[most] {
			most = a
		}
		if values[a] < values[least] {
			least = a
		}
		for b := range a {
			upper, lower := a, b
			if values[a] < values[b] {
				upper, lower = b, a
			}
			low, high := pair(upper, lower)
			gap.Low, gap.High = max(gap.Low, low), max(gap.High, high)
		}
	}
	gap.Value, gap.Of, gap.Over = values[most]-values[least], names[most], names[least]
	return gap
}

// permute is the p-value of the largest studentised gap when images are dealt
// to the groups by chance, within the strata.
func (s Subgroups) permute(metric func([]int) (float64, error), members [][]int, values []float64) (float64, error) {
	// The scale of a group's error falls with the root of its size. The groups
	// are alike under the hypothesis, so the factor is common and cancels.
	statistic := func(values []float64) float64 {
		var largest float64
		for a := range values {
			for b := range a {
				scale := math.Sqrt(1/float64(len(members[a])) + 1/float64(len(members[b])))
				largest = max(largest, math.Abs(values[a]-values[b])/scale)
			}
		}
		return largest
	}
	observed := statistic(values)
	random := rand.New(rand.NewPCG(s.Seed, math.MaxUint64)) // no group has this number
	pools := stratify(indices(len(s.Groups)), s.Strata)
	place := make([]int, len(s.Groups)) // image to index in members
	for g, images := range members {
		for _, image := range images {
			place[image] = g
		}
	}
	dealt, permuted := make([][]int, len(members)), make([]float64, len(members))
	statistics, err := defined(s.Resamples, func() (float64, error) {
		for g := range dealt {
			dealt[g] = dealt[g][:0]
		}
		for _, pool := range pools {
			random.Shuffle(len(pool), func(i, j int) {
				place[pool[i]], place[pool[j]] = place[pool[j]], place[pool[i]]
			})
		}
		for image, g := range place {
			dealt[g] = append(dealt[g], image)
		}
		var err error
		for g, images := range dealt {
			if permuted[g], err = call(metric, images); err != nil {
				return 0, err
			}
		}
		return statistic(permuted), nil
	})
	if err != nil {
		return 0, err
	}
	as := 1
	for _, v := range statistics {
		if v >= observed-1e-12*math.Abs(observed) { // ties are common, and rounding must not break them
			as++
		}
	}
	return float64(as) / float64(len(statistics)+1), nil
}
