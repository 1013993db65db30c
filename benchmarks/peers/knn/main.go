// Command knn asks: do SimCLR, BYOL, Barlow Twins and MoCo v2 learn as much here as with lightly,
// in Python, from the same images, with the same encoder, batch, views, optimiser, schedule and
// number of images seen? Run it with run.sh, which makes lightly's environment.
//
// The two sides take turns, so that whatever else the machine does falls on both alike. Finished
// runs are not repeated.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const batch = 128

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
	python, script, runs, out, only string
	images                          question.Images
	seeds, train, test, epochs      int
}

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.python, "python", "python3", "interpreter that has lightly")
	flag.StringVar(&o.script, "script", "lightly_side.py", "the other side's program")
	o.images.Register()
	flag.StringVar(&o.runs, "runs", filepath.Join("runs", "peers-knn"), "where runs are kept")
	flag.StringVar(&o.out, "out", filepath.Join("benchmarks", "results"), "directory for the result")
	flag.StringVar(&o.only, "only", "", "compare only these methods, by name, with commas between")
	flag.IntVar(&o.seeds, "seeds", 5, "number of seeds")
	flag.IntVar(&o.train, "train", 5000, "number of training images, evenly over the classes")
	flag.IntVar(&o.test, "test", 0, "number of test images; 0: all")
	flag.IntVar(&o.epochs, "epochs", 6, "how often each image is seen")
	quick := flag.Bool("quick", false, "run small, to see that it works; the result goes to the runs' directory")
	flag.Parse()
	if *quick {
		o.seeds, o.train, o.test, o.epochs = 1, 640, 500, 1
		o.runs += "-quick"
		o.out = o.runs
	}
	if err := compare(o); err != nil {
		log.Fatal(err)
	}
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
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	source, err := o.images.CIFAR10(o.train, o.test)
	if err != nil {
		return err
	}
	images := filepath.Join(o.runs, "images")
	if err := exportImages(images, source); err != nil {
		return err
	}
	sides := make([]pair, len(chosen))
	var untrained []float64
	for seed := 1; seed <= o.seeds; seed++ {
		out := newComparison(o)
		for i, method := range chosen {
			name := fmt.Sprintf("%s-%d", method.Name(), seed)
			run, here, err := trainHere(filepath.Join(o.runs, name), kit.Recipe{
				Data:    source,
				Encoder: encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
				Method:  method,
				// One for all methods, and tuned for neither side.
				Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4},
				Batch:     batch, Epochs: o.epochs, Seed: uint64(seed),
			})
			if err != nil {
				return err
			}
			there, err := trainThere(o, run, images, here.knn)
			if err != nil {
				return fmt.Errorf("%s with lightly: %w", name, err)
			}
			fmt.Printf("%s: sslkit %s; lightly %s\n", name, here, there)
			sides[i].here, sides[i].there = append(sides[i].here, here), append(sides[i].there, there)
			if len(untrained) < seed {
				accuracy, err := knn(run.InitialFeatures)
				if err != nil {
					return err
				}
				untrained = append(untrained, accuracy)
			}
			out.Peer = there.versions
		}
		if err := out.add(chosen, sides, untrained); err != nil {
			return err
		}
		if err := out.WriteWith(o.out, out.table()); err != nil {
			return err
		}
	}
	return nil
}

// outcome is one training on one side.
type outcome struct {
	knn         float64 // In percent.
	seconds     float64
	steps       int
	first, last float64           // Losses, the last one the mean of the last tenth of the steps.
	versions    map[string]string // Of the other side's packages.
}

func (o outcome) String() string {
	return fmt.Sprintf("k-NN %.2f %%, %.0f s, loss %.3f to %.3f", o.knn, o.seconds, o.first, o.last)
}

// ends are the first loss and the mean of the last tenth.
func ends(losses []float64) (first, last float64) {
	tail := losses[len(losses)-max(len(losses)/10, 1):]
	for _, loss := range tail {
		last += loss / float64(len(tail))
	}
	return losses[0], last
}

// trainHere trains in dir, or loads what is there.
func trainHere(dir string, recipe kit.Recipe) (*kit.Run, outcome, error) {
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return nil, outcome{}, err
	}
	accuracy, err := knn(run.Features)
	if err != nil {
		return nil, outcome{}, err
	}
	seconds, err := run.Seconds()
	if err != nil {
		return nil, outcome{}, err
	}
	metrics, err := run.Metrics()
	if err != nil {
		return nil, outcome{}, err
	}
	var losses []float64
	for _, m := range metrics[1:] { // The first is of step 0, which has no loss.
		losses = append(losses, m.Loss)
	}
	first, last := ends(losses)
	return run, outcome{knn: accuracy, seconds: seconds, steps: len(losses), first: first, last: last}, nil
}

// knn is the accuracy in percent. lightly_side.py measures the same.
func knn(of question.Features) (float64, error) {
	measured, err := question.Evaluate(question.KNN, of)
	return 100 * measured.Value, err
}

// exportImages writes the pixels and labels of both splits as bytes, for readers that know nothing
// of sources.
func exportImages(dir string, source data.Source) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, split := range []data.Split{data.Train, data.Test} {
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
		path := filepath.Join(dir, split.String())
		if err := errors.Join(os.WriteFile(path+".u8", pix, 0o644), os.WriteFile(path+".labels.u8", labels, 0o644)); err != nil {
			return err
		}
	}
	return nil
}
