// Command shapes asks whether the procedural world is a good test bed:
//
//	go run ./benchmarks/shapes
package main

import (
	"fmt"
	"time"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "Is the procedural world hard for raw pixels, easy for a network with labels, and quick to draw?"

const protocol = "data.Shapes at its defaults (10,000 training and 2,000 test images of 32 × 32 pixels): k-NN (k = 20, " +
	"cosine, temperature 0.1) on raw pixels, the test accuracy of a small ResNet trained with all labels, and the speed of " +
	"drawing images on one core."

func main() {
	var o question.Options
	o.Register()
	question.Main("shapes", asks, func() error { return measure(o) })
}

// measure measures whether Shapes is what a test bed should be: hard for raw pixels, easy for a
// network that is told the labels, and quick to draw.
func measure(o question.Options) error {
	source := data.Shapes{}
	steps := 1250
	if o.Quick {
		source, steps = data.Shapes{Train: 1000, Validation: 100, Test: 200}, 20
	}
	out := result.New("shapes", protocol)
	pixels, err := question.KNNRow("pixels/shapes", func(split data.Split) (eval.Features, error) {
		return kit.PixelFeatures(source, split)
	}, 0)
	if err != nil {
		return err
	}

	recipe := kit.Recipe{
		Data:    source,
		Encoder: encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
		Method:  ssl.Supervised{Classes: 10},
		Augment: []augment.Pipeline{{
			augment.RandomResizedCrop{Scale: [2]float64{.6, 1}}, augment.Flip{}, augment.Normalize{},
		}},
		Optimizer: optim.SGD{LR: .4, Momentum: .9, WeightDecay: 5e-4},
		Batch:     64, Steps: steps, Seed: 1,
	}
	name := "supervised/shapes/resnet18-w16-half"
	run, err := kit.Pretrain(o.Runs(name), recipe)
	if err != nil {
		return err
	}
	logits, err := run.Embeddings(data.Test)
	if err != nil {
		return err
	}
	accuracy, err := metric.Accuracy(logits.Labels, logits.ArgMax())
	if err != nil {
		return err
	}
	speed, err := drawingSpeed(source)
	if err != nil {
		return err
	}
	out.Rows = []result.Row{
		pixels,
		result.Percent(name, "top-1 accuracy", accuracy, recipe.Seed),
		result.Exact("drawing/shapes", "speed of one core", speed, "images/s"),
	}
	return out.Write(o.Results())
}

// drawingSpeed draws images one after the other, on one core, for two seconds.
func drawingSpeed(source data.Shapes) (imagesPerSecond float64, err error) {
	set, err := source.Open(data.Train)
	if err != nil {
		return 0, err
	}
	defer set.Close()
	height, width := set.Size()
	pix := make([]uint8, height*width*3)
	began, drawn := time.Now(), 0
	for time.Since(began) < 2*time.Second {
		if err := set.Read(drawn%set.Len(), pix); err != nil {
			return 0, fmt.Errorf("drawing image %d: %w", drawn, err)
		}
		drawn++
	}
	return float64(drawn) / time.Since(began).Seconds(), nil
}
