package train

import (
	"fmt"
	"strings"
	"testing"

	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

func look(step int, std, rank float64) rundir.Metrics {
	return rundir.Metrics{Step: step, Monitor: &rundir.Monitor{EmbeddingStd: std, EmbeddingDim: 100, RankMe: rank}}
}

func TestAlarmSaysWhatCollapsedAndSinceWhen(t *testing.T) {
	healthy, same, line := func(step int) rundir.Metrics { return look(step, .09, 40) }, func(step int) rundir.Metrics { return look(step, .001, 30) },
		func(step int) rundir.Metrics { return look(step, .09, 1.2) }
	for name, of := range map[string]struct {
		looks []rundir.Metrics
		since int
		what  string
	}{
		"healthy":              {[]rundir.Metrics{healthy(0), healthy(5), healthy(10)}, 0, ""},
		"before training":      {[]rundir.Metrics{same(0), same(5)}, 0, ""},
		"one look":             {[]rundir.Metrics{healthy(0), healthy(5), same(10)}, 0, ""},
		"passing":              {[]rundir.Metrics{healthy(0), same(5), same(10), healthy(15)}, 0, ""},
		"complete collapse":    {[]rundir.Metrics{healthy(0), healthy(5), same(10), same(15), same(20)}, 10, "nearly the same"},
		"dimensional collapse": {[]rundir.Metrics{healthy(0), line(5), line(10)}, 5, "one direction"},
		"a method without any": {nil, 0, ""},
	} {
		alarm := Diagnose(ssl.SimCLR{}, of.looks, 0)
		if of.what == "" {
			if alarm != nil {
				t.Errorf("%s: alarm %s", name, alarm)
			}
			continue
		}
		if alarm == nil || alarm.Since != of.since || !strings.Contains(alarm.What, of.what) || !strings.Contains(alarm.String(), "Batch") {
			t.Errorf("%s: alarm %v, want one since %d", name, alarm, of.since)
		}
	}
	// The variance term of VICReg keeps embeddings apart, so that they have collapsed before they
	// meet.
	shrunk := []rundir.Metrics{look(5, .015, 40), look(10, .015, 40)}
	if alarm := Diagnose(ssl.VICReg{}, shrunk, 0); alarm == nil || !strings.Contains(alarm.Try, "a larger Variance") {
		t.Errorf("VICReg at 0.15 of an even spread: alarm is %v", alarm)
	}
	for name, method := range map[string]ssl.Method{"SimCLR": ssl.SimCLR{}, "VICReg": ssl.VICReg{}} {
		if looks := []rundir.Metrics{look(5, .03, 40), look(10, .03, 40)}; Diagnose(method, looks, 0) != nil {
			t.Errorf("%s at 0.3 of an even spread has an alarm", name)
		}
	}
	if alarm := Diagnose(ssl.SimCLR{}, shrunk, 0); alarm != nil {
		t.Errorf("SimCLR at 0.15 of an even spread: alarm %v", alarm)
	}
	if alarm := Diagnose(ssl.Supervised{}, []rundir.Metrics{same(5), same(10)}, 0); alarm != nil {
		t.Errorf("a method that compares no embeddings has alarm %s", alarm)
	}
}

// Example_collapseThatPasses: it is told once when it is there, with the step since when, and once
// when it is over.
func Example_collapseThatPasses() {
	t := training{plan: Plan{Model: Model{Method: ssl.SimCLR{}}}, progress: &progress{}}
	for _, m := range []rundir.Metrics{look(5, .001, 30), look(10, .001, 30), look(15, .001, 30), look(20, .09, 30), look(25, .09, 30)} {
		t.looks = append(t.looks, m)
		if err := t.watch(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// COLLAPSE since step 5: all images have nearly the same embedding (deviation 0.001, an even spread has 0.1). Try a larger Batch, since its images are the negatives; a higher Temperature; a wider Hidden; a lower learning rate.
	// The collapse has passed: embeddings differ again at step 20.
}

// TestAlarmOnRecordedLooks: the widths of the embeddings, as shares of an even spread, of tiny
// transformers in trainings of 80 steps, looked at every 4; see TestAlarmOnSeeds of package kit.
func TestAlarmOnRecordedLooks(t *testing.T) {
	for name, of := range map[string]struct {
		widths   []float64
		every    int
		raisedAt int // The step after which there is an alarm first; 0 for never.
	}{
		"SimCLR with LARS, narrow for a time": {[]float64{.069, .038, .024, .022, .021, .021, .022, .026, .029, .038, .051, .05, .057, .076, .098, .12, .14,
			.18, .22, .29, .37}, 4, 0},
		"SimCLR, narrow at first": {[]float64{.02, .021, .025, .04, .06, .1, .2, .4, .6, .8, .9, .9, .9, .9, .9, .9, .9, .9, .9, .9, .9}, 4, 0},
		"never wide, never narrower": {[]float64{.02, .021, .022, .021, .022, .023, .022, .023, .022, .023, .022, .023, .022, .023, .022, .023, .022, .023,
			.022, .023, .022}, 4, 0},
		"DINO without centring": {[]float64{.087, .00095, .033, .0046, .0056, .0048, .0052, .0063, .0075, .0086, .0085, .0086, .0081, .0075, .0068, .0063,
			.006, .0058, .0057, .0057, .0057}, 4, 44},
		"the same, a little wider in the end": {[]float64{.18, .0012, .008, .036, .032, .0017, .00066, .00052, .00049, .00061, .0008, .001, .0013, .0016,
			.0018, .002, .0022, .0023, .0023, .0023, .0023}, 4, 32},
		"two looks of a collapse": {[]float64{.087, .0057}, 80, 80},
		"two looks of a healthy":  {[]float64{.053, .94}, 80, 0},
		"equal images, two looks": {[]float64{0, 0}, 80, 80},
		"equal images":            {[]float64{0, 0, 0, 0}, 4, 8},
		"interrupted after a dip": {[]float64{.07, .02, .01}, 4, 0},
		"wide, then collapsed": {[]float64{.1, .3, .5, .6, .7, .7, .7, .7, .4, .2, .1, .04, .01, .005, .002, .001, .001, .001, .001, .001, .001}, 4,
			48},
	} {
		var looks []rundir.Metrics
		raised := 0
		for i, width := range of.widths {
			looks = append(looks, look(i*of.every, width*EvenSpread(100), 30))
			if Diagnose(ssl.SimCLR{}, looks, 80) != nil && raised == 0 {
				raised = i * of.every
			}
		}
		if raised != of.raisedAt {
			t.Errorf("%s: the alarm is raised after step %d, want %d", name, raised, of.raisedAt)
		}
		if stays := Diagnose(ssl.SimCLR{}, looks, 80) != nil; stays != (of.raisedAt > 0) {
			t.Errorf("%s: an alarm in the end: %v", name, stays)
		}
	}
	narrow := []rundir.Metrics{look(0, .01, 1.1), look(40, .02, 1.2), look(80, .02, 1.2)} // A fifth of an even spread: the rank means nothing.
	if alarm := Diagnose(ssl.SimCLR{}, narrow, 80); alarm != nil {
		t.Errorf("the rank of narrow embeddings raises %s", alarm)
	}
}
