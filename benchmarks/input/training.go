package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

const batch = 64

// training is what a child process trains.
type training struct {
	Dir    string
	Images data.ImageFolder
	Cache  string // ImageFolder.Cache, which JSON leaves out
	Steps  int
}

// took is what the child says about it.
type took struct {
	PeakGiB float64
	Waited  float64 // share of the time from the first step to the last, in percent
	Rate    float64 // images a second in that time
}

// run trains, and says what it took on standard output.
func (t training) run() error {
	t.Images.Memory, t.Images.Cache = 1, t.Cache
	result.ResetPeakMemory()
	run, err := kit.Pretrain(t.Dir, kit.Recipe{
		Data: t.Images, Encoder: encoder.ResNet{Depth: 10, Width: 8}, Method: ssl.SimCLR{},
		Augment: []augment.Pipeline{{augment.RandomResizedCrop{Size: 64}, augment.Flip{}, augment.Normalize{}}},
		Batch:   batch, Steps: t.Steps, Seed: 1,
	})
	if err != nil {
		return err
	}
	peak := result.PeakMemoryGiB()
	metrics, err := run.Metrics()
	if err != nil {
		return err
	}
	first, last := metrics[1], metrics[len(metrics)-1] // The 0th is before the first step.
	seconds := last.Seconds - first.Seconds
	return json.NewEncoder(os.Stdout).Encode(took{
		peak, 100 * (last.Waited - first.Waited) / seconds, float64((last.Step-first.Step)*batch) / seconds,
	})
}

// trainings trains in a child process each: from few images, from a raw cache of the size that is
// asked for, and from one of JPEGs.
func trainings(o options, p photos) ([]result.Row, error) {
	large := max(3*batch, int(o.size*1e9/(side*side*3)))
	var rows []result.Row
	for _, c := range []struct {
		name     string
		encoding data.Encoding
		images   int
	}{
		{"a few raw images", data.Raw, 3 * batch},
		{fmt.Sprintf("raw cache of %.2g GB", o.size), data.Raw, large},
		{"JPEG cache", data.JPEG, min(large, 4096)},
	} {
		tree, err := p.repeated(c.images)
		if err != nil {
			return nil, fmt.Errorf("a folder of %d images: %w", c.images, err)
		}
		source := p.source(tree, c.encoding)
		for _, split := range []data.Split{data.Train, data.Test} { // Decoded here, so that the child only reads.
			set, err := source.Open(split)
			if err != nil {
				return nil, err
			}
			if err := set.Close(); err != nil {
				return nil, err
			}
		}
		took, err := child(training{filepath.Join(p.folder, "run"), source, source.Cache, o.steps})
		if err != nil {
			return nil, fmt.Errorf("training from %s: %w", c.name, err)
		}
		name := "training/" + c.name
		rows = append(rows,
			result.Exact(name, "peak host memory", 1024*took.PeakGiB, "MiB"),
			result.Exact(name, "share of the time that it waits for images", took.Waited, "%"),
			result.Exact(name, "speed", took.Rate, "images/s"))
		if err := os.RemoveAll(tree); err != nil {
			return nil, err
		}
		if err := os.RemoveAll(source.Cache); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// child trains in a process of its own, so that its memory is that of the training.
func child(t training) (took, error) {
	if err := os.RemoveAll(t.Dir); err != nil {
		return took{}, err
	}
	var said took
	err := question.Child(t, &said)
	return said, err
}
