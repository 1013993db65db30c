package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
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

// torchvisionSide is a Python process that answers every line with the seconds of one batch.
type torchvisionSide struct {
	process  *exec.Cmd
	in       io.WriteCloser
	lines    *bufio.Scanner
	versions map[string]string
}

func newTorchvisionSide(python, script string, f augment.Interpolation) (*torchvisionSide, error) {
	process := exec.Command(python, script,
		"--batch", strconv.Itoa(batch), "--side", strconv.Itoa(side), "--interpolation", f.String())
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("starting %s %s: %w", python, script, err)
	}
	t := &torchvisionSide{process: process, in: in, lines: bufio.NewScanner(out)}
	line, err := t.line()
	if err == nil {
		err = json.Unmarshal([]byte(line), &t.versions)
	}
	if err != nil {
		return nil, t.close(fmt.Errorf("reading the versions: %w", err))
	}
	return t, nil
}

func (t *torchvisionSide) make(int) (float64, error) {
	if _, err := io.WriteString(t.in, "\n"); err != nil {
		return 0, fmt.Errorf("asking torchvision for a batch: %w", err)
	}
	line, err := t.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}

func (t *torchvisionSide) line() (string, error) {
	if !t.lines.Scan() {
		return "", errors.Join(errors.New("torchvision_views.py ended early"), t.lines.Err())
	}
	return t.lines.Text(), nil
}

// close ends the process, and adds its failure to err.
func (t *torchvisionSide) close(err error) error {
	return errors.Join(err, t.in.Close(), t.process.Wait())
}
