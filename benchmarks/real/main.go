package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const realProtocol = "SimCLR on the 50,000 training images of CIFAR-10, without labels. Then k-NN (k = 20, cosine, temperature 0.1) on frozen " +
	"features of whole images, with all training labels, on the 10,000 test images, after the last step. The settings were " +
	"chosen in short runs by k-NN on a tenth of the training images, held out, never on the test images."

// smallBudget is the number of images that the first recipe may see: that of a run of PyTorch and lightly with the same
// encoder that reached 50.6 %.
const smallBudget = 157_440

// real pretrains on real images and measures the representation beside its baselines.
func real(o options) error {
	source := realSource(o)
	out := newResult("real", realProtocol)
	out.Notes = []string{"An image seen is an image read for a step; each is seen in two augmented views. For comparison, with the budget of the " +
		"first recipe PyTorch and lightly reached 50.6 % k-NN with the same encoder."}

	pixels, err := knnOn("pixels/cifar10", func(split data.Split) (eval.Features, error) { return kit.PixelFeatures(source, split) })
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows, pixels)
	before := readRows(filepath.Join(o.results(), out.Benchmark+".json"))
	for _, c := range realCases(o, source) {
		rows, err := pretrainAndMeasure(o, c.name, c.recipe, before)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, rows...)
		if err := out.Write(o.results()); err != nil { // What is measured is kept, whatever comes after.
			return err
		}
	}
	if !accelerated(out.Backend) {
		out.Notes = append(out.Notes, "The published size (ResNet-18 of width 64, 100 epochs, bfloat16; 83.2 ± 0.2 % k-NN with k = 10 and "+
			"85.6 ± 0.2 % linear in 20 minutes of one A100, dkobak/simclr-cifar10) was not run: this machine has no accelerator. The same "+
			"command runs it where one answers.")
		return out.Write(o.results())
	}
	rows, err := publishedSize(o, source)
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows, rows...)
	return out.Write(o.results())
}

// realSource is CIFAR-10 from the given path, or the official archive where there is nothing at that path.
func realSource(o options) data.Source {
	folder := data.ImageFolder{Path: o.data, Size: 32}
	official := data.CIFAR10{}
	if o.quick {
		folder.Train, folder.Test = 2000, 500
		official.Train, official.Test = 2000, 500
	}
	if _, err := os.Stat(o.data); err != nil {
		return official
	}
	return folder
}

// realCase is a recipe with the name of its row.
type realCase struct {
	name   string
	recipe kit.Recipe
}

// realCases are the recipes for two CPU cores.
func realCases(o options, source data.Source) []realCase {
	steps := func(images, batch int) int {
		if o.quick {
			return 20
		}
		return images / batch
	}
	return []realCase{
		{"simclr/cifar10/resnet18-w16", kit.Recipe{
			Data:      source,
			Encoder:   encoder.ResNet{Depth: 18, Width: 16},
			Method:    ssl.SimCLR{Temperature: .2, Hidden: 512},
			Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4},
			Batch:     128, Steps: steps(smallBudget, 128), Seed: 1,
		}},
		// Half the resolution is several times as many images in the same time, which is worth more than the detail.
		{"simclr/cifar10/resnet18-w16-half", kit.Recipe{
			Data:      source,
			Encoder:   encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
			Method:    ssl.SimCLR{Temperature: .2, Hidden: 512},
			Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4},
			Batch:     128, Steps: steps(16*50_000, 128), Seed: 1,
		}},
	}
}

// publishedSize is the recipe of dkobak/simclr-cifar10, for an accelerator.
func publishedSize(o options, source data.Source) ([]row, error) {
	recipe := kit.Recipe{
		Data:      source,
		Encoder:   encoder.ResNet{Depth: 18, Width: 64},
		Method:    ssl.SimCLR{Temperature: .5, Hidden: 1024, Out: 128},
		Optimizer: optim.SGD{LR: .03, Momentum: .9, WeightDecay: 5e-4},
		Schedule:  optim.WarmupCosine{Warmup: .1},
		Precision: kit.BFloat16,
		Batch:     1024, Epochs: 100, Seed: 1,
	}
	if o.quick {
		recipe.Epochs, recipe.Steps = 0, 20
	}
	name := "simclr/cifar10/resnet18-w64"
	rows, err := pretrainAndMeasure(o, name, recipe, nil)
	if err != nil {
		return nil, err
	}
	run, err := kit.Pretrain(filepath.Join(o.runs, name), recipe)
	if err != nil {
		return nil, err
	}
	train, err := run.Features(data.Train)
	if err != nil {
		return nil, err
	}
	test, err := run.Features(data.Test)
	if err != nil {
		return nil, err
	}
	for _, of := range []struct {
		metric string
		probe  eval.Probe
	}{{"k-NN accuracy (k 10)", eval.KNN{K: 10}}, {"linear probe accuracy", eval.Linear{}}} {
		measured, err := of.probe.Evaluate(train, test)
		if err != nil {
			return nil, err
		}
		published := accuracyRow(name, measured)
		published.Metric, published.Seed = of.metric, recipe.Seed
		rows = append(rows, published)
	}
	return rows, nil
}

// pretrainAndMeasure gives two rows: the encoder before training, and after. Where an earlier call of this benchmark finished
// the run here, they are taken from what that measured: what it took in time and memory can only be measured once.
func pretrainAndMeasure(o options, name string, recipe kit.Recipe, before []row) ([]row, error) {
	dir := filepath.Join(o.runs, name)
	finished := (&kit.Run{Dir: dir}).Finished()
	resetPeakMemory()
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return nil, err
	}
	written, err := os.ReadFile(filepath.Join(run.Dir, "recipe.json"))
	if err != nil {
		return nil, err
	}
	_, setting, _ := strings.Cut(name, "/")
	if rows := sameRecipe(before, written, "random/"+setting, name); finished && rows != nil {
		return rows, nil
	}
	initial, err := knnOn("random/"+setting, run.InitialFeatures)
	if err != nil {
		return nil, err
	}
	trained, err := knnOn(name, run.Features)
	if err != nil {
		return nil, err
	}
	seconds, err := run.Seconds()
	if err != nil {
		return nil, err
	}
	seen := run.Recipe.Steps * run.Recipe.Batch
	trained.Cost = &cost{ImagesSeen: seen, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds, PeakMemoryGiB: peakMemoryGiB()}
	initial.Seed, trained.Seed = recipe.Seed, recipe.Seed
	trained.Recipe = json.RawMessage(written)
	return []row{initial, trained}, nil
}

// knnOn measures features with the benchmark's protocol.
func knnOn(name string, features func(data.Split) (eval.Features, error)) (row, error) {
	train, err := features(data.Train)
	if err != nil {
		return row{}, err
	}
	test, err := features(data.Test)
	if err != nil {
		return row{}, err
	}
	measured, err := eval.KNN{K: 20, Temperature: .1}.Evaluate(train, test)
	if err != nil {
		return row{}, err
	}
	fmt.Printf("%s: %s\n", name, measured)
	return accuracyRow(name, measured), nil
}

// accuracyRow is an evaluation as a row, in percent.
func accuracyRow(name string, r eval.Result) row {
	return row{
		Case: name, Metric: r.Metric, Value: 100 * r.Value, Low: 100 * r.Low, High: 100 * r.High, Unit: "%", N: r.N,
		Detail: r.Protocol,
	}
}

// accelerated tells whether the backend is other than a CPU.
func accelerated(backend string) bool {
	return strings.HasPrefix(backend, "xla:") && !strings.HasPrefix(backend, "xla:cpu")
}
