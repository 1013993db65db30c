// Command methods asks which method learns how much from the same images:
//
//	go run ./benchmarks/methods
//	go run ./benchmarks/methods -set shapes -only simclr,byol -seeds 1
//
// To add a method, add a line to entries.
package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/ssl"
)

const asks = "Which method learns how much from the same images, under one small budget?"

const protocol = "Every method on the same images, as many of them, for each of several seeds: pretraining without labels, " +
	"then k-NN (k = 20, cosine, temperature 0.1) and a linear probe on frozen features of whole test images, with all training " +
	"labels, after the last step. The value is the mean over the seeds, the interval Student's t over them. Methods on patches " +
	"or pixels train a transformer, the others a ResNet; the optimiser is one for each of the two, with the best of four " +
	"learning rates for each method: by k-NN on a fifth of the training images, held out of trainings of a fifth of the budget " +
	"with seed 1. A method is compared with the random encoder that it began with, paired by seed. Methods that compare views of " +
	"an image all get the same view, those with a pretext what their task needs. SupCon, alone, is told the labels."

// options are the flags.
type options struct {
	question.Options
	photographs question.Images
	launch      launch.Flags
	set         string // The only set of images; all where empty.
	only        string // The methods to compare, by name, with commas between; all where empty.
	seeds       int
	images      int // The number of images that a run sees of Shapes.
	depth       int // Of the ResNet.
	width       int // Of the ResNet.
}

func main() {
	var o options
	o.Register()
	o.photographs.Register()
	o.launch.Register()
	flag.StringVar(&o.set, "set", "", "only on these images: shapes or cifar10; a process for each keeps all cores busy, each "+
		"with a result of its own, and one without it then writes both")
	flag.StringVar(&o.only, "only", "", "only these methods, by name, with commas between; of the others stands in the "+
		"result what was measured before")
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
	flag.IntVar(&o.images, "images", 38_400, "the number of images that a run sees of Shapes; of CIFAR-10 it is half of that")
	flag.IntVar(&o.depth, "depth", 10, "the depth of the ResNet: 10, 18, 34 or 50")
	flag.IntVar(&o.width, "width", 16, "the width of the ResNet")
	question.Main("methods", asks, func() error { return measure(o) })
}

// The images of CIFAR-10 that are used, evenly over the classes: as many for training as Shapes
// has.
const cifarTrain, cifarTest = 10_000, 5_000

// Those of -quick: as many for training as the queues hold. A test of a method without a queue has
// fewer.
var quickTrain, quickTest = 2048, 200

// imageSet is a set of images with the view that suits them.
type imageSet struct {
	name string
	data data.Source
	view augment.Pipeline
	// images is the number that a run sees.
	images int
	// video tells whether the images are the first frames of clips.
	video bool

	all    []entry // Of the comparison.
	chosen []entry // Those that are measured.
}

// imageSets are the images to learn from, with the methods that are measured on them.
func imageSets(o options) ([]imageSet, error) {
	shapes, train, test := data.Shapes{}, cifarTrain, cifarTest
	if o.Quick {
		train, test = quickTrain, quickTest
		shapes = data.Shapes{Train: train, Validation: test, Test: test}
	}
	photographs, err := o.photographs.CIFAR10(train, test)
	if err != nil {
		return nil, err
	}
	sets := []imageSet{ // Photographs teach something sooner: half as many show what a method does.
		{name: "shapes", data: shapes, view: question.ShapesView, images: o.images, video: true},
		{name: "cifar10", data: photographs, view: ssl.SimCLRView(32, .5), images: o.images / 2},
	}
	if o.set != "" {
		sets = slices.DeleteFunc(sets, func(s imageSet) bool { return s.name != o.set })
		if len(sets) == 0 {
			return nil, fmt.Errorf("-set is %q; it must be shapes or cifar10", o.set)
		}
	}
	for i := range sets {
		set := &sets[i]
		set.all = entries(set.view, convolutional(o.depth, o.width))
		if set.chosen, err = chosenEntries(o.only, set.all); err != nil {
			return nil, err
		}
		set.chosen = slices.DeleteFunc(set.chosen, func(e entry) bool { // What learns from video has no row where there is none.
			_, video := e.method.(ssl.ReadsClips)
			return video && !set.video
		})
	}
	return sets, nil
}

