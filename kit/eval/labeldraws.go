package eval

import (
	"fmt"
	"math"
	"strings"
)

// leastDraws is how many different draws of labels an interval takes. Two draws agree by chance too
// often: accuracies are multiples of one over the number of test images.
const leastDraws = 3

// widerNoted is how much wider the interval for other images would be where that is told: with five
// draws, from 8 % of their images in common on.
const widerNoted = 1.2

// sameValue is how far values may lie apart and be the same: what rounding does to differences.
const sameValue = 1e-12

// noIntervals is how Curve.Interval begins where no point has an interval.
const noIntervals = "none ("

// tooFewDraws says why draws of labels have no interval, whatever their values; empty where there
// are enough that differ. Draws are told apart by the set of their images, which SubsetHash names.
func tooFewDraws(draws []Result) string {
	hashes := make(map[string]bool, len(draws))
	for _, r := range draws {
		hashes[r.SubsetHash] = true
	}
	switch {
	case len(draws) < 2:
		return "one draw"
	case len(hashes) == 1:
		return fmt.Sprintf("all %d draws take the same images", len(draws))
	case len(draws) < leastDraws:
		return fmt.Sprintf("%d draws; an interval takes %d", len(draws), leastDraws)
	case len(hashes) < leastDraws:
		return fmt.Sprintf("%d draws take only %d different sets of images; an interval takes %d", len(draws), len(hashes), leastDraws)
	}
	return ""
}

func sameValues(draws int) string { return fmt.Sprintf("all %d draws give the same value", draws) }

// withoutInterval says why the point has no interval; empty where it has one. Points of files that
// were written without NoInterval are judged by their draws.
func (p CurvePoint) withoutInterval() string {
	if p.NoInterval != "" {
		return p.NoInterval
	}
	if why := tooFewDraws(p.Draws); why != "" {
		return why
	}
	if !(p.High-p.Low > sameValue) {
		return sameValues(len(p.Draws))
	}
	return ""
}

// HasInterval tells whether Low and High are an interval. Where they are not, nothing may be
// claimed from them: that Low is above 0 then says no more than that Value is.
func (p CurvePoint) HasInterval() bool { return p.withoutInterval() == "" }

// Verdict of a point of [Curve.Difference], by its interval: "above" 0, "below" it, "equal" where
// the interval holds 0, and "not known" where there is no interval.
func (p CurvePoint) Verdict() string {
	switch {
	case !p.HasInterval():
		return "not known"
	case p.Low > 0:
		return "above"
	case p.High < 0:
		return "below"
	}
	return "equal"
}

// Conclusion words a point of [Curve.Difference], the curve of a less that of b:
//
//	+23.4 points [+20.9, +25.9] over 5 draws: SimCLR is better
//	+3.1 points, no interval (all 5 draws take the same images): not known which is better
//
// Where draws have many images in common, it says that the claim is one of these images, as
// [Curve.Notes] does.
func (p CurvePoint) Conclusion(a, b string) string {
	value := fmt.Sprintf("%+.1f points", 100*p.Value)
	verdict, better := "not told apart", ""
	switch p.Verdict() {
	case "not known":
		return fmt.Sprintf("%s, no interval (%s): not known which is better", value, p.withoutInterval())
	case "above":
		better = a
	case "below":
		better = b
	}
	if better != "" {
		verdict = better + " is better"
		if wider := p.widerForOthers(); wider >= widerNoted {
			verdict += fmt.Sprintf(" with labels of these images (for others, the interval would be about %.1f times as wide)", wider)
		}
	}
	return fmt.Sprintf("%s [%+.1f, %+.1f] over %d draws: %s", value, 100*p.Low, 100*p.High, len(p.Draws), verdict)
}

// Notes are what must be known of the intervals of single points, a sentence each: why there is
// none although Interval tells of some, or that draws have much in common. Mostly there are no notes.
func (c Curve) Notes() []string {
	var notes []string
	for _, p := range c.Points {
		switch why := p.withoutInterval(); {
		case strings.HasPrefix(c.Interval, noIntervals):
		case why != "":
			notes = append(notes, fmt.Sprintf("At %s per class there is no interval: %s.", labelCount(p.PerClass), why))
		case p.widerForOthers() >= widerNoted:
			notes = append(notes, fmt.Sprintf("At %s per class two draws share %.0f %% of their images: the interval is over which of "+
				"these images have labels, and for others it would be about %.1f times as wide.", labelCount(p.PerClass), 100*p.Shared, p.widerForOthers()))
		}
	}
	return notes
}

func labelCount(n int) string {
	if n == 1 {
		return "1 label"
	}
	return thousands(n) + " labels"
}

// widerForOthers is how many times as wide the interval would be if it were to speak of other images
// too, at least 1; infinite where draws take all images. Draws that share a part of their images
// correlate by that part, for a statistic that is a mean over images, and an accuracy is taken for
// one: D draws of variance V among them have a mean of variance V (1/D + shared/(1-shared)), of which
// Student's interval knows V/D.
//
// Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52 (2003), which has
// this for test sets that are drawn again and again.
func (p CurvePoint) widerForOthers() float64 {
	return math.Sqrt(1 + float64(len(p.Draws))*p.Shared/(1-p.Shared))
}

// sharedImages is the share of its images that a draw of perClass images of each class has in common
// with another one, on average over all draws: of each class it takes perClass, and of these the
// other one has the share that it takes of the whole class. images are those of each class.
func sharedImages(images []int, perClass int) float64 {
	var shares float64
	for _, n := range images {
		shares += float64(perClass) / float64(n)
	}
	return shares / float64(len(images))
}
