// Command labels asks how many labels each way to a classifier needs:
//
//	go run ./benchmarks/labels
//	go run ./benchmarks/labels -set cifar10   # one set of images alone
package main

import (
	"flag"
	"fmt"
	"slices"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

const asks = "How many labels does each way to a classifier need?"

const protocol = "Accuracy on test images against the number of labelled training images of each class, in five ways: a " +
	"network trained from scratch on the labels; SimCLR on all training images without labels, then a linear probe; the same, " +
	"then the whole network fine-tuned; FixMatch on the labels and all images, from scratch; FixMatch from the network of " +
	"SimCLR. Every way has the same ResNet-10 of width 16 (half stem), the same labels and the same views. Each of the " +
	"pretraining seeds has several draws of labels of its own, so that all draws differ. The value is the mean over the runs. " +
	"Its interval is Student's t over the runs where each starts from scratch, and where several share a pretrained network, " +
	"over the means of the seeds. Nothing is chosen by test images: trainings go to their last step."

// options are the flags.
type options struct {
	question.Options
	images question.Images
	launch launch.Flags
	set    string // The only set of images; all where empty.
	seeds  int
}

func main() {
	var o options
	o.Register()
	o.images.Register()
	o.launch.Register()
	flag.StringVar(&o.set, "set", "", "only on these images: cifar10, pneumonia or shapes; processes with a set each keep all "+
		"cores busy, each with a result of its own, and one without it then writes them all")
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds of pretraining")
	question.Main("labels", asks, func() error { return measure(o) })
}

// imageSet is a set of images with what suits it.
type imageSet struct {
	name    string
	classes int
	source  func(seed uint64) data.Source
	view    augment.Pipeline // Of SimCLR, and of whatever trains on labels.
	weak    augment.Pipeline // FixMatch's weak view; its strong one is view.

	images, batch int     // How many SimCLR sees, and in what batches.
	lr            float64 // Of SimCLR, for 256 images a step.
	scratch, last float64 // Learning rates for labels: from random weights, and from SimCLR's.
	fixMatch      fixMatch
	counts        []int // Labels of each class for every way.
	steps         []int // For each of counts: of a training on labels alone, in batches of up to 50, and of FixMatch.
}

// fixMatch is what FixMatch takes.
type fixMatch struct {
	batch     int
	share     float64 // Of the batch that has labels.
	threshold float64
}

// sizes is the size of everything.
type sizes struct {
	seeds, draws int
	probed       []int // Labels of each class that the linear probe, which costs little, is given besides.
	shares       []int // SimCLR is measured by its linear probe at these parts of its images too, each a training of its own.
}

// settings are the network and the sizes of all sets.
type settings struct {
	sizes
	encoder encoder.Encoder
}

// colourless is what takes from pictures without colours as much as ssl.SimCLRView from
// photographs. Smaller crops would miss what is ill.
var colourless = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}},
	augment.Flip{},
	augment.ColorJitter{Brightness: .4, Contrast: .4, P: .8},
	augment.Normalize{},
}

// imageSets are the images to learn from, and how.
func imageSets(o options) ([]imageSet, error) {
	train, test := 20_000, 5_000
	if o.Quick {
		train, test = 1000, 200
	}
	photographs, err := o.images.CIFAR10(train, test)
	if err != nil {
		return nil, err
	}
	chest, err := o.images.Pneumonia()
	if err != nil {
		return nil, err
	}
	shapes := func(seed uint64) data.Source { // Other images for every seed.
		return data.Shapes{Seed: seed, Train: 10_000, Validation: 2000, Test: 2000}
	}
	sets := []imageSet{
		{
			name: "cifar10", classes: 10, source: func(uint64) data.Source { return photographs },
			view: ssl.SimCLRView(32, .5), weak: semi.WeakView(),
			images: 300_000, batch: 128, lr: .5, scratch: .05, last: .01,
			counts: []int{10, 50, 250}, steps: []int{1000, 1000, 3000}, // 2,500 labels are not learnt in 1,000 steps.
			fixMatch: fixMatch{batch: 64, share: .25, threshold: .6},
		},
		{
			name: "pneumonia", classes: 2, source: func(uint64) data.Source { return chest }, // After quick has made it small.
			view: colourless, weak: colourless,
			images: 57_600, batch: 64, lr: .5, scratch: .15, last: .01,
			counts: []int{10, 50, 250}, steps: []int{1000, 1000, 1000},
			fixMatch: fixMatch{batch: 64, share: .25, threshold: .95},
		},
		{
			name: "shapes", classes: 10, source: shapes, view: question.ShapesView, weak: question.ShapesView,
			images: 115_200, batch: 64, lr: 1, scratch: .15, last: .05, counts: []int{10, 50}, steps: []int{2000, 2000},
			fixMatch: fixMatch{batch: 128, share: .5, threshold: .8},
		},
	}
	if o.Quick {
		chest.Train, chest.Test = 640, 200
		sets[2].source = func(seed uint64) data.Source {
			return data.Shapes{Seed: seed, Train: 640, Validation: 64, Test: 200}
		}
		for i := range sets {
			sets[i].images, sets[i].counts, sets[i].steps = 20*sets[i].batch, []int{4, 8}, []int{4, 4}
		}
	}
	return sets, nil
}

