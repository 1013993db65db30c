package kit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
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
