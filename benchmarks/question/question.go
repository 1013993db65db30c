// Command benchmarks answers one question at a time, with real runs, and writes what it measured to
// benchmarks/results/<name>.json, and as a table to <name>.md:
//
//	go run ./benchmarks real      # how good is SimCLR on real CIFAR-10 images, for a small budget?
//	go run ./benchmarks methods   # which method learns how much from the same images?
//	go run ./benchmarks labels    # how many labels does each way to a classifier need?
//	go run ./benchmarks compress  # what does making an encoder smaller cost, and what does it buy?
//	go run ./benchmarks shapes    # is the procedural world a good test bed?
//	go run ./benchmarks zeroshot  # does CLIP recognise, by texts, what it never saw put together?
//	go run ./benchmarks trust     # what is left under corruption, attack and planted bias?
//	go run ./benchmarks resume    # does a run that is killed again and again end in the same bits?
//	go run ./benchmarks           # list them
//
// A benchmark keeps its runs in runs/benchmarks and goes on where it was interrupted. With -quick it runs small, to see that
// it works, and writes to the runs' directory instead of the results.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// benchmark is one question.
type benchmark struct {
	name, question string
	run            func(options) error
}

var benchmarks = []benchmark{
	{"real", "How good is SimCLR on real CIFAR-10 images, for a small budget?", real},
	{"methods", "Which method learns how much from the same images, under one small budget?", methods},
	{"labels", "How many labels does each way to a classifier need?", labels},
	{"compress", "What does making an encoder smaller cost in accuracy, and what does it buy in size and speed?", compression},
	{"zeroshot", "Does CLIP recognise by texts combinations of colour and shape that it never saw?", zeroshot},
	{"shapes", "Is the procedural world hard for raw pixels, easy for a network with labels, and quick to draw?", shapes},
	{"trust", "What is left under corruption and attack, are probabilities right, and which pretexts and probes carry a " +
		"planted bias?", trust},
	{"resume", "Does a run that is killed again and again end in the same bits as an unbroken one?", resume},
}

// options are the flags.
type options struct {
	quick bool
	data  string // Path to CIFAR-10 as an image folder or archive.
	runs  string // Directory for the runs.

	set    string // Of methods and labels: the set of images; all where empty.
	only   string // Of methods: those to compare, by name, with commas between; all where empty.
	seeds  int    // Of methods, labels, compress, trust: the number of seeds.
	images int    // Of methods: the number of images that a run sees of Shapes.
	depth  int    // Of methods: the depth of the ResNet.
	width  int    // Of methods: the width of the ResNet.
}

// results is where result files go.
func (o options) results() string {
	if o.quick {
		return o.runs
	}
	return filepath.Join("benchmarks", "results")
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "run small, to see that it works")
	flag.StringVar(&o.data, "data", "../shared/data/cifar10-jpeg.tar.gz", "CIFAR-10 as class folders, in a directory or archive; where there is none it is downloaded")
	flag.StringVar(&o.runs, "runs", filepath.Join("runs", "benchmarks"), "where runs are kept")
	flag.StringVar(&o.set, "set", "", "methods, labels: only on these images, shapes or cifar10 (labels: or pneumonia); two such processes keep two cores busy, each with a result of its own, and one without it then writes all")
	flag.StringVar(&o.only, "only", "", "methods, trust: only these methods or parts, by name, with commas between")
	flag.IntVar(&o.seeds, "seeds", 3, "methods, labels, compress, trust: the number of seeds")
	flag.IntVar(&o.images, "images", 38_400, "methods, trust: the number of images that a run sees of Shapes; half as many "+
		"of CIFAR-10")
	flag.IntVar(&o.depth, "depth", 10, "methods: the depth of the ResNet: 10, 18, 34, 50")
	flag.IntVar(&o.width, "width", 16, "methods: the width of the ResNet")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() != 1 {
		usage()
		os.Exit(2)
	}
	if o.quick {
		o.runs += "-quick"
	}
	for _, b := range benchmarks {
		if b.name == flag.Arg(0) {
			if err := b.run(o); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", b.name, err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintf(os.Stderr, "there is no benchmark %q\n", flag.Arg(0))
	usage()
	os.Exit(2)
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: go run ./benchmarks [flags] name")
	for _, b := range benchmarks {
		fmt.Fprintf(os.Stderr, "  %-8s %s\n", b.name, b.question)
	}
	flag.PrintDefaults()
}
