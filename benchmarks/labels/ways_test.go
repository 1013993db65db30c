package main

import (
	"math"
	"strings"
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
)

// tinySet is a set of few images.
func tinySet() imageSet {
	return imageSet{
		name: "shapes", classes: 10, view: question.ShapesView, weak: semi.WeakView(), strong: semi.StrongView(), images: 64, batch: 16, lr: .1,
		semiBatch: 16, share: .5, threshold: .5, counts: []int{4}, steps: 1,
		source: func(seed uint64) data.Source { return data.Shapes{Train: 96, Validation: 16, Test: 32, Seed: seed} },
	}
}

// All ways that train cost as many operations, the pretraining counted, whatever method and batch.
func TestWaysCostTheSame(t *testing.T) {
	s := settings{dir: t.TempDir(), encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}}
	set := tinySet()
	set.images, set.steps = 16_000, 200
	var names []string
	for _, m := range semiSupervised(set) {
		names = append(names, m.Name())
	}
	all, err := ways(set, names)
	if err != nil {
		t.Fatal(err)
	}
	pretraining, err := kit.StepCostOf(s.simCLR(set, set.images, 1))
	if err != nil {
		t.Fatal(err)
	}
	var first float64
	trained := 0
	for _, w := range all {
		if w.method == nil {
			continue
		}
		trained++
		recipe, err := s.recipe(w, set, set.source(1), labels(4, 1), 1, .1, "")
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		if err := recipe.Check(); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		own, err := kit.StepCostOf(recipe)
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		total := own.FLOPs * float64(recipe.Steps)
		if w.start {
			total += pretraining.FLOPs * float64(set.images/set.batch)
		}
		if first == 0 {
			first = total
		}
		if math.Abs(total/first-1) > .01 {
			t.Errorf("%s costs %.3g operations, and %s %.3g", w.name, total, all[0].name, first)
		}
		if weakAlone := strings.HasSuffix(w.name, "mixmatch") || w.name == fromScratch || w.name == "simclr+fine-tuning"; weakAlone != (len(recipe.Augment) == 1) {
			t.Errorf("%s has %d views", w.name, len(recipe.Augment))
		}
		if _, semi := recipe.Data.(data.PartlyLabelled); semi != (recipe.EMA == emaDecay) {
			t.Errorf("%s evaluates a running mean of %g", w.name, recipe.EMA)
		}
	}
	if trained != 2+2*len(names) {
		t.Errorf("%d ways train", trained)
	}
	if _, err := ways(set, []string{"fixmach"}); err == nil || !strings.Contains(err.Error(), "fixmatch") {
		t.Errorf("a method that is none: %v", err)
	}
}