// measure compares all methods under one budget, and reports after each seed.
func measure(o options) error {
	if o.Quick {
		o.seeds, o.images = question.Given("seeds", o.seeds, 1), question.Given("images", o.images, 640)
	}
	seeds, images := o.seeds, o.images
	sets, err := imageSets(o)
	if err != nil {
		return err
	}
	if ready, err := o.launch.Ready(trialGrid(o, sets), grid(o, sets)); err != nil || !ready {
		return err
	}
	name := "methods"
	if o.set != "" { // A result of its own, so that two processes don't write the same.
		name += "-" + o.set
	}
	out := result.New(name, protocol)
	earlier, err := o.earlierResult(name)
	if err != nil {
		return err
	}
	out.Notes = []string{fmt.Sprintf("Each run sees %d images of the 10,000 for training of Shapes, or %d of %d of CIFAR-10, "+
		"evenly over the classes, each in as many views as its method wants, in batches of %d. Test images are 2,000 and %d. "+
		"Seeds: %d. Seconds and memory are the mean of one run.", images, images/2, cifarTrain, batch, cifarTest, seeds)}
	var runs []string
	for _, set := range sets {
		images, err := o.Describe(set.name, set.data)
		if err != nil {
			return err
		}
		out.Data = append(out.Data, images)
		trained := make([][]measurement, len(set.chosen))
		untrained := map[string][]measurement{} // By the name of the family.
		var rows []result.Row
		// All methods with one seed before any with the next: what is stopped compares what it has.
		for seed := range uint64(seeds) {
			for i, e := range set.chosen {
				run, err := pretrain(o, set, e, seed+1)
				if err != nil {
					return fmt.Errorf("%s on %s, seed %d: %w", e.method.Name(), set.name, seed+1, err)
				}
				trained[i] = append(trained[i], run)
				runs = append(runs, runDir(o, set, e, seed+1))
				if set.first(i) {
					random, err := measureRandom(o, set, e, seed+1)
					if err != nil {
						return fmt.Errorf("random %s on %s, seed %d: %w", e.family.name, set.name, seed+1, err)
					}
					untrained[e.family.name] = append(untrained[e.family.name], random)
				}
			}
			if rows, err = setRows(set.name, set.chosen, trained, untrained); err != nil {
				return err
			}
			rows = merged(set.name, set.all, rows, earlier, out.Commit)
			soFar := out
			soFar.Rows, soFar.Notes = slices.Concat(out.Rows, rows), append(slices.Clone(out.Notes), verdicts(set.name, rows))
			if err := soFar.TellRuns(runs); err != nil {
				return err
			}
			if err := soFar.Write(o.Results()); err != nil {
				return err
			}
		}
		out.Rows, out.Notes = append(out.Rows, rows...), append(out.Notes, verdicts(set.name, rows))
		if err := draw(filepath.Join(o.Results(), "methods-"+set.name+".png"), set.name, rows); err != nil {
			return err
		}
	}
	return nil
}

// chosenEntries are those with the given names, with commas between; all where there is none.
func chosenEntries(only string, all []entry) ([]entry, error) {
	if only == "" {
		return all, nil
	}
	var chosen []entry
	for _, name := range strings.Split(only, ",") {
		at := slices.IndexFunc(all, func(e entry) bool { return e.method.Name() == name })
		if at < 0 {
			var names []string
			for _, e := range all {
				names = append(names, e.method.Name())
			}
			return nil, fmt.Errorf("-only: there is no method %q; there are %s", name, strings.Join(names, ", "))
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}
