// Command real asks how good SimCLR is on real images, for a small budget:
//
//	go run ./benchmarks/real
//
// On two CPU cores it trains for half an hour. With an accelerator it trains a published recipe
// besides.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "How good is SimCLR on real CIFAR-10 images, for a small budget?"

const protocol = "SimCLR on the 50,000 training images of CIFAR-10, without labels. Then k-NN (k = 20, cosine, " +
	"temperature 0.1) on frozen features of whole images, with all training labels, on the 10,000 test images, after the last " +
	"step. The settings were chosen in short runs by k-NN on a tenth of the training images, held out, never on the test images."

// smallBudget is the number of images that the first recipe may see: that of a run of PyTorch and
// lightly with the same encoder that reached 50.6 %.
const smallBudget = 157_440

// options are the flags.
type options struct {
	question.Options
	images    question.Images
	published bool
	precision kit.Precision
}

func main() {
	var o options
	o.Register()
	o.images.Register()
	flag.BoolVar(&o.published, "published", false, "train by the published recipe alone, on any machine; the result goes to the runs' folder")
	o.precision = kit.BFloat16
	flag.TextVar(&o.precision, "precision", o.precision, "the `dtype` of the published recipe's encoder: BFloat16 or Float32")
	question.Main("real", asks, func() error { return measure(o) })
}

// measure pretrains on real images and measures the representation beside its baselines.
func measure(o options) error {
	train, test := 0, 0
	if o.Quick {
		train, test = 2000, 500
	}
	source, err := o.images.CIFAR10(train, test)
	if err != nil {
		return err
	}
	out := result.New("real", protocol)
	out.Notes = []string{"An image seen is an image read for a step; each is seen in two augmented views. For comparison, " +
		"with the budget of the first recipe PyTorch and lightly reached 50.6 % k-NN with the same encoder."}

	if o.published {
		rows, err := publishedSize(o, source)
		if err != nil {
			return err
		}
		out.Benchmark, out.Protocol, out.Rows, out.Notes = "real-published", publishedProtocol, rows, []string{publishedNote}
		return out.Write(o.Runs())
	}

	pixels, err := question.KNNRow("pixels/cifar10", func(split data.Split) (eval.Features, error) {
		return kit.PixelFeatures(source, split)
	}, 0)
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows, pixels)
	before := result.ReadRows(filepath.Join(o.Results(), out.Benchmark+".json"))
	for _, c := range trainings(o, source) {
		rows, err := pretrainAndMeasure(o, c.name, c.recipe, before)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, rows...)
		if err := out.Write(o.Results()); err != nil { // What is measured is kept, whatever comes after.
			return err
		}
	}
	if !accelerated(out.Backend) {
		out.Notes = append(out.Notes, "The published size (ResNet-18 of width 64, 100 epochs; 83.2 ± 0.2 % k-NN with "+
			"k = 10 and 85.6 ± 0.2 % linear in 20 minutes of one A100, dkobak/simclr-cifar10) was not run: this machine has no "+
			"accelerator. The same command runs it where one answers.")
		return out.Write(o.Results())
	}
	rows, err := publishedSize(o, source)
	if err != nil {
		return err
	}
	out.Rows, out.Notes = append(out.Rows, rows...), append(out.Notes, publishedNote)
	return out.Write(o.Results())
}

// training is a recipe with the name of its row.
type training struct {
	name   string
	recipe kit.Recipe
}

// trainings are those for two CPU cores.
func trainings(o options, source data.Source) []training {
	steps := func(images, batch int) int {
		if o.Quick {
			return 20
		}
		return images / batch
	}
	return []training{
		{"simclr/cifar10/resnet18-w16", kit.Recipe{
			Data:      source,
			Encoder:   encoder.ResNet{Depth: 18, Width: 16},
			Method:    ssl.SimCLR{Temperature: .2, Hidden: 512},
			Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4},
			Batch:     128, Steps: steps(smallBudget, 128), Seed: 1,
		}},
		// Half the resolution is several times as many images in the same time, which is worth more
		// than the detail.
		{"simclr/cifar10/resnet18-w16-half", kit.Recipe{
			Data:      source,
			Encoder:   encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
			Method:    ssl.SimCLR{Temperature: .2, Hidden: 512},
			Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4},
			Batch:     128, Steps: steps(16*50_000, 128), Seed: 1,
		}},
	}
}

// pretrainAndMeasure gives two rows: the encoder before training, and after. Where an earlier call
// of this benchmark finished the run here, they are taken from what that measured: what it took in
// time and memory can only be measured once.
func pretrainAndMeasure(o options, name string, recipe kit.Recipe, before []result.Row) ([]result.Row, error) {
	dir := o.Runs(name)
	finished := (&kit.Run{Dir: dir}).Finished()
	result.ResetPeakMemory()
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return nil, err
	}
	written, err := os.ReadFile(filepath.Join(run.Dir, "recipe.json"))
	if err != nil {
		return nil, err
	}
	_, setting, _ := strings.Cut(name, "/")
	if rows := result.SameRecipe(before, written, "random/"+setting, name); finished && rows != nil {
		return rows, nil
	}
	initial, err := question.KNNRow("random/"+setting, run.InitialFeatures, recipe.Seed)
	if err != nil {
		return nil, err
	}
	trained, err := question.KNNRow(name, run.Features, recipe.Seed)
	if err != nil {
		return nil, err
	}
	if trained.Cost, err = result.CostOf(run); err != nil {
		return nil, err
	}
	trained.Recipe = json.RawMessage(written)
	return []result.Row{initial, trained}, nil
}

// accelerated tells whether the backend is other than a CPU.
func accelerated(backend string) bool {
	return strings.HasPrefix(backend, "xla:") && !strings.HasPrefix(backend, "xla:cpu")
}
