package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/ssl"
)

const methodsProtocol = "Every method on the same images, as many of them, for each of several seeds: pretraining without labels, " +
	"then k-NN (k = 20, cosine, temperature 0.1) and a linear probe on frozen features of whole test images, with all training labels, " +
	"after the last step. The value is the mean over the seeds, the interval Student's t over them. Methods on patches or pixels " +
	"train a transformer, the others a ResNet; the optimiser is one for each of the two, not tuned for any method, but for VICReg and " +
	"W-MSE, which have a quarter of its learning rate: VICReg diverges by it. Methods that compare views of an image all get the same " +
	"view, those with a pretext what their task needs. SupCon, alone, is told the labels."

// The images of CIFAR-10 that are used, evenly over the classes: as many for training as Shapes has.
const methodsTrain, methodsTest = 10_000, 5_000

// methodsSet is a set of images with the view that suits them.
type methodsSet struct {
	name string
	data data.Source
	view augment.Pipeline
	// images is the number that a run sees.
	images int
	// video tells whether the images are the first frames of clips.
	video bool
}

// methods compares all methods under one budget.
func methods(o options) error {
	seeds, images := o.seeds, o.images
	shapes := data.Shapes{}
	if o.quick {
		seeds, images, shapes = 1, 640, data.Shapes{Train: 1000, Validation: 256, Test: 200}
	}
	sets := []methodsSet{ // Photographs teach something sooner: half as many show what a method does.
		{"shapes", shapes, shapesView, images, true},
		{"cifar10", photos(o, methodsTrain, methodsTest), ssl.SimCLRView(32, .5), images / 2, false},
	}
	name := "methods"
	if o.set != "" { // A result of its own, so that two processes don't write the same.
		name += "-" + o.set
	}
	out := newResult(name, methodsProtocol)
	out.Notes = []string{fmt.Sprintf("Each run sees %d images of the 10,000 for training of Shapes, or %d of %d of CIFAR-10, evenly over the classes, each "+
		"in as many views as its method wants, in batches of %d. Test images are 2,000 and %d. Seeds: %d. Seconds and memory are the mean of "+
		"one run.", images, images/2, methodsTrain, methodsBatch, methodsTest, seeds)}
	if o.set != "" {
		sets = slices.DeleteFunc(sets, func(s methodsSet) bool { return s.name != o.set })
		if len(sets) == 0 {
			return fmt.Errorf("-set is %q; it must be shapes or cifar10", o.set)
		}
	}
	for _, set := range sets {
		chosen, err := chosenEntries(o.only, entries(set.view, convolutional(o.depth, o.width)))
		if err != nil {
			return err
		}
		chosen = slices.DeleteFunc(chosen, func(e entry) bool { // What learns from video has no row where there is none.
			_, video := e.method.(ssl.ReadsClips)
			return video && !set.video
		})
		trained := make([][]methodRun, len(chosen))
		untrained := map[string][]methodRun{} // By the name of the family.
		var rows []row
		for seed := range uint64(seeds) { // All methods with one seed before any with the next: what is stopped compares what it has.
			for i, e := range chosen {
				run, err := pretrainMethod(o, set, e, seed+1)
				if err != nil {
					return fmt.Errorf("%s on %s, seed %d: %w", e.method.Name(), set.name, seed+1, err)
				}
				trained[i] = append(trained[i], run)
				if len(untrained[e.family.name]) == int(seed) {
					random, err := measureRandom(o, set, e, seed+1)
					if err != nil {
						return fmt.Errorf("random %s on %s, seed %d: %w", e.family.name, set.name, seed+1, err)
					}
					untrained[e.family.name] = append(untrained[e.family.name], random)
				}
			}
			if rows, err = methodRows(set.name, chosen, trained, untrained); err != nil {
				return err
			}
			soFar := out
			soFar.Rows, soFar.Notes = slices.Concat(out.Rows, rows), append(slices.Clone(out.Notes), notClear(set.name, rows))
			if err := soFar.Write(o.results()); err != nil {
				return err
			}
		}
		out.Rows, out.Notes = append(out.Rows, rows...), append(out.Notes, notClear(set.name, rows))
		if err := drawMethods(o, set.name, rows); err != nil {
			return err
		}
	}
	return nil
}

// photos are so many training and test images of CIFAR-10.
func photos(o options, train, test int) data.Source {
	if o.quick {
		train, test = 1000, 200
	}
	if _, err := os.Stat(o.data); err != nil {
		return data.CIFAR10{Train: train, Test: test}
	}
	return data.ImageFolder{Path: o.data, Size: 32, Train: train, Test: test}
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
