// Command trust asks what may be relied on, under corruption, attack and planted bias:
//
//	go run ./benchmarks/trust
//	go run ./benchmarks/trust -only corruption,attack   # some of its parts
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "What is left under corruption and attack, are probabilities right, and which pretexts and probes carry a " +
	"planted bias?"

const protocol = "Encoders (ResNet-10 of width 16, half stem) pretrained on the 10,000 training images of data.Shapes, " +
	"then linear probes on frozen features with all training labels (L2 0.001, fixed), tested on 2,000 images. Corruption, " +
	"attack, calibration and factors: one encoder of each kind, 95 % intervals over test images. Planted bias: the background " +
	"goes with the parity of the class in the training images with correlation 0 or 0.9, and not in the test images; the mean " +
	"over the seeds with Student's t over them. Curation: copies planted among images of data.Shapes; probes on equally many " +
	"images of a pool that is long-tailed and holds copies."

// options are the flags.
type options struct {
	question.Options
	launch launch.Flags
	only   string // The parts to measure, by name, with commas between; all where empty.
	seeds  int    // Of the planted bias.
	images int    // The number of images that a run sees.
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	flag.StringVar(&o.only, "only", "", "only these parts, by name, with commas between; of the others stands in the result "+
		"what was measured before")
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds of the planted bias")
	flag.IntVar(&o.images, "images", 38_400, "the number of images that a run sees")
	question.Main("trust", asks, func() error { return measure(o) })
}

// part is a part of the benchmark; parts may be run one by one with -only.
type part struct {
	name   string
	rows   func(o options, s setting) ([]result.Row, error)
	trains func(s setting) []training // What rows asks for of setting.pretrain.
}

var parts = []part{
	{"corruption", corruption, both}, {"attack", attacks, both}, {"factors", factors, both}, {"bias", bias, biased},
	{"curation", curation, one}, {"memory", memory, memorised},
}

// wanted tells whether the part is measured.
func (p part) wanted(o options) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), p.name)
}

// checkParts returns an error where -only names what is no part.
func checkParts(only string) error {
	if only == "" {
		return nil
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	for _, name := range strings.Split(only, ",") {
		if !slices.Contains(names, name) {
			return fmt.Errorf("-only: there is no part %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// kept is the file of its rows.
func (p part) kept(o options) string { return o.Runs("trust", p.name+".json") }

// setting is the size of everything.
type setting struct {
	train, validation, test int
	images                  int // that a run sees
	seeds                   int
	attacked                int
}

const batch = 32

// measure measures what may be relied on, part by part.
func measure(o options) error {
	s := setting{10_000, 2000, 2000, o.images, o.seeds, 500}
	if o.Quick {
		s = setting{600, 200, 200, 320, 1, 50}
	}
	if err := checkParts(o.only); err != nil {
		return err
	}
	if ready, err := o.launch.Ready(grid(o, s)); err != nil || !ready {
		return err
	}
	out := result.New("trust", protocol)
	out.Notes = []string{fmt.Sprintf("Each run sees %d images in batches of %d. Seeds of the planted bias: %d.",
		s.images, batch, s.seeds),
		"The optimiser's settings are those of the comparison of methods, not tuned for any encoder, the supervised one " +
			"included. Attacks are of the encoder and its probe as one classifier; gradients are of the whole.",
		"Each seed of the planted bias has images of its own, so that these intervals speak of other encoders and of other " +
			"images: with correlation 0 some images more than half agree by chance in one set, and fewer than half in another, which a " +
			"plain probe learns where it knows little else. Group DRO stops within 0.1 nats of the least worst loss, or after 30 rounds."}
	for _, p := range parts {
		path := p.kept(o)
		var rows []result.Row
		var err error
		if p.wanted(o) {
			rows, err = result.Kept(path, func() ([]result.Row, error) { return p.rows(o, s) })
		} else if rows, err = result.ReadKept[[]result.Row](path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		out.Rows = append(out.Rows, rows...)
		if len(rows) > 0 {
			soFar := out
			soFar.Notes = slices.Clone(out.Notes)
			if err := soFar.TellRuns(trained(o, s)); err != nil {
				return err
			}
			if err := soFar.Write(o.Results()); err != nil {
				return err
			}
		}
	}
	return nil
}

// objective is a method by a name of its own, since two may differ in their view only; a nil view
// is the method's own.
type objective struct {
	name   string
	method ssl.Method
	view   augment.Pipeline
}

// uncoloured is question.ShapesView without what changes colours.
var uncoloured = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{},
}

var (
	optimizer  = optim.SGD{LR: 2, Momentum: .9, WeightDecay: 5e-4}
	simCLR     = objective{"simclr", ssl.SimCLR{Temperature: .2, Hidden: 512}, question.ShapesView}
	supervised = objective{"supervised", ssl.Supervised{Classes: 10}, uncoloured}
	pretexts   = []objective{
		simCLR,
		{"simclr-uncoloured", ssl.SimCLR{Temperature: .2, Hidden: 512}, uncoloured},
		{"rotation", ssl.Rotation{}, nil},
		{"colorization", ssl.Colorization{}, nil},
		{"inpainting", ssl.Inpainting{}, nil},
	}
)

// world is Shapes with a planted correlation, other images of it for each seed.
func (s setting) world(spurious float64, seed uint64) data.Shapes {
	return data.Shapes{Train: s.train, Validation: s.validation, Test: s.test, Spurious: spurious, Seed: seed - 1}
}

// pretrain trains one encoder, or loads it.
func (s setting) pretrain(o options, e objective, spurious float64, seed uint64) (*kit.Run, error) {
	dir := runDir(o, e, spurious, seed)
	recipe := kit.Recipe{
		Data: s.world(spurious, seed), Encoder: encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}, Method: e.method,
		Optimizer: optimizer,
		Batch:     batch, Steps: s.images / batch, Seed: seed,
	}
	if e.view != nil {
		recipe.Augment = []augment.Pipeline{e.view}
	}
	return kit.Pretrain(dir, recipe)
}
