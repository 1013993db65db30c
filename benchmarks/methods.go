package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

const methodsProtocol = "Every method on the same images, as many of them, for each of several seeds: pretraining without labels, then k-NN (k = 20, " +
	"cosine, temperature 0.1) and a linear probe on frozen features of whole test images, with all training labels, after the last step. " +
	"The value is the mean over the seeds, the interval Student's t over them. Methods on patches train a ViT, the others a ResNet; the " +
	"optimiser is one for each of the two, not tuned for any method."

// family is an encoder with the optimiser that all its methods get.
type family struct {
	name      string
	encoder   encoder.Encoder
	optimizer optim.Optimizer
}

var (
	convolutional = family{"resnet18-w16-half", encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
		optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4}}
	onPatches = family{"vit4-w96-p4", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3},
		optim.AdamW{LR: 1e-3, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1}}
)

// entry is a method and the family it trains. To add a method to the comparison, add a line.
type entry struct {
	method ssl.Method
	family family
}

var entries = []entry{
	{ssl.SimCLR{Temperature: .2, Hidden: 512}, convolutional},
	{ssl.DCL{Hidden: 512}, convolutional},
	{ssl.MoCoV2{Hidden: 512, Queue: 32 * methodsBatch}, convolutional},
	{ssl.MoCoV3{Hidden: 512}, convolutional},
	{ssl.NNCLR{Hidden: 512, Queue: 32 * methodsBatch}, convolutional},
	{ssl.SupCon{Hidden: 512}, convolutional},
	{ssl.BYOL{Hidden: 512, Out: 128}, convolutional},
	{ssl.SimSiam{Hidden: 512, Out: 512, Bottleneck: 128}, convolutional},
	{ssl.BarlowTwins{Hidden: 512, Out: 512}, convolutional},
	{ssl.VICReg{Hidden: 512, Out: 512}, convolutional},
	{ssl.SwAV{Hidden: 512, Prototypes: 100}, convolutional},
	{ssl.LeJEPA{Hidden: 512}, convolutional},
	{ssl.WMSE{Hidden: 512}, convolutional},
	{ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}, convolutional},
	{ssl.IBOT{DINO: ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}}, onPatches},
	{ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}, onPatches},
	{ssl.SimMIM{}, onPatches},
	{ssl.Inpainting{}, convolutional},
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
	{ssl.CPC{Grid: 3}, convolutional},
	{ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 512}}, {Method: ssl.Rotation{}, Weight: .5}}, convolutional},
	{ssl.IJEPA{Predictor: encoder.Transformer{Width: 48, Depth: 2}, Tau: .99}, onPatches},
}

// methods compares all methods under one budget.
func methods(o options) error {
	seeds, images := o.seeds, o.images
	shapes, photos := data.Source(data.Shapes{}), realSource(o)
	if o.quick {
		seeds, images, shapes = 1, 640, data.Shapes{Train: 1000, Validation: 256, Test: 200}
	}
	out := newResult("methods", methodsProtocol)
	out.Notes = []string{fmt.Sprintf("Each run sees %d images (in as many views as its method wants), in batches of %d; %d seeds. Seconds and memory are "+
		"the mean of one run.", images, methodsBatch, seeds)}
	for _, source := range []struct {
		name string
		data data.Source
	}{{"shapes", shapes}, {"cifar10", photos}} {
		var rows []row
		for _, e := range entries {
			if o.only != "" && !slices.Contains(strings.Split(o.only, ","), e.method.Name()) {
				continue
			}
			var runs []methodRun
			for seed := range seeds {
				measured, err := pretrainMethod(o, source.name, source.data, e, uint64(seed+1), images)
				if err != nil {
					return fmt.Errorf("%s on %s, seed %d: %w", e.method.Name(), source.name, seed+1, err)
				}
				runs = append(runs, measured)
			}
			setting := source.name + "/" + e.family.name
			if untrained := "random/" + setting; !slices.ContainsFunc(rows, func(r row) bool { return r.Case == untrained }) {
				found, err := overSeeds(untrained, runs, func(r methodRun) (float64, float64) { return r.RandomKNN, r.RandomLinear })
				if err != nil {
					return err
				}
				rows = append(rows, found...)
			}
			found, err := overSeeds(e.method.Name()+"/"+setting, runs, func(r methodRun) (float64, float64) { return r.KNN, r.Linear })
			if err != nil {
				return err
			}
			found[0].Cost = meanCost(runs)
			rows = append(rows, found...)
			written := out
			written.Rows = append(slices.Clone(out.Rows), rows...)
			if err := written.write(o.results()); err != nil { // What is measured is kept, whatever comes after.
				return err
			}
		}
		out.Rows = append(out.Rows, rows...)
		if err := drawMethods(o, source.name, rows); err != nil {
			return err
		}
	}
	return nil
}

const methodsBatch = 128

// methodRun is what one pretraining gave, in percent, and what it cost.
type methodRun struct {
	KNN          float64 `json:"knn"`
	Linear       float64 `json:"linear"`
	RandomKNN    float64 `json:"random_knn"`
	RandomLinear float64 `json:"random_linear"`
	Cost         cost    `json:"cost"`
}

// pretrainMethod trains and measures one seed, or reads what an earlier call measured of the same recipe.
func pretrainMethod(o options, set string, source data.Source, e entry, seed uint64, images int) (methodRun, error) {
	dir := filepath.Join(o.runs, "methods", set, fmt.Sprintf("%s-%d", e.method.Name(), seed))
	resetPeakMemory()
	run, err := kit.Pretrain(dir, kit.Recipe{
		Data: source, Encoder: e.family.encoder, Method: e.method, Optimizer: e.family.optimizer,
		Batch: methodsBatch, Steps: images / methodsBatch, Seed: seed,
	})
	if err != nil {
		return methodRun{}, err
	}
	var measured methodRun
	path := filepath.Join(dir, "measured.json")
	if encoded, err := os.ReadFile(path); err == nil && json.Unmarshal(encoded, &measured) == nil {
		return measured, nil
	}
	for _, of := range []struct {
		features    func(data.Split) (eval.Features, error)
		knn, linear *float64
	}{{run.Features, &measured.KNN, &measured.Linear}, {run.InitialFeatures, &measured.RandomKNN, &measured.RandomLinear}} {
		train, err := of.features(data.Train)
		if err != nil {
			return methodRun{}, err
		}
		test, err := of.features(data.Test)
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
		*of.knn, *of.linear = 100*knn.Value, 100*linear.Value
	}
	seconds, err := run.Seconds()
	if err != nil {
		return methodRun{}, err
	}
	seen := run.Recipe.Steps * run.Recipe.Batch
	measured.Cost = cost{ImagesSeen: seen, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds, PeakMemoryGiB: peakMemoryGiB()}
	encoded, err := json.MarshalIndent(measured, "", "  ")
	if err != nil {
		return methodRun{}, err
	}
	return measured, os.WriteFile(path, append(encoded, '\n'), 0o644)
}

// overSeeds are two rows, k-NN and linear, each the mean over the runs with its interval.
func overSeeds(name string, runs []methodRun, of func(methodRun) (knn, linear float64)) ([]row, error) {
	var knn, linear []float64
	for _, r := range runs {
		k, l := of(r)
		knn, linear = append(knn, k), append(linear, l)
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
