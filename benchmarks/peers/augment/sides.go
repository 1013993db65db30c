package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"sslkit/benchmarks/peers/python"
	"sslkit/kit/augment"
	"sslkit/kit/device"
)

// warmUp is how many batches either side makes before any is counted.
const warmUp = 3

// maker makes one view of every image of a batch and returns the seconds that took.
type maker interface {
	make(step int) (float64, error)
}

// takeTurns lets two sides make batches one after the other, and returns the seconds of each batch
// of either.
func takeTurns(a, b maker, repeats int) (ofA, ofB []float64, err error) {
	for step := range warmUp + repeats {
		secondsA, err := a.make(step)
		if err != nil {
			return nil, nil, err
		}
		secondsB, err := b.make(step)
		if err != nil {
			return nil, nil, err
		}
		if step >= warmUp {
			ofA, ofB = append(ofA, secondsA), append(ofB, secondsB)
		}
	}
	return ofA, ofB, nil
}

// graphSide is kit/augment.
type graphSide struct {
	exec   *Exec
	images []uint8
}

func newGraphSide(f augment.Interpolation) (*graphSide, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	pipeline := views(f)
	if err := pipeline.Check(side, side); err != nil {
		return nil, err
	}
	exec, err := NewExec(backend, func(state, images *Node) *Node {
		return pipeline.Apply(augment.NewRandom(state), images)
	})
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	images := make([]uint8, batch*side*side*3)
	for i := range images {
		images[i] = uint8(random.IntN(256))
	}
	return &graphSide{exec, images}, nil
}

func (g *graphSide) make(step int) (float64, error) {
	start := time.Now()
	state := augment.State(seed, step)
	images := tensors.FromFlatDataAndDimensions(g.images, batch, side, side, 3)
	views, err := g.exec.Call1(state[:], images)
	if err != nil {
		return 0, err
	}
	// Execution is asynchronous: the views are there once they can be read.
	if _, err := tensors.CopyFlatData[float32](views); err != nil {
		return 0, err
	}
	seconds := time.Since(start).Seconds()
	return seconds, errors.Join(views.FinalizeAll(), images.FinalizeAll())
}

// torchvisionSide makes the views in a Python process.
type torchvisionSide struct{ *python.Process }

func newTorchvisionSide(interpreter, script string, f augment.Interpolation) (torchvisionSide, error) {
	process, err := python.Start(context.Background(), interpreter, script,
		"--batch", strconv.Itoa(batch), "--side", strconv.Itoa(side), "--interpolation", f.String())
	return torchvisionSide{process}, err
}

func (t torchvisionSide) make(step int) (seconds float64, err error) {
	err = t.Ask(step, &seconds)
	return seconds, err
}
