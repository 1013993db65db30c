package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

const resumeProtocol = "A small SimCLR run on Shapes, once unbroken, and once killed with SIGKILL at five random moments and started again each " +
	"time. The bytes of both encoder.safetensors are compared."

// resumeChild marks the process that trains and is killed: its value is the run directory.
const resumeChild = "SSLKIT_RESUME_RUN"

// resume kills a run five times and compares what it ends in with an unbroken run.
func resume(o options) error {
	recipe := kit.Recipe{
		Data: data.Shapes{Train: 1024, Test: 256, Validation: 256}, Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method: ssl.SimCLR{}, Batch: 64, Steps: 400, Seed: 1, CheckpointEvery: 7, MonitorEvery: 50,
	}
	kills := 5
	if o.quick {
		recipe.Steps, kills = 60, 2
	}
	if dir := os.Getenv(resumeChild); dir != "" {
		_, err := kit.Pretrain(dir, recipe)
		return err
	}
	unbroken, broken := filepath.Join(o.runs, "resume", "unbroken"), filepath.Join(o.runs, "resume", "broken")
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
		child.Env = append(os.Environ(), resumeChild+"="+broken)
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
	out := newResult("resume", resumeProtocol)
	out.Rows = []row{{Case: fmt.Sprintf("simclr/shapes/%s, killed %d times", recipe.Encoder.Name(), killed), Metric: "equal bytes",
		Value: equal, Low: equal, High: equal, Unit: "(1 is equal)", N: 1, Seed: recipe.Seed}}
	if err := out.Write(o.results()); err != nil {
		return err
	}
	if equal != 1 {
		return fmt.Errorf("the encoders differ")
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
