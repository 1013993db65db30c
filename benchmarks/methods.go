package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/plots"
)

const methodsProtocol = "Every method on the same images, as many of them, for each of several seeds: pretraining without labels, " +
	"then k-NN (k = 20, cosine, temperature 0.1) and a linear probe on frozen features of whole test images, with all training labels, " +
	"after the last step. The value is the mean over the seeds, the interval Student's t over them. Methods on patches or pixels " +
	"train a transformer, the others a ResNet; the optimiser is one for each of the two, not tuned for any method. Methods that compare views of an image " +
	"all get the same view, those with a pretext what their task needs. SupCon, alone, is told the labels."

// family is an encoder with the optimiser that all its methods get.
type family struct {
	name      string
	encoder   encoder.Encoder
	optimizer optim.Optimizer
}

// convolutional is a ResNet of the given depth and width.
func convolutional(depth, width int) family {
	return family{fmt.Sprintf("resnet%d-w%d-half", depth, width), encoder.ResNet{Depth: depth, Width: width, Stem: encoder.HalfStem},
		optim.SGD{LR: 2, Momentum: .9, WeightDecay: 5e-4}}
}

// onTokens is what all transformers are trained by.
var onTokens = optim.AdamW{LR: 1e-3, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1}

var (
	// withClassToken is a small ViT whose class token is the representation, for methods that compare it.
	withClassToken = family{"vit4-w96-p4-class", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
	// onPatches is the same, with the mean of the patches, for methods whose loss is on them.
	onPatches = family{"vit4-w96-p4", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3, Pool: encoder.MeanPatches}, onTokens}
	// onPixels is a transformer on the pixels of images of 8 × 8, in 64 colours, that sees only what comes before each.
	onPixels = family{"igpt4-w96-s8-l4", encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
)

// entry is a method and the family it trains.
type entry struct {
	method ssl.Method
	family family
}

const methodsBatch = 32

// entries are the methods of the comparison; to add one, add a line. Those that compare views of an image take the given view.
func entries(view augment.Pipeline, convolutional family) []entry {
	pair := []augment.Pipeline{view, view}
	return []entry{
		{ssl.SimCLR{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.DCL{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.MoCoV2{Temperature: .2, Hidden: 512, Queue: 2048, View: view}, convolutional},
		{ssl.MoCoV3{Temperature: .2, Hidden: 512, Pair: pair}, convolutional},
		{ssl.NNCLR{Temperature: .2, Hidden: 512, Queue: 2048, Pair: pair}, convolutional},
		{ssl.SupCon{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.MICLe{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.BYOL{Hidden: 512, Out: 128, Tau: .99, Pair: pair}, convolutional},
		{ssl.SimSiam{Hidden: 512, Out: 512, Bottleneck: 128, View: view}, convolutional},
		{ssl.BarlowTwins{Hidden: 512, Out: 512, Pair: pair}, convolutional},
		{ssl.VICReg{Hidden: 512, Out: 512, View: view}, convolutional},
		{ssl.WMSE{Hidden: 512, Out: methodsBatch / 2, View: view}, convolutional},
		{ssl.SwAV{Hidden: 512, Prototypes: 100, Crops: pair}, convolutional},
		{ssl.LeJEPA{Hidden: 512, Crops: pair}, convolutional},
		{ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04, Crops: pair}, convolutional},
		{ssl.IBOT{DINO: ssl.DINO{Hidden: 128, Prototypes: 256, Tau: .99, TeacherTemperature: .04, Crops: pair}}, withClassToken},
		{ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}, onPatches},
		{ssl.SimMIM{}, onPatches},
		{ssl.IJEPA{Predictor: encoder.Transformer{Width: 48, Depth: 2}, Tau: .99}, onPatches},
		{ssl.Inpainting{}, convolutional},
		{ssl.CPC{Grid: 3}, convolutional},
		{ssl.NextFrame{}, onPatches},
		{ssl.NextPixel{}, onPixels},
		{ssl.Rotation{}, convolutional},
		{ssl.Flipping{}, convolutional},
		// Enlarged to 36 pixels, so that a tile less its gap has the 16 that the encoder needs.
		{ssl.Jigsaw{Grid: 2, View: augment.Pipeline{
			augment.RandomResizedCrop{Size: 36, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		// Enlarged to 72 pixels for the same reason.
		{ssl.RelativeLocation{View: augment.Pipeline{
			augment.RandomResizedCrop{Size: 72, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		{ssl.Colorization{}, convolutional},
		{ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 512, View: view}}, {Method: ssl.Rotation{}, Weight: .5}}, convolutional},
	}
}

// shapesView takes away what differs between the images of Shapes but not between their classes, colour. Smaller crops would cut
// the outlines, which are all that the classes differ in.
var shapesView = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}},
	augment.Flip{},
	augment.ColorJitter{Brightness: .8, Contrast: .8, Saturation: .8, Hue: .4, P: .8},
	augment.Grey{P: .2},
	augment.Solarize{P: .3},
	augment.Normalize{},
}

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
	out := newResult("methods", methodsProtocol)
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
			if err := soFar.write(o.results()); err != nil {
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

// methodRun is what one encoder gave, in percent, and what its pretraining cost.
type methodRun struct {
	KNN    float64 `json:"knn"`
	Linear float64 `json:"linear"`
	Cost   *cost   `json:"cost,omitempty"`

	recipe json.RawMessage
	losses []float64 // Of every step.
}

// pretrainMethod trains and measures one seed, or reads what an earlier call measured of the same recipe.
func pretrainMethod(o options, set methodsSet, e entry, seed uint64) (methodRun, error) {
	dir := filepath.Join(o.runs, "methods", set.name, e.family.name, fmt.Sprintf("%s-%d", e.method.Name(), seed))
	resetPeakMemory()
	run, err := kit.Pretrain(dir, kit.Recipe{
		Data: set.data, Encoder: e.family.encoder, Method: e.method, Optimizer: e.family.optimizer,
		Batch: methodsBatch, Steps: set.images / methodsBatch, Seed: seed,
	})
	if err != nil {
		return methodRun{}, err
	}
	measured, err := remembered(filepath.Join(dir, "measured.json"), func() (methodRun, error) {
		measured, err := measureFeatures(run.Features)
		if err != nil {
			return methodRun{}, err
		}
		seconds, err := run.Seconds()
		if err != nil {
			return methodRun{}, err
		}
		seen := run.Recipe.Steps * run.Recipe.Batch
		measured.Cost = &cost{ImagesSeen: seen, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds, PeakMemoryGiB: peakMemoryGiB()}
		return measured, nil
	})
	if err != nil {
		return methodRun{}, err
	}
	steps, err := run.Metrics()
	if err != nil {
		return methodRun{}, err
	}
	for _, step := range steps[1:] { // The first is a look before training.
		measured.losses = append(measured.losses, step.Loss)
	}
	measured.recipe, err = os.ReadFile(filepath.Join(dir, "recipe.json"))
	return measured, err
}

// measureRandom measures the encoder that a run of this family began with.
func measureRandom(o options, set methodsSet, e entry, seed uint64) (methodRun, error) {
	dir := filepath.Join(o.runs, "methods", set.name, e.family.name)
	return remembered(filepath.Join(dir, fmt.Sprintf("random-%d.json", seed)), func() (methodRun, error) {
		return measureFeatures((&kit.Run{
			Dir:    filepath.Join(dir, fmt.Sprintf("%s-%d", e.method.Name(), seed)),
			Recipe: kit.Recipe{Data: set.data, Encoder: e.family.encoder, Method: e.method},
		}).InitialFeatures)
	})
}

// remembered is what is written at path, or else what measure gives, which is written there.
func remembered(path string, measure func() (methodRun, error)) (methodRun, error) {
	var measured methodRun
	encoded, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(encoded, &measured); err != nil {
			return methodRun{}, fmt.Errorf("reading %s: %w", path, err)
		}
		return measured, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return methodRun{}, err
	}
	if measured, err = measure(); err != nil {
		return methodRun{}, err
	}
	if encoded, err = json.MarshalIndent(measured, "", "  "); err != nil {
		return methodRun{}, err
	}
	return measured, os.WriteFile(path, append(encoded, '\n'), 0o644)
}

// measureFeatures evaluates representations by k-NN and a linear probe.
func measureFeatures(features func(data.Split) (eval.Features, error)) (methodRun, error) {
	train, err := features(data.Train)
	if err != nil {
		return methodRun{}, err
	}
	test, err := features(data.Test)
	if err != nil {
		return methodRun{}, err
	}
	knn, err := eval.KNN{K: 20, Temperature: .1}.Evaluate(train, test)
	if err != nil {
		return methodRun{}, err
	}
	linear, err := eval.Linear{L2: []float64{1e-3}, MaxIterations: 100}.Evaluate(train, test)
	if err != nil {
		return methodRun{}, err
	}
	return methodRun{KNN: 100 * knn.Value, Linear: 100 * linear.Value}, nil
}

// methodRows are the rows of one set: the random encoder of each family before the first method that trains it.
func methodRows(set string, chosen []entry, trained [][]methodRun, untrained map[string][]methodRun) ([]row, error) {
	var rows []row
	shown := map[string]bool{}
	for i, e := range chosen {
		if !shown[e.family.name] {
			shown[e.family.name] = true
			random, err := overSeeds("random/"+set+"/"+e.family.name, untrained[e.family.name])
			if err != nil {
				return nil, err
			}
			rows = append(rows, random...)
		}
		found, err := overSeeds(e.method.Name()+"/"+set+"/"+e.family.name, trained[i])
		if err != nil {
			return nil, err
		}
		found[0].Cost, found[0].Recipe, found[0].Detail = meanCost(trained[i]), trained[i][0].recipe, lossDetail(trained[i])
		rows = append(rows, found...)
	}
	return rows, nil
}

// notClear says which methods' k-NN accuracy is not clear of the random encoder's of their family: their intervals touch, or it
// is below.
func notClear(set string, rows []row) string {
	random := map[string]row{} // By the name of the family.
	var names []string
	for _, r := range rows {
		if r.Metric != "k-NN accuracy" {
			continue
		}
		part := strings.Split(r.Case, "/")
		if part[0] == "random" {
			random[part[2]] = r
		} else if r.Low <= random[part[2]].High {
			names = append(names, part[0])
		}
	}
	if slices.ContainsFunc(rows, func(r row) bool { return r.N < 2 }) {
		return fmt.Sprintf("On %s there is one seed so far, and no interval.", set)
	}
	if len(names) == 0 {
		return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart.", set)
	}
	return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart, but for %s.",
		set, strings.Join(names, ", "))
}

// lossDetail tells how far the loss fell: for a pretext task with k answers, chance is ln k.
func lossDetail(runs []methodRun) string {
	var first, last float64
	for _, r := range runs {
		span := min(50, len(r.losses))
		first += stat.Mean(r.losses[:span], nil) / float64(len(runs))
		last += stat.Mean(r.losses[len(r.losses)-span:], nil) / float64(len(runs))
	}
	return fmt.Sprintf("mean loss of the first 50 steps %.3f, of the last 50 %.3f", first, last)
}

// overSeeds are two rows, k-NN and linear, each the mean over the runs with its interval.
func overSeeds(name string, runs []methodRun) ([]row, error) {
	var knn, linear []float64
	for _, r := range runs {
		knn, linear = append(knn, r.KNN), append(linear, r.Linear)
	}
	var rows []row
	for _, m := range []struct {
		metric string
		values []float64
	}{{"k-NN accuracy", knn}, {"linear probe accuracy", linear}} {
		mean, err := metric.MeanInterval(m.values)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{Case: name, Metric: m.metric, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: "%", N: mean.N, Seed: 1})
	}
	return rows, nil
}

// meanCost is the mean of what the runs took.
func meanCost(runs []methodRun) *cost {
	var sum cost
	n := float64(len(runs))
	for _, r := range runs {
		sum.ImagesSeen = r.Cost.ImagesSeen
		sum.Seconds += r.Cost.Seconds / n
		sum.ImagesPerSecond += r.Cost.ImagesPerSecond / n
		sum.PeakMemoryGiB += r.Cost.PeakMemoryGiB / n
	}
	return &sum
}

// drawMethods draws the k-NN accuracies of one set, the best first.
func drawMethods(o options, set string, rows []row) error {
	var bars []plots.Bar
	for _, r := range rows {
		if r.Metric == "k-NN accuracy" {
			method, setting, _ := strings.Cut(r.Case, "/")
			_, network, _ := strings.Cut(setting, "/")
			network, _, _ = strings.Cut(network, "-")
			bars = append(bars, plots.Bar{
				Name: method + ", " + network, Value: r.Value, Low: r.Low, High: r.High, Highlight: method != "random",
			})
		}
	}
	if len(bars) == 0 {
		return nil
	}
	slices.SortStableFunc(bars, func(a, b plots.Bar) int {
		if a.Value > b.Value {
			return -1
		}
		return 1
	})
	figure, err := plots.Bars("Methods under one small budget, "+set, "k-NN accuracy (%)", bars...)
	if err != nil {
		return err
	}
	return figure.Save(filepath.Join(o.results(), "methods-"+set+".png"))
}
