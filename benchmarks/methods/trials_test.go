package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Every method tries as many rates, of the same number of images and with the same seed.
func TestEveryFamilyTriesAsManyRates(t *testing.T) {
	var o options
	for _, e := range entries(question.ShapesView, convolutional(10, 16)) {
		rates := o.rates(e.family)
		if len(rates) != 4 || !(rates[0] > rates[1] && rates[1] > rates[2] && rates[2] > rates[3] && rates[3] > 0) {
			t.Errorf("%s tries the rates %v, want four that fall", e.method.Name(), rates)
		}
		if e.family.at(.125) == e.family.optimizer {
			t.Errorf("%s trains by %+v whatever the rate", e.method.Name(), e.family.optimizer)
		}
	}
}

// A method is tried on images that it does not train on, a rate at which it diverges is the worst, and
// what was tried is not tried again.
func TestChoose(t *testing.T) {
	var o options
	o.Register()
	o.Quick = true
	tiny := family{"tiny", encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}, optim.SGD{LR: 1e15}}
	e := entry{ssl.SimCLR{Hidden: 8, Out: 8}, nil, tiny}
	set := imageSet{name: "shapes", data: data.Shapes{Train: 200, Validation: 16, Test: 16}, images: 15 * batch}
	t.Chdir(t.TempDir())
	rate, choice, err := choose(o, set, e)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := choose(o, set, e)
	if err != nil || again != rate || same.String() != choice.String() {
		t.Errorf("again it is %v, %v, %v", again, same, err)
	}
	if len(choice.Trials) != 2 || choice.Trials[0].Images != 3*batch || !strings.Contains(choice.On, "held-out") {
		t.Errorf("tried was %+v", choice)
	}
	if choice.Trials[0].HeldOut != 0 || choice.Trials[1].HeldOut != 0 || rate != 1e15 { // Both are beyond all numbers.
		t.Errorf("chosen is %g of %+v", rate, choice.Trials)
	}
	e.family.optimizer = optim.SGD{LR: .01}
	if _, choice, err = choose(o, set, e); err != nil || choice.Trials[0].HeldOut == 0 {
		t.Errorf("of rates that teach: %+v, %v", choice, err)
	}
	if err := statistics.CheckFair(choice, same); err != nil {
		t.Error(err)
	}
}
