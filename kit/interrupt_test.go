package kit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// TestInterruptedRunGoesOnToTheSameBits interrupts a training between two checkpoints, as the
// button of a notebook does.
func TestInterruptedRunGoesOnToTheSameBits(t *testing.T) {
	recipe := small()
	recipe.Steps, recipe.CheckpointEvery, recipe.MonitorEvery = 40, 25, 10
	dir, whole := t.TempDir(), t.TempDir()
	ended := make(chan error)
	go func() {
		_, err := Pretrain(dir, recipe)
		ended <- err
	}()
	for bytes.Count(metricsSoFar(dir), []byte("\n")) < 4 {
		time.Sleep(time.Millisecond)
	}
	process, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = <-ended
	if !errors.Is(err, interrupt.ErrInterrupted) || !strings.Contains(err.Error(), "its checkpoint is kept") {
		t.Fatalf("ended with %v", err)
	}
	pretrained(t, dir, recipe)
	pretrained(t, whole, recipe)
	for _, name := range []string{rundir.EncoderFile, rundir.InitialFile} {
		if !bytes.Equal(content(t, dir, name), content(t, whole, name)) {
			t.Errorf("%s differs from that of a run that was not interrupted", name)
		}
	}
}

func metricsSoFar(dir string) []byte {
	content, _ := os.ReadFile(filepath.Join(dir, rundir.MetricsFile))
	return content
}

// interrupting asks for the end of the process in its first step.
type interrupting struct{ ssl.SimCLR }

func (i interrupting) WithDefaults() ssl.Method {
	i.SimCLR = i.SimCLR.WithDefaults().(ssl.SimCLR)
	return i
}

func (i interrupting) Loss(step *ssl.Step) *graph.Node {
	if process, err := os.FindProcess(os.Getpid()); err == nil {
		process.Signal(os.Interrupt)
	}
	return i.SimCLR.Loss(step)
}

// TestInterruptInTheLastStep finishes the run, and ends the program all the same.
func TestInterruptInTheLastStep(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Steps, recipe.CheckpointEvery = tiny, 1, 1
	recipe.Method = interrupting{ssl.SimCLR{Out: 8}}
	dir := t.TempDir()
	_, err := Pretrain(dir, recipe)
	if !errors.Is(err, interrupt.ErrInterrupted) || !strings.Contains(err.Error(), "finished") {
		t.Errorf("ended with %v", err)
	}
	pretrained(t, dir, recipe)
}
