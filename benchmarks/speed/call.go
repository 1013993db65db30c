package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"sslkit/benchmarks/peers/python"
	"sslkit/kit"
)

// call is what a process is to measure.
type call struct {
	Do      string  `json:"do"`      // doTrain, doStep or doParts.
	Subject string  `json:"subject"` // Its name.
	Network network `json:"network"` // The subject's encoder.
	Quick   bool    `json:"quick"`
	Images  string  `json:"images"` // The image folder.
	Side    int     `json:"side"`   // Of views, in pixels.
	Batch   int     `json:"batch"`
	Steps   int     `json:"steps"`   // Those that are measured, and the first.
	Started float64 `json:"started"` // When the process was started, in seconds since 1970.

	Wide      bool          `json:"wide"`
	Precision kit.Precision `json:"precision"` // Of the encoder.
	Devices   int           `json:"devices"`   // Here.
	CUDA      bool          `json:"cuda"`      // There: on the GPU, compiled.
	loader
}

const (
	doTrain = "train" // From the image folder to updated weights.
	doStep  = "step"  // The step alone.
	doParts = "parts" // The same, of subjects that are measured here only.
)

// measured is what a process measured.
type measured struct {
	Parameters int64             `json:"parameters"` // Trained ones, of encoder and head; 0 of doParts.
	Input      [4]int            `json:"input"`      // What the encoder sees in a step: images of all views, height, width, channels; 0 of doParts.
	First      float64           `json:"first"`      // Seconds to the end of the first step; of a training since the process was started.
	Steps      []float64         `json:"steps"`      // Seconds of each step after the first.
	PeakMiB    float64           `json:"peak_mib"`   // Largest resident memory of the process.
	Versions   map[string]string `json:"versions,omitempty"`
	Profile    *kit.Profile      `json:"profile,omitempty"` // The parts of the step, here only.
	// ProductFLOPs are the operations a second of a matrix product, measured in the same process.
	ProductFLOPs float64 `json:"product_flops,omitempty"`
}

// answerMark begins the line on which a child process of this program gives what it measured, among
// those about its progress.
const answerMark = "SPEED "

// print gives the answer.
func (m measured) print() error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("\n%s%s\n", answerMark, line)
	return err
}

// readAnswer finds the answer in all that a process wrote.
func readAnswer(output []byte) (measured, error) {
	for line := range bytes.Lines(output) {
		encoded, ok := bytes.CutPrefix(line, []byte(answerMark))
		if !ok {
			continue
		}
		var m measured
		if err := json.Unmarshal(encoded, &m); err != nil {
			return m, fmt.Errorf("reading the answer %.80q: %w", line, err)
		}
		return m, m.check()
	}
	return measured{}, fmt.Errorf("no line begins with %q; the last words are %q", answerMark, lastWords(output))
}

// check is an error where there is nothing measured.
func (m measured) check() error {
	if len(m.Steps) == 0 {
		return errors.New("the answer holds no steps")
	}
	return nil
}

func lastWords(output []byte) []byte { return output[max(len(output)-200, 0):] }

// here measures in a child process of this program.
func here(ctx context.Context, c call) (measured, error) {
	program, err := os.Executable()
	if err != nil {
		return measured{}, err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(c.Images), "scratch-")
	if err != nil {
		return measured{}, err
	}
	m, err := ask(ctx, program, scratch, c)
	return m, errors.Join(err, os.RemoveAll(scratch))
}

// ask runs the child process, and reads its answer.
func ask(ctx context.Context, program, scratch string, c call) (measured, error) {
	c.Started = now()
	encoded, err := json.Marshal(c)
	if err != nil {
		return measured{}, err
	}
	process := exec.CommandContext(ctx, program)
	process.Env = append(os.Environ(), childCall+"="+string(encoded), childScratch+"="+scratch)
	process.Stderr = os.Stderr
	output, err := process.Output()
	if err != nil {
		return measured{}, fmt.Errorf("%s of %s here: %w; the last words are %q", c.Do, c.Subject, err, lastWords(output))
	}
	m, err := readAnswer(output)
	if err != nil {
		return m, fmt.Errorf("%s of %s here: %w", c.Do, c.Subject, err)
	}
	return m, nil
}

// now is in seconds since 1970.
func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }

// there measures in a Python process.
func there(ctx context.Context, interpreter, script string, c call) (m measured, err error) {
	c.Started = now()
	process, err := python.Start(ctx, interpreter, filepath.Join("benchmarks", "speed", script))
	if err != nil {
		return measured{}, fmt.Errorf("%s of %s: %w", c.Do, c.Subject, err)
	}
	m.Versions = process.Versions
	if err := errors.Join(process.Ask(c, &m), process.Close()); err != nil {
		return measured{}, fmt.Errorf("%s of %s: %w", c.Do, c.Subject, err)
	}
	return m, m.check()
}

// newCall is one without settings of a loader: all cores compute.
func newCall(do string, s subject, o options, images string, steps int) call {
	return call{
		Do: do, Subject: s.name, Network: s.network(), Quick: o.Quick, Images: images, Side: side, Batch: batch, Steps: steps,
		loader: loader{Threads: runtime.NumCPU()}, Wide: o.wide, Precision: o.precision, Devices: o.devices, CUDA: o.cuda,
	}
}
