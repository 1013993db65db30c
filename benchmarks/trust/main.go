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

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const trustProtocol = "Encoders (ResNet-10 of width 16, half stem) pretrained on the 10,000 training images of data.Shapes, " +
	"then linear probes on frozen features with all training labels (L2 0.001, fixed), tested on 2,000 images. Corruption, " +
	"attack, calibration and factors: one encoder of each kind, 95 % intervals over test images. Planted bias: the background " +
	"goes with the parity of the class in the training images with correlation 0 or 0.9, and not in the test images; the mean " +
	"over the seeds with Student's t over them. Curation: copies planted among images of data.Shapes; probes on equally many " +
	"images of a pool that is long-tailed and holds copies."

// trustPart is a part of the benchmark; parts may be run one by one with -only.
type trustPart struct {
	name string
	rows func(o options, t trustSetting) ([]row, error)
}

var trustParts = []trustPart{
	{"corruption", trustCorruption}, {"attack", trustAttack}, {"factors", trustFactors}, {"bias", trustBias},
	{"curation", trustCuration}, {"memory", trustMemory},
}

// trustSetting is the size of everything.
type trustSetting struct {
	train, validation, test int
	images                  int // that a run sees
	seeds                   int
	attacked                int
}

// trust measures what may be relied on.
func trust(o options) error {
	setting := trustSetting{10_000, 2000, 2000, o.images, o.seeds, 500}
	if o.quick {
		setting = trustSetting{600, 200, 200, 320, 1, 50}
	}
	out := newResult("trust", trustProtocol)
	out.Notes = []string{fmt.Sprintf("Each run sees %d images in batches of %d. Seeds of the planted bias: %d.",
		setting.images, methodsBatch, setting.seeds),
		"The optimiser's settings are those of the comparison of methods, not tuned for any encoder, the supervised one " +
			"included. Attacks are of the encoder and its probe as one classifier; gradients are of the whole.",
		"Each seed of the planted bias has images of its own, so that these intervals speak of other encoders and of other " +
			"images: with correlation 0 some images more than half agree by chance in one set, and fewer than half in another, which a " +
			"plain probe learns where it knows little else. Group DRO stops within 0.1 nats of the least worst loss, or after 30 rounds."}
	chosen := strings.Split(o.only, ",")
	for _, part := range trustParts {
		path := filepath.Join(o.runs, "trust", part.name+".json")
		var rows []row
		var err error
		if o.only != "" && !slices.Contains(chosen, part.name) {
			if rows, err = storedRows(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		} else if rows, err = rememberRows(path, func() ([]row, error) { return part.rows(o, setting) }); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		out.Rows = append(out.Rows, rows...)
		if len(rows) > 0 {
			if err := out.Write(o.results()); err != nil {
				return err
			}
		}
	}
	return nil
}

// rememberRows are the rows written at path, or else what measure gives, which is written there.
func rememberRows(path string, measure func() ([]row, error)) ([]row, error) {
	rows, err := storedRows(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return rows, err
	}
	if rows, err = measure(); err != nil {
		return nil, err
	}
	encoded, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return rows, os.WriteFile(path, append(encoded, '\n'), 0o644)
}

func storedRows(path string) ([]row, error) {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rows []row
	if err := json.Unmarshal(encoded, &rows); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return rows, nil
}

// trustEncoder is a method by a name of its own, since two may differ in their view only.
type trustEncoder struct {
	name   string
	method ssl.Method
}

// uncoloured is shapesView without what changes colours.
var uncoloured = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{},
}

var (
	trustOptimizer  = optim.SGD{LR: 2, Momentum: .9, WeightDecay: 5e-4}
	trustSimCLR     = trustEncoder{"simclr", ssl.SimCLR{Temperature: .2, Hidden: 512, View: shapesView}}
	trustSupervised = trustEncoder{"supervised", ssl.Supervised{Classes: 10, View: uncoloured}}
	trustPretexts   = []trustEncoder{
		trustSimCLR,
		{"simclr-uncoloured", ssl.SimCLR{Temperature: .2, Hidden: 512, View: uncoloured}},
		{"rotation", ssl.Rotation{}},
		{"colorization", ssl.Colorization{}},
		{"inpainting", ssl.Inpainting{}},
	}
)

// world is Shapes with a planted correlation, other images of it for each seed.
func (t trustSetting) world(spurious float64, seed uint64) data.Shapes {
	return data.Shapes{Train: t.train, Validation: t.validation, Test: t.test, Spurious: spurious, Seed: seed - 1}
}

// pretrain trains one encoder, or loads it.
func (t trustSetting) pretrain(o options, e trustEncoder, spurious float64, seed uint64) (*kit.Run, error) {
	dir := filepath.Join(o.runs, "trust", fmt.Sprintf("%s-spurious%g-%d", e.name, spurious, seed))
	return kit.Pretrain(dir, kit.Recipe{
		Data: t.world(spurious, seed), Encoder: encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}, Method: e.method,
		Optimizer: trustOptimizer,
		Batch:     methodsBatch, Steps: t.images / methodsBatch, Seed: seed,
	})
}

// trustProbe is the probe of all parts.
var trustProbe = eval.Linear{L2: []float64{1e-3}, MaxIterations: 100}
