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
		alarm := Diagnose(ssl.SimCLR{}, of.looks)
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
	if alarm := Diagnose(ssl.VICReg{}, shrunk); alarm == nil || !strings.Contains(alarm.Try, "a larger Variance") {
		t.Errorf("VICReg at 0.15 of an even spread: alarm is %v", alarm)
	}
	for name, method := range map[string]ssl.Method{"SimCLR": ssl.SimCLR{}, "VICReg": ssl.VICReg{}} {
		if looks := []rundir.Metrics{look(5, .03, 40), look(10, .03, 40)}; Diagnose(method, looks) != nil {
			t.Errorf("%s at 0.3 of an even spread has an alarm", name)
		}
	}
	if alarm := Diagnose(ssl.SimCLR{}, shrunk); alarm != nil {
		t.Errorf("SimCLR at 0.15 of an even spread: alarm %v", alarm)
	}
	if alarm := Diagnose(ssl.Supervised{}, []rundir.Metrics{same(5), same(10)}); alarm != nil {
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
