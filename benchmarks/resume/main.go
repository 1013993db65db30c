// Command resume asks whether a run that is killed ends in the same bits as an unbroken one:
//
//	go run ./benchmarks/resume
package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

const asks = "Does a run that is killed again and again end in the same bits as an unbroken one?"

const protocol = "A small SimCLR run on Shapes, once unbroken, and once killed with SIGKILL at five random moments and " +
	"started again each time. The bytes of both encoder.safetensors are compared."

// childRun marks the process that trains and is killed: its value is the run directory.
const childRun = "SSLKIT_RESUME_RUN"

func main() {
	var o question.Options
	o.Register()
	question.Main("resume", asks, func() error { return measure(o) })
}

// measure kills a run five times and compares what it ends in with an unbroken run.
func measure(o question.Options) error {
	recipe := kit.Recipe{
		Data:    data.Shapes{Train: 1024, Test: 256, Validation: 256},
		Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method:  ssl.SimCLR{}, Batch: 64, Steps: 400, Seed: 1, CheckpointEvery: 7, MonitorEvery: 50,
	}
	kills := 5
	if o.Quick {
		recipe.Steps, kills = 60, 2
	}
	if dir := os.Getenv(childRun); dir != "" {
		_, err := kit.Pretrain(dir, recipe)
		return err
	}
	unbroken, broken := o.Runs("resume", "unbroken"), o.Runs("resume", "broken")
	for _, dir := range []string{unbroken, broken} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if _, err := kit.Pretrain(unbroken, recipe); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // The moments are to be others each time.
	killed := 0
	for attempt := 0; ; attempt++ {
		child := exec.Command(os.Args[0], os.Args[1:]...)
		child.Env = append(os.Environ(), childRun+"="+broken)
		if err := child.Start(); err != nil {
			return err
		}
		finished := make(chan error, 1)
		go func() { finished <- child.Wait() }()
		if killed == kills {
			if err := <-finished; err != nil {
				return fmt.Errorf("the last attempt: %w", err)
			}
			break
		}
		// Somewhere in the next part of the training, once this attempt has got to work.
		target := lastStep(broken) + 1 + rng.IntN(max(recipe.Steps/(kills+1), 1))
		for lastStep(broken) < target {
			select {
			case err := <-finished:
				return fmt.Errorf("attempt %d ended before it was killed: %v", attempt, err)
			case <-time.After(time.Duration(1+rng.IntN(20)) * time.Millisecond):
			}
		}
		child.Process.Kill()
		<-finished
		killed++
		fmt.Printf("killed at step %d\n", lastStep(broken))
	}

	a, err := os.ReadFile(filepath.Join(unbroken, "encoder.safetensors"))
	if err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(broken, "encoder.safetensors"))
	if err != nil {
		return err
	}
	equal := 0.0
	if bytes.Equal(a, b) {
		equal = 1
	}
	out := result.New("resume", protocol)
	row := result.Exact(fmt.Sprintf("simclr/shapes/%s, killed %d times", recipe.Encoder.Name(), killed), "equal bytes", equal,
		"(1 is equal)")
	row.Seed = recipe.Seed
	out.Rows = []result.Row{row}
	if err := out.Write(o.Results()); err != nil {
		return err
	}
	if equal != 1 {
		return errors.New("the encoders differ")
	}
	return nil
}

// lastStep is the last step that a run has reported, or 0.
func lastStep(dir string) int {
	metrics, err := (&kit.Run{Dir: dir}).Metrics()
	if err != nil || len(metrics) == 0 {
		return 0
	}
	return metrics[len(metrics)-1].Step
}
