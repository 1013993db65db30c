// Command labels asks how many labels each way to a classifier needs:
//
//	go run ./benchmarks/labels
//	go run ./benchmarks/labels -set cifar10   # one set of images alone
package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

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

const protocol = "Accuracy on test images against the number of labelled training images of each class: a network trained from scratch " +
	"on the labels; a linear probe on raw pixels, on the same network with random weights, and on SimCLR's; SimCLR's network " +
	"fine-tuned; semi-supervised methods on the labels and all images, from scratch and from SimCLR's network. Every way has the same " +
	"ResNet-10 of width 16 (half stem) and the same labels, other ones for each seed. What trains a network costs as many operations, " +
	"the pretraining counted, and gets the best of as many learning rates, by a held-out fifth of the training images, for each number " +
	"of labels; a probe chooses its L2 by cross-validation on its labels. SimCLR's own settings are fixed. Semi-supervised methods see " +
	"weak views and strong ones by RandAugment, and evaluate a running mean of the weights, as in USB. Values are means over the seeds, " +
	"intervals Student's t over them, differences paired by seed and labels. Trainings go to their last step; test images choose nothing."

// options are the flags.
type options struct {
	question.Options
	images question.Images
	launch launch.Flags
	set    string // The only set of images; all where empty.
	semi   string // The semi-supervised methods, by name, with commas between.
	seeds  int
}

func main() {
	var o options
	o.Register()
	o.images.Register()
	o.launch.Register()
	flag.StringVar(&o.set, "set", "", "only on these images: cifar10, pneumonia or shapes; processes with a set each keep all "+
		"cores busy, each with a result of its own, and one without it then writes them all")
	flag.StringVar(&o.semi, "semi", "fixmatch", "the semi-supervised methods, by name, with commas between: fixmatch, freematch, "+
		"flexmatch, softmatch, uda, simmatch, mixmatch")
	flag.IntVar(&o.seeds, "seeds", 5, "the number of seeds, of pretraining and of the labels that go with it")
	question.Main("labels", asks, func() error { return measure(o) })
}

// imageSet is a set of images with what suits it.
type imageSet struct {
	name         string
	classes      int
	source       func(seed uint64) data.Source
	view         augment.Pipeline // Of SimCLR, and of what trains on labels alone.
	weak, strong augment.Pipeline // Of semi-supervised methods.

	images, batch int     // How many SimCLR sees, and in what batches.
	lr            float64 // Of SimCLR, for 256 images a step.
	semiBatch     int     // Of semi-supervised methods.
	share         float64 // Of that batch that has labels.
	threshold     float64 // Of their confidence.
	counts        []int   // Labels of each class for every way.
	steps         int     // Of fine-tuning in batches of 50, whose operations all have besides the pretraining's.
}

// settings are the network and the sizes of all sets.
type settings struct {
	dir     string // Where the runs are.
	seeds   int
	probed  []int // Labels of each class that a linear probe, which costs little, is given besides.
	shares  []int // SimCLR is measured by its linear probe at these parts of its images too, each a training of its own.
	semi    []string
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

// withRandAugment is a view of which the last step, which normalises, is preceded by the operations
// of FixMatch's RandAugment.
func withRandAugment(view augment.Pipeline) augment.Pipeline {
	last := len(view) - 1
	return slices.Concat(view[:last], augment.Pipeline{augment.RandAugment{P: .5, Vary: true, Translation: 10. / 32}}, view[last:])
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
	crops := augment.Pipeline{augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{}}
	sets := []imageSet{
		{
			name: "cifar10", classes: 10, source: func(uint64) data.Source { return photographs },
			view: ssl.SimCLRView(32, .5), weak: semi.WeakView(), strong: semi.StrongView(),
			images: 150_000, batch: 128, lr: .5, counts: []int{10, 50, 250}, steps: 1000,
			semiBatch: 64, share: .25, threshold: .6,
		},
		{
			name: "pneumonia", classes: 2, source: func(uint64) data.Source { return chest }, // After quick has made it small.
			view: colourless, weak: crops, strong: withRandAugment(crops),
			images: 57_600, batch: 64, lr: .5, counts: []int{10, 50, 250}, steps: 500,
			semiBatch: 64, share: .25, threshold: .95,
		},
		{
			name: "shapes", classes: 10, source: shapes, view: question.ShapesView, weak: crops, strong: withRandAugment(question.ShapesView),
			images: 115_200, batch: 64, lr: 1, counts: []int{10, 50}, steps: 1000,
			semiBatch: 128, share: .5, threshold: .8,
		},
	}
	if o.Quick {
		chest.Train, chest.Test = 640, 200
		sets[2].source = func(seed uint64) data.Source {
			return data.Shapes{Seed: seed, Train: 640, Validation: 64, Test: 200}
		}
		for i := range sets {
			sets[i].images, sets[i].counts, sets[i].steps = 4*sets[i].batch, []int{4}, 2
		}
	}
	return sets, nil
}

// measure measures all ways on all sets, and reports after each seed.
func measure(o options) error {
	s := settings{
		dir: o.Runs("labels"), seeds: o.seeds, probed: []int{2, 5, 25, 100}, shares: []int{16, 4},
		encoder: encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem},
	}
	if o.semi != "" {
		s.semi = strings.Split(o.semi, ",")
	}
	if o.Quick {
		s.seeds, s.probed, s.shares = question.Given("seeds", o.seeds, 2), []int{2}, []int{4}
		s.encoder = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}
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
	cells, err := grids(o, s, sets)
	if err != nil {
		return err
	}
	if ready, err := o.launch.Ready(cells...); err != nil || !ready {
		return err
	}
	out := result.New(name, protocol)
	out.Notes = append(out.Notes, s.note())
	var runs []string
	for _, set := range sets {
		images, err := o.Describe(set.name, set.source(1))
		if err != nil {
			return err
		}
		out.Data = append(out.Data, images)
		all, err := ways(set, s.semi)
		if err != nil {
			return err
		}
		found, err := s.measure(set, all, uint64(s.seeds))
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		out.Rows, out.Notes = append(out.Rows, found.rows...), append(out.Notes, found.notes...)
		runs = append(runs, s.runs(set, all, uint64(s.seeds))...)
		if err := out.Write(o.Results()); err != nil {
			return err
		}
		if err := found.draw(o.Results(), s, set); err != nil {
			return err
		}
	}
	if err := out.TellRuns(runs); err != nil {
		return err
	}
	return out.Write(o.Results())
}

// note tells the sizes.
func (s settings) note() string {
	return fmt.Sprintf("Seeds: %d. Trainings on labels alone take batches of up to 50 images, semi-supervised ones of 64, of which 16 "+
		"have labels, and on Shapes of 128, of which 64 have labels. Images seen and FLOPs are those of all trainings that a way needs, SimCLR's among "+
		"them. FixMatch's share of labels and threshold were chosen on validation images in earlier runs.", s.seeds)
}
