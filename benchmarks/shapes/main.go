// Command shapes asks whether the procedural world is a good test bed:
//
//	go run ./benchmarks/shapes
package main

import (
	"flag"
	"fmt"
	"time"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "Is the procedural world hard for raw pixels, easy for a network with labels, and quick to draw?"

const protocol = "data.Shapes at its defaults (10,000 training and 2,000 test images of 32 × 32 pixels): k-NN (k = 20, " +
	"cosine, temperature 0.1) on raw pixels, with Wilson's interval over test images; the test accuracy of a small ResNet trained with " +
	"all labels, the mean over the seeds with Student's t over them; and the speed of drawing images on one core."

// options are the flags.
type options struct {
	question.Options
	launch launch.Flags
	seeds  int
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
	question.Main("shapes", asks, func() error { return measure(o) })
}

const name = "supervised/shapes/resnet18-w16-half"

// recipe is the training with all labels.
func recipe(o options, seed uint64) kit.Recipe {
	source, steps := data.Shapes{}, 1250
	if o.Quick {
		source, steps = data.Shapes{Train: 1000, Validation: 100, Test: 200}, 5
	}
	return kit.Recipe{
		Data:    source,
		Encoder: encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem},
		Method:  ssl.Supervised{Classes: 10},
		Augment: []augment.Pipeline{{
			augment.RandomResizedCrop{Scale: [2]float64{.6, 1}}, augment.Flip{}, augment.Normalize{},
		}},
		Optimizer: optim.SGD{LR: .4, Momentum: .9, WeightDecay: 5e-4},
		Batch:     64, Steps: steps, Seed: seed,
	}
}

// train trains one seed, or loads it.
func train(o options, seed uint64) (*kit.Run, error) {
	return result.Pretrain(o.Runs(name, fmt.Sprint(seed)), recipe(o, seed))
}

// measure measures whether Shapes is what a test bed should be: hard for raw pixels, easy for a
// network that is told the labels, and quick to draw.
func measure(o options) error {
	grid := launch.Grid{Question: "shapes", Folder: o.Runs("launch", "shapes")}
	for seed := range uint64(o.seeds) {
		grid.Cells = append(grid.Cells, launch.Cell{
			Name: fmt.Sprintf("supervised-%d", seed+1), Done: (&kit.Run{Dir: o.Runs(name, fmt.Sprint(seed+1))}).Finished,
			Run: func() error {
				_, err := train(o, seed+1)
				return err
			},
		})
	}
	if ready, err := o.launch.Ready(grid); err != nil || !ready {
		return err
	}
	var tally result.Tally
	var dirs []string
	for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
		run, err := train(o, seed)
		if err != nil {
			return err
		}
		by := result.Measure{Classifier: true}
		value, err := by.Of(run, 0)
		if err != nil {
			return err
		}
		tally.Add(result.Value{Case: name, Metric: "top-1 accuracy", Unit: "%", Data: "shapes", Run: statistics.Run{Seed: seed, Value: value}, Of: run, Measure: &by})
		dirs = append(dirs, run.Dir)
	}
	trained, err := tally.Rows()
	if err != nil {
		return err
	}
	source := recipe(o, 1).Data.(data.Shapes)
	pixels, err := question.KNNRow("pixels/shapes", func(split data.Split) (eval.Features, error) {
		return kit.PixelFeatures(source, split)
	}, 0)
	if err != nil {
		return err
	}
	pixels.Data, pixels.Untrained, pixels.Interval = "shapes", true, "Wilson's 95 % over test images"
	speed, err := drawingSpeed(source)
	if err != nil {
		return err
	}
	drawing := result.Exact("drawing/shapes", "speed of one core", speed, "images/s")
	drawing.Untrained = true
	out := result.New("shapes", protocol)
	images, err := o.Describe("shapes", source)
	if err != nil {
		return err
	}
	out.Data, out.Rows = []result.Data{images}, append(append([]result.Row{pixels}, trained...), drawing)
	if err := out.TellRuns(dirs); err != nil {
		return err
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
