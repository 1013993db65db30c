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
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "What is left under corruption and attack, are probabilities right, and which pretexts and probes carry a " +
	"planted bias?"

const protocol = "Encoders (ResNet-10 of width 16, half stem) pretrained on the 10,000 training images of data.Shapes, other images " +
	"for each seed, then linear probes on frozen features with all training labels (L2 0.001, fixed), tested on 2,000 images. Every " +
	"objective gets the best of as many learning rates, by k-NN on a held-out fifth of the training images after a fifth of the steps. " +
	"Values are means over the seeds, intervals Student's t over them, differences paired by seed. Planted bias: the background " +
	"goes with the parity of the class in the training images with correlation 0 or 0.9, and not in the test images. Curation: copies " +
	"planted among images of data.Shapes, with Wilson's intervals over the copies; probes on equally many images of a pool that is " +
	"long-tailed and holds copies, each seed the mean of its draws."

// options are the flags.
type options struct {
	question.Options
	launch launch.Flags
	only   string // The parts to measure, by name, with commas between; all where empty.
	seeds  int
	images int // The number of images that a run sees.
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	flag.StringVar(&o.only, "only", "", "only these parts, by name, with commas between; of the others stands in the result "+
		"what was measured before")
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
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
func (p part) kept(o options, s setting) string {
	return o.Runs("trust", fmt.Sprintf("%s-%d-seeds-%d-images.json", p.name, s.seeds, s.images))
}

// isKept tells whether it was measured.
func (p part) isKept(o options, s setting) bool { return launch.Keeps(p.kept(o, s))() }

// setting is the size of everything.
type setting struct {
	train, validation, test int
	images                  int // that a run sees
	seeds                   int
	attacked                int
	width                   int // Of the ResNet.
}

const batch = 32

// measure measures what may be relied on, part by part.
func measure(o options) error {
	s := setting{10_000, 2000, 2000, o.images, o.seeds, 500, 16}
	if o.Quick {
		s = setting{600, 200, 200, 64, question.Given("seeds", o.seeds, 1), 20, 4}
	}
	if err := checkParts(o.only); err != nil {
		return err
	}
	if ready, err := o.launch.Ready(trialGrid(o, s), grid(o, s)); err != nil || !ready {
		return err
	}
	out := result.New("trust", protocol)
	var err error
	if out.Data, err = s.describe(o); err != nil {
		return err
	}
	out.Notes = []string{fmt.Sprintf("Each run sees %d images in batches of %d. Seeds: %d.", s.images, batch, s.seeds),
		"Attacks are of the encoder and its probe as one classifier; gradients are of the whole.",
		"Each seed of the planted bias has images of its own, so that these intervals speak of other encoders and of other " +
			"images: with correlation 0 some images more than half agree by chance in one set, and fewer than half in another, which a " +
			"plain probe learns where it knows little else. Group DRO stops within 0.1 nats of the least worst loss, or after 30 rounds."}
	for _, p := range parts {
		path := p.kept(o, s)
		var rows []result.Row
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
	like   *setting // The setting whose SimCLR chose its rate; nil: it chooses its own.
}

// uncoloured is question.ShapesView without what changes colours.
var uncoloured = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{},
}

var (
	simCLR     = objective{name: "simclr", method: ssl.SimCLR{Temperature: .2, Hidden: 512}, view: question.ShapesView}
	supervised = objective{name: "supervised", method: ssl.Supervised{Classes: 10}, view: uncoloured}
	pretexts   = []objective{
		simCLR,
		{name: "simclr-uncoloured", method: ssl.SimCLR{Temperature: .2, Hidden: 512}, view: uncoloured},
		{name: "rotation", method: ssl.Rotation{}},
		{name: "colorization", method: ssl.Colorization{}},
		{name: "inpainting", method: ssl.Inpainting{}},
	}
)

// world is Shapes with a planted correlation, other images of it for each seed.
func (s setting) world(spurious float64, seed uint64) data.Shapes {
	return data.Shapes{Train: s.train, Validation: s.validation, Test: s.test, Spurious: spurious, Seed: seed - 1}
}

// imagesName is that of the images with a planted correlation among the data of the result.
func imagesName(spurious float64) string {
	if spurious == 0 {
		return "shapes"
	}
	return fmt.Sprintf("shapes-spurious%g", spurious)
}

// describe tells of the images of the first seed, and of the few that are seen often.
func (s setting) describe(o options) ([]result.Data, error) {
	few := memorised(s)[s.seeds].setting
	var all []result.Data
	for _, of := range []struct {
		name   string
		source data.Shapes
	}{
		{imagesName(0), s.world(0, 1)}, {imagesName(.9), s.world(.9, 1)}, {fmt.Sprintf("%s-%d", imagesName(0), few.train), few.world(0, 1)},
	} {
		images, err := o.Describe(of.name, of.source)
		if err != nil {
			return nil, err
		}
		images.Of += ", those of the first seed"
		all = append(all, images)
	}
	return all, nil
}

// rates are those that each objective tries.
var rates = []float64{2, .7, .2}

// recipe is the training of an encoder.
func (s setting) recipe(e objective, spurious float64, seed uint64, rate float64) kit.Recipe {
	recipe := kit.Recipe{
		Data: s.world(spurious, seed), Encoder: encoder.ResNet{Depth: 10, Width: s.width, Stem: encoder.HalfStem}, Method: e.method,
		Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4},
		Batch:     batch, Steps: s.images / batch, Seed: seed,
	}
	if e.view != nil {
		recipe.Augment = []augment.Pipeline{e.view}
	}
	return recipe
}

// trials are the rates that an objective tries, on images without a planted bias.
func (s setting) trials(o options, e objective) question.Trials {
	return question.Rates(e.name, o.Runs("trust", e.name+"-trials"), rates, func(rate float64) kit.Recipe {
		return s.recipe(e, 0, question.TrialSeed, rate)
	})
}

// pretrain trains one encoder at the rate that its objective chose, or loads it. The objective that
// sees few images often takes the rate of the one that sees many.
func (s setting) pretrain(o options, e objective, spurious float64, seed uint64) (*kit.Run, *statistics.Choice, error) {
	chosen, by := s, e
	if e.like != nil {
		chosen, by = *e.like, simCLR
	}
	best, choice, err := chosen.trials(o, by).Choose()
	if err != nil {
		return nil, nil, err
	}
	run, err := result.Pretrain(runDir(o, e, spurious, seed), s.recipe(e, spurious, seed, rates[best]))
	return run, &choice, err
}
