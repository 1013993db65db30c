package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sslkit/data"
	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// DefaultPerClass are the label counts of [LabelCurve]. Not to be changed.
var DefaultPerClass = []int{1, 2, 5, 10, 50}

// defaultDraws is how often [LabelCurve] draws each count.
const defaultDraws = 5

// LabelCurve is accuracy against the number of labels: for each count it draws
// that many labelled images of each class several times, fits the probe on each
// draw alone and judges it on all of the test set.
//
// A draw depends on Seed, its number, and the labels alone, so the curves of two
// encoders over the same set use the same images and can be compared draw by
// draw (see [Curve.Difference]). Within a draw the counts are nested: the images
// of a count are among those of the next.
//
// The intervals are Student's over the draws. As those of [FewShot], they speak
// of more draws from these images, not of other images: two draws share as large
// a part of a class as a draw takes of it. [Curve.Notes] says where that matters.
// Where fewer than three draws differ, as where each takes all images, or where
// all give the same value, there is no interval, and nothing can be claimed (see
// [CurvePoint.Verdict]).
type LabelCurve struct {
	PerClass []int  // PerClass are the counts, each at least 1. Default: 1, 2, 5, 10, 50.
	Draws    int    // Draws of each count, at least 1, and 3 for intervals. Default: 5.
	Seed     uint64 // Seed of the draws.
	Probe    Probe  // Probe to fit, which several goroutines use at once. Default: Linear{}.
}

// Curve is a label-efficiency curve, one point for each count in rising order.
type Curve struct {
	Protocol string       `json:"protocol"` // Protocol in words, of the curve as a whole.
	Metric   string       `json:"metric"`   // Metric is "top-1 accuracy", in [0, 1], or a difference of it.
	Interval string       `json:"interval"` // Interval says what Low and High of the points speak of.
	Points   []CurvePoint `json:"points"`   // Points are one for each count, in rising order.
}

// CurvePoint is the mean over the draws of one count.
type CurvePoint struct {
	PerClass int      `json:"per_class"` // PerClass is the number of labels of each class.
	Labels   int      `json:"labels"`    // Labels is their number over all classes.
	Value    float64  `json:"value"`     // Value is the mean over the draws.
	Low      float64  `json:"low"`       // Low is the lower end of the 95 % interval; equal to Value where there is none.
	High     float64  `json:"high"`      // High is the upper end of the 95 % interval; equal to Value where there is none.
	Draws    []Result `json:"draws"`     // Draws are the single results; their own intervals are over test images.

	// NoInterval says why there is no interval, such as "all 5 draws take the same images". Empty
	// where there is one, and in older files: see [CurvePoint.HasInterval].
	NoInterval string `json:"no_interval,omitempty"`
	// Shared is the share of its images that a draw has in common with another one, on average over
	// all that can be drawn, in (0, 1]; 1 where a draw takes all images. 0 in older files: not known.
	Shared float64 `json:"shared,omitempty"`
}

// Evaluate draws, fits and judges. Errors: what the probe refuses, a count that
// a class of train does not have, settings out of range.
func (c LabelCurve) Evaluate(train, test Features) (Curve, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Curve{}, err
	}
	curve := Curve{Metric: "top-1 accuracy", Interval: intervalOverDraws(c.Draws)}
	results, failures := make([]Result, len(c.PerClass)*c.Draws), make([]error, len(c.PerClass)*c.Draws)
	parallel(len(results), func(i int) {
		results[i], failures[i] = c.fit(train, test, c.PerClass[i/c.Draws], i%c.Draws)
	})
	for i, err := range failures {
		if err != nil {
			return Curve{}, fmt.Errorf("eval: label curve: %d labels per class, draw %d: %w", c.PerClass[i/c.Draws], i%c.Draws, err)
		}
	}
	for i, perClass := range c.PerClass {
		point := CurvePoint{PerClass: perClass, Draws: results[i*c.Draws : (i+1)*c.Draws : (i+1)*c.Draws],
			Shared: sharedImages(train.perClass(), perClass)}
		point.Labels = point.Draws[0].Labels
		if err := point.average(func(draw int) float64 { return point.Draws[draw].Value }); err != nil {
			return Curve{}, err
		}
		curve.Points = append(curve.Points, point)
	}
	// What is in brackets (the K that was possible, the L2 chosen) differs from
	// draw to draw and stands there.
	probe, _, _ := strings.Cut(curve.Points[0].Draws[0].Protocol, " (")
	curve.Protocol = fmt.Sprintf("%s on %d draws of each label count, seed %d", ofWeights(probe, train.Weights), c.Draws, c.Seed)
	return curve, nil
}

