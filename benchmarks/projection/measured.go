package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"sslkit/benchmarks/peak"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// measuredCase is a step that is measured on this machine.
type measuredCase struct {
	name    string
	encoder encoder.Encoder
	method  ssl.Method
	fits    bool // The share of the peak is taken from it for the others of its family.
}

// family is what has one share of the peak: networks of convolutions, and of matrix products alone.
func (c measuredCase) family() string {
	if _, ok := c.encoder.(encoder.ResNet); ok {
		return "ResNet"
	}
	return "ViT"
}

var (
	vit6 = encoder.ViT{Patch: 4, Width: 192, Depth: 6, Heads: 3}
	vit3 = encoder.ViT{Patch: 4, Width: 192, Depth: 3, Heads: 3}

	// measuredCases have those first that the shares are taken from.
	measuredCases = []measuredCase{
		{"simclr/resnet10-w16-half", encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}, ssl.SimCLR{}, true},
		{"simclr/vit6-w192-p4", vit6, ssl.SimCLR{}, true},
		{"simclr/resnet10-w16", encoder.ResNet{Depth: 10, Width: 16}, ssl.SimCLR{}, false},
		{"byol/resnet10-w32-half", encoder.ResNet{Depth: 10, Width: 32, Stem: encoder.HalfStem}, ssl.BYOL{}, false},
		{"simclr/vit3-w192-p4", vit3, ssl.SimCLR{}, false},
		{"dino/vit3-w192-p4", vit3, ssl.DINO{}, false},
		{"mae/vit6-w192-p4", vit6, ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}, false},
	}
)

// batch is the number of images in a step.
const batch = 16

// recipe is the case's, on drawn images: what is in them does not matter.
func (c measuredCase) recipe(rounds int) kit.Recipe {
	return kit.Recipe{
		Data: data.Shapes{Train: 256, Validation: 64, Test: 64}, Encoder: c.encoder, Method: c.method, Batch: batch, Steps: rounds, Seed: 1,
	}
}

// measuredHere measures steps, takes a family's share of the peak from one, and predicts the others.
func measuredHere(o options) (rows []result.Row, notes []string, err error) {
	here := accelerator{name: "here", machine: 1, link: math.Inf(1)}
	if here.peak, err = peak.Product(dtypes.Float32); err != nil {
		return nil, nil, err
	}
	if here.bandwidth, err = peak.Bandwidth(); err != nil {
		return nil, nil, err
	}
	rows = append(rows, result.Exact("here", "matrix product", here.peak/1e9, "GFLOP/s"),
		result.Exact("here", "bandwidth of memory", here.bandwidth/1e9, "GB/s"))
	cases := measuredCases
	if o.Quick {
		cases = []measuredCase{measuredCases[1], measuredCases[4]}
	}
	reached := map[string]float64{} // By family.
	for _, c := range cases {
		cost, err := kit.StepCostOf(c.recipe(o.rounds))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.name, err)
		}
		profile, err := kit.ProfileOf(c.recipe(o.rounds), o.rounds)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.name, err)
		}
		s, seconds := step{StepCost: cost}, slices.Min(profile.Step) // The least: what else the machine does only adds.
		if c.fits {
			reached[c.family()] = here.share(s, 1, seconds, math.Inf(1))
		}
		predicted := here.seconds(s, 1, reached[c.family()], math.Inf(1))
		rows = append(rows, result.Exact("here/"+c.name, "measured step", 1e3*seconds, "ms"),
			result.Exact("here/"+c.name, "share of the peak", 100*here.share(s, 1, seconds, math.Inf(1)), "%"))
		if !c.fits {
			rows = append(rows, result.Exact("here/"+c.name, "model's step", 1e3*predicted, "ms"),
				result.Exact("here/"+c.name, "model's error", 100*(predicted/seconds-1), "%"))
		}
		fmt.Printf("%s: %.1f ms, by the model %.1f ms\n", c.name, 1e3*seconds, 1e3*predicted)
	}
	return rows, nil, nil
}