// measure measures all ways on all sets, and reports after each seed.
func measure(o options) error {
	s := settings{
		sizes:   sizes{seeds: o.seeds, draws: 3, probed: []int{2, 5, 25, 100}, shares: []int{16, 4}},
		encoder: encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem},
	}
	if o.Quick {
		s.sizes = sizes{seeds: 2, draws: 2, probed: []int{2}, shares: []int{4}}
	}
	name := "labels"
	sets, err := imageSets(o)
	if err != nil {
		return err
	}
	if o.set != "" { // A result of its own, so that two processes don't write the same.
		name += "-" + o.set
		sets = slices.DeleteFunc(sets, func(set imageSet) bool { return set.name != o.set })
		if len(sets) == 0 {
			return fmt.Errorf("-set is %q; it must be cifar10, pneumonia or shapes", o.set)
		}
	}
	if ready, err := o.launch.Ready(grid(o, s, sets)); err != nil || !ready {
		return err
	}
	out := result.New(name, protocol)
	out.Notes = append(out.Notes, s.note())
	var runs []string
	for _, set := range sets {
		var measured classifiers
		var found findings
		// All ways with one seed before any with the next: what is stopped compares what it has.
		for seed := range uint64(s.seeds) {
			if err := s.measure(o.Runs("labels", set.name), set, seed+1, &measured); err != nil {
				return fmt.Errorf("%s, seed %d: %w", set.name, seed+1, err)
			}
			if found, err = measured.findings(s, set); err != nil {
				return err
			}
			soFar := out
			soFar.Rows, soFar.Notes = slices.Concat(out.Rows, found.rows), append(slices.Clone(out.Notes), found.notes...)
			if err := soFar.TellRuns(append(slices.Clone(runs), s.runs(o.Runs("labels", set.name), set, seed+1)...)); err != nil {
				return err
			}
			if err := soFar.Write(o.Results()); err != nil {
				return err
			}
			if err := found.draw(o.Results(), s, set); err != nil {
				return err
			}
		}
		out.Rows, out.Notes = append(out.Rows, found.rows...), append(out.Notes, found.notes...)
		runs = append(runs, s.runs(o.Runs("labels", set.name), set, uint64(s.seeds))...)
	}
	return nil
}

// note tells the sizes.
func (s settings) note() string {
	return fmt.Sprintf("%d pretraining seeds with %d draws of labels each. Trainings on labels alone take batches of up to 50 images, "+
		"FixMatch of 64, of which 16 have labels, and on Shapes of 128, of which 64 have labels; both 1,000 of them, with 250 labels of "+
		"each class of CIFAR-10 3,000, and on Shapes 2,000. Images seen are those of all trainings that a way needs, SimCLR's among them, "+
		"and FLOPs what their forward and backward passes cost (three times the forward pass, a multiply-add being two). "+
		"The linear probe chooses its L2 by cross-validation on its labels. Learning rates and FixMatch's settings were chosen on "+
		"validation images with labels of another draw, 10 of each class.",
		s.seeds, s.draws)
}