// fit draws perClass labelled images of each class, and judges the probe fitted on them.
func (c LabelCurve) fit(train, test Features, perClass, draw int) (Result, error) {
	few, err := train.Subset(data.Subset{PerClass: perClass, Seed: c.drawSeed(draw)})
	if err != nil {
		return Result{}, err
	}
	result, err := c.Probe.Evaluate(few, test)
	result.SubsetHash = few.SubsetHash // By which draws are told apart, also those of another's probe.
	return result, err
}

// drawSeed is the seed of a draw, spread out so that curves with neighbouring
// seeds share none.
func (c LabelCurve) drawSeed(draw int) uint64 {
	return rand.NewPCG(c.Seed, uint64(draw)).Uint64()
}

// average sets the point's mean and interval to those of value over the draws, or says why it has none.
func (p *CurvePoint) average(value func(draw int) float64) error {
	values := make([]float64, len(p.Draws))
	for draw := range values {
		values[draw] = value(draw)
	}
	interval, err := metric.MeanInterval(values)
	if err != nil {
		return fmt.Errorf("eval: label curve: %d labels per class: %w", p.PerClass, err)
	}
	p.Value, p.Low, p.High = interval.Value, interval.Low, interval.High
	p.NoInterval = tooFewDraws(p.Draws)
	if p.NoInterval == "" && slices.Max(values)-slices.Min(values) <= sameValue {
		p.NoInterval = sameValues(len(values))
	}
	if p.NoInterval != "" {
		p.Low, p.High = p.Value, p.Value
	}
	return nil
}

// CurveOf is a curve of one point, whose draws were measured otherwise than by a probe, such as by
// kit.FineTune on the images of each draw of a LabelCurve. With the same images in the same order
// [Curve.Difference] compares the two. Errors: no draws, one that has not the count of labels of each
// class, results of another metric or of other sets.
func CurveOf(perClass int, draws []Result) (Curve, error) {
	if len(draws) == 0 {
		return Curve{}, errors.New("eval: a label curve of no draws")
	}
	first := draws[0]
	for i, r := range draws {
		for _, n := range r.LabelsPerClass {
			if n != perClass {
				return Curve{}, fmt.Errorf("eval: label curve: draw %d has the labels %v of the classes; it must have %d of each", i, r.LabelsPerClass, perClass)
			}
		}
		if r.Metric != first.Metric || r.Train != first.Train || r.Test != first.Test || r.N != first.N {
			return Curve{}, fmt.Errorf("eval: label curve: draw %d is %s of %s on %d images of %s; the first is %s of %s on %d images of %s",
				i, r.Metric, r.Train, r.N, r.Test, first.Metric, first.Train, first.N, first.Test)
		}
	}
	point := CurvePoint{PerClass: perClass, Labels: first.Labels, Draws: draws}
	if err := point.average(func(draw int) float64 { return draws[draw].Value }); err != nil {
		return Curve{}, err
	}
	return Curve{
		Protocol: fmt.Sprintf("%s on %d draws", first.Protocol, len(draws)), Metric: first.Metric,
		Interval: intervalOverDraws(len(draws)), Points: []CurvePoint{point},
	}, nil
}

