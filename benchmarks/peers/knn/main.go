// Command knn asks: do SimCLR, BYOL, Barlow Twins and MoCo v2 learn as much here as with lightly,
// in Python, from the same images, with the same encoder, batch, views, optimiser, schedule and
// number of images seen? Run it with run.sh, which makes lightly's environment;
// benchmarks/peers/real runs it with the first recipe of benchmarks/real.
//
// The two sides take turns, so that whatever else the machine does falls on both alike. Finished
// runs are not repeated.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
	"sslkit/kit/wholefile"
)

const asks = "Do SimCLR, BYOL, Barlow Twins and MoCo v2 learn as much here as with lightly?"

const batch = 128

// rates are those that each side tries for each method.
var rates = []float64{1, .5, .25}

// methods are those that lightly_side.py knows too. BYOL and Barlow Twins see a pair of different
// views, the others two of one.
var methods = []ssl.Method{
	ssl.SimCLR{Temperature: .2, Hidden: 512},
	ssl.BYOL{Hidden: 512, Out: 128},
	ssl.BarlowTwins{Hidden: 512, Out: 512},
	ssl.MoCoV2{Hidden: 512, Queue: 32 * batch},
}

// options are the flags.
type options struct {
	question.Options
	launch               launch.Flags
	python, script, only string
	images               question.Images
	seeds, train, test   int
	epochs               int
	real                 bool
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	o.images.Register()
	flag.StringVar(&o.python, "python", "python3", "the interpreter that has lightly")
	flag.StringVar(&o.script, "script", "lightly_side.py", "the other side's program")
	flag.StringVar(&o.only, "only", "", "compare only these methods, by name, with commas between")
	flag.IntVar(&o.seeds, "seeds", 5, "the number of seeds")
	flag.IntVar(&o.train, "train", 5000, "the number of training images, evenly over the classes")
	flag.IntVar(&o.test, "test", 0, "the number of test images; 0: all")
	flag.IntVar(&o.epochs, "epochs", 6, "how often each image is seen")
	flag.BoolVar(&o.real, "real", false, "compare the first recipe of benchmarks/real alone, with its runs, by default for three seeds; "+
		"the result is peers-real")
	question.Main("peers/knn", asks, func() error { return compare(o) })
}

// sized are the options with what -real and -quick make of them.
func (o options) sized() options {
	if o.real {
		o.only, o.train, o.seeds = "simclr", 0, question.Given("seeds", o.seeds, 3)
	}
	if o.Quick {
		o.seeds, o.train, o.test, o.epochs = 1, 640, 500, 1
	}
	return o
}

// name is that of the result.
func (o options) name() string {
	if o.real {
		return "peers-real"
	}
	return "peers-knn"
}

// encoder is the network of both sides.
func (o options) encoder() encoder.Encoder {
	if o.real {
		return encoder.ResNet{Depth: 18, Width: 16}
	}
	return encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem}
}

// chosen are the methods that -only names.
func (o options) chosen() ([]ssl.Method, error) {
	if o.only == "" {
		return methods, nil
	}
	var chosen []ssl.Method
	for name := range strings.SplitSeq(o.only, ",") {
		i := slices.IndexFunc(methods, func(m ssl.Method) bool { return m.Name() == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no method %q", name)
		}
		chosen = append(chosen, methods[i])
	}
	return chosen, nil
}

// compare trains all methods on both sides with one seed before any with the next: what is stopped
// compares what it has.
func compare(o options) error {
	o = o.sized()
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	source, err := o.images.CIFAR10(o.train, o.test)
	if err != nil {
		return err
	}
	var sides []side
	for _, method := range chosen {
		sides = append(sides, side{options: o, method: method, source: source})
	}
	if o.launch.IsCell() {
		_, err := o.launch.Ready(o.grid(sides))
		return err
	}
	images, aside := o.Runs(o.name(), "images"), o.Runs(o.name(), "images-held-out")
	if err := exportImages(images, source, data.Test); err != nil {
		return err
	}
	if err := exportImages(aside, sides[0].trials().Settings[0].Recipe.Data, data.Validation); err != nil {
		return err
	}
	for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
		for i := range sides {
			if err := sides[i].measure(images, aside, seed); err != nil {
				return fmt.Errorf("%s, seed %d: %w", sides[i].method.Name(), seed, err)
			}
		}
		out, err := o.result(source, sides)
		if err != nil {
			return err
		}
		if err := out.Write(o.Results()); err != nil {
			return err
		}
	}
	return nil
}

// exportImages writes the pixels and labels of the training images and of those that judge as
// bytes, for readers that know nothing of sources.
func exportImages(dir string, source data.Source, judging data.Split) error {
	if err := os.MkdirAll(dir, wholefile.FolderPerms); err != nil {
		return err
	}
	for name, split := range map[string]data.Split{"train": data.Train, "test": judging} {
		set, err := source.Open(split)
		if err != nil {
			return err
		}
		indices, labels := make([]int, set.Len()), make([]uint8, set.Len())
		for i := range indices {
			indices[i], labels[i] = i, uint8(set.Label(i))
		}
		pix, err := data.Pixels(set, indices)
		if err := errors.Join(err, set.Close()); err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := errors.Join(wholefile.WriteBytes(path+".u8", pix), wholefile.WriteBytes(path+".labels.u8", labels)); err != nil {
			return err
		}
	}
	return nil
}