// Difference is c less other, draw by draw: its intervals are those of the
// paired difference, and mostly far narrower than the curves' own, since a lucky
// draw is lucky for both. Both must have the same counts and the same draws of
// the same set. The points keep the draws of c. What a point tells is its
// [CurvePoint.Verdict] or, in words, its [CurvePoint.Conclusion].
func (c Curve) Difference(other Curve) (Curve, error) {
	if len(c.Points) == 0 || len(c.Points) != len(other.Points) {
		return Curve{}, fmt.Errorf("eval: label curves have %d and %d points; they must have the same counts", len(c.Points), len(other.Points))
	}
	out := Curve{
		Protocol: fmt.Sprintf("%s less %s, paired by draw", c.Protocol, other.Protocol),
		Metric:   "difference of " + c.Metric,
		Interval: c.Interval,
	}
	for i, point := range c.Points {
		against := other.Points[i]
		if point.PerClass != against.PerClass || len(point.Draws) != len(against.Draws) {
			return Curve{}, fmt.Errorf("eval: label curves differ at point %d: %d labels per class and %d draws, %d and %d",
				i, point.PerClass, len(point.Draws), against.PerClass, len(against.Draws))
		}
		for draw, result := range point.Draws {
			twin := against.Draws[draw]
			if result.Train != twin.Train || result.SubsetHash != twin.SubsetHash || result.Test != twin.Test || result.N != twin.N {
				return Curve{}, fmt.Errorf("eval: label curves are not paired: %d labels per class, draw %d is %q %s in one and %q %s in the other",
					point.PerClass, draw, result.Train, result.SubsetHash, twin.Train, twin.SubsetHash)
			}
		}
		if err := point.average(func(draw int) float64 { return point.Draws[draw].Value - against.Draws[draw].Value }); err != nil {
			return Curve{}, err
		}
		out.Points = append(out.Points, point)
	}
	return out, nil
}

// Columns are the curve as plain slices, for a plot: labels per class, the mean,
// and the ends of its 95 % interval, which are the mean where there is none.
func (c Curve) Columns() (perClass, value, low, high []float64) {
	for _, p := range c.Points {
		perClass = append(perClass, float64(p.PerClass))
		value, low, high = append(value, p.Value), append(low, p.Low), append(high, p.High)
	}
	return perClass, value, low, high
}

// Table is the curve in Markdown, in percent, with its [Curve.Notes] below.
func (c Curve) Table() string {
	var b strings.Builder
	b.WriteString("| labels per class | labels | " + c.Metric + ", % | 95 % interval | draws |\n|---:|---:|---:|---:|---:|\n")
	for _, p := range c.Points {
		interval := "none"
		if p.HasInterval() {
			interval = fmt.Sprintf("%.1f to %.1f", 100*p.Low, 100*p.High)
		}
		fmt.Fprintf(&b, "| %s | %s | %.1f | %s | %d |\n", thousands(p.PerClass), thousands(p.Labels), 100*p.Value, interval, len(p.Draws))
	}
	fmt.Fprintf(&b, "\n%s. Interval: %s.\n", c.Protocol, c.Interval)
	for _, note := range c.Notes() {
		b.WriteString(note + "\n")
	}
	return b.String()
}

func intervalOverDraws(draws int) string {
	switch {
	case draws == 1:
		return noIntervals + "one draw)"
	case draws < leastDraws:
		return fmt.Sprintf(noIntervals+"%d draws; an interval takes %d)", draws, leastDraws)
	}
	return fmt.Sprintf("Student t 95 %% over %d label draws", draws)
}

func (c LabelCurve) withDefaults() (LabelCurve, error) {
	if c.PerClass == nil {
		c.PerClass = DefaultPerClass
	}
	c.PerClass = slices.Clone(c.PerClass)
	slices.Sort(c.PerClass)
	c.PerClass = slices.Compact(c.PerClass)
	c.Draws = cmp.Or(c.Draws, defaultDraws)
	if c.Probe == nil {
		c.Probe = Linear{}
	}
	if len(c.PerClass) == 0 {
		return c, errors.New("eval.LabelCurve: PerClass is empty; it must hold at least one count (nil means the default)")
	}
	if c.PerClass[0] < 1 {
		return c, fmt.Errorf("eval.LabelCurve: PerClass holds %d; each must be at least 1", c.PerClass[0])
	}
	return c, setting.AtLeast(1, "eval.LabelCurve: Draws", c.Draws, defaultDraws)
}
