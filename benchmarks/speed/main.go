// Command speed asks how fast pretraining goes, beside PyTorch with lightly and beside JAX. run.sh
// makes their environment and runs all; without them, it measures sslkit alone:
//
//	benchmarks/speed/run.sh
//	go run ./benchmarks/speed
//	benchmarks/speed/gpu.sh    # on a machine with CUDA
//
// Each measurement is a process of its own. The sides take turns on the same cores, so that
// whatever else the machine does falls on all alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit"
	"sslkit/kit/interrupt"
)

const asks = "How fast does pretraining go, beside PyTorch with lightly and beside JAX?"

// options are the flags.
type options struct {
	question.Options
	python               string
	turns, steps, rounds int
	precision            kit.Precision
	devices              int
	wide                 bool
	cuda                 bool // By the backend.
}

func main() {
	if encoded := os.Getenv(childCall); encoded != "" {
		if err := runChild(encoded); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(interrupt.ExitStatus(err))
		}
		return
	}
	var o options
	o.Register()
	flag.StringVar(&o.python, "python", "", "the `interpreter` that has PyTorch, lightly and JAX, as run.sh makes it; "+
		"without it, sslkit is measured alone")
	flag.IntVar(&o.turns, "turns", 3, "the number of turns, at least 3 unless -quick")
	flag.IntVar(&o.steps, "steps", 40, fmt.Sprintf("steps of a training from end to end, above %d, of which the first %d "+
		"do not count", skipped, skipped))
	flag.IntVar(&o.rounds, "rounds", 6, "steps of a step alone")
	flag.TextVar(&o.precision, "precision", kit.Float32, "the `dtype` of the encoder's arithmetic: Float32 or BFloat16")
	flag.IntVar(&o.devices, "devices", 1, "the number of devices that share out a batch; with several, trainings alone are measured")
	flag.BoolVar(&o.wide, "wide", false, "networks of a width for accelerators, not those for two cores")
	question.Main("speed", asks, func() error { return measure(o) })
}

// check makes -quick small, and tells where a flag is out of range.
func (o *options) check(backend string) error {
	least := 3
	if o.Quick {
		least = 1
		o.turns = question.Given("turns", o.turns, 1)
		o.steps = question.Given("steps", o.steps, skipped+4)
		o.rounds = question.Given("rounds", o.rounds, 2)
	}
	switch {
	case o.turns < least:
		return fmt.Errorf("-turns is %d; it must be at least %d", o.turns, least)
	case o.steps <= skipped:
		return fmt.Errorf("-steps is %d; it must be above %d, the steps that do not count", o.steps, skipped)
	case o.rounds < 1:
		return fmt.Errorf("-rounds is %d; it must be at least 1", o.rounds)
	case o.devices < 1:
		return fmt.Errorf("-devices is %d; it must be at least 1", o.devices)
	case o.devices > 1 && o.python != "":
		return fmt.Errorf("-devices is %d; with -python it must be 1, as the others have", o.devices)
	}
	o.cuda = strings.HasPrefix(backend, "xla:cuda")
	switch {
	case o.python != "" && !o.cuda && !strings.HasPrefix(backend, "xla:cpu"):
		return fmt.Errorf("-python: the others run on the CPU or on CUDA, and sslkit on %s; choose GOMLX_BACKEND=xla:cpu, or leave -python out", backend)
	case o.python != "" && !o.cuda && o.precision != kit.Float32:
		return fmt.Errorf("-precision is %s; with -python it must be %s on the CPU, as the others have", o.precision, kit.Float32)
	}
	return nil
}

// measure takes all turns, and writes the result after each.
func measure(o options) error {
	out := result.New("speed", "") // Of the commit that it begins with.
	if err := o.check(out.Backend); err != nil {
		return err
	}
	out.Protocol = protocol(o)
	images := o.Runs("speed", "images")
	if err := writeImages(images, o.Quick); err != nil {
		return err
	}
	kept := o.Runs("speed", out.Commit)
	if out.Commit == "" || strings.HasSuffix(out.Commit, "+changes") { // What was kept may be of other code.
		if err := os.RemoveAll(kept); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{options: o, ctx: ctx, images: images, kept: kept}
	for turn := range o.turns {
		if err := b.turn(turn); err != nil {
			return interrupted(ctx, err)
		}
		rows, err := b.rows()
		if err != nil {
			return err
		}
		out.Rows, out.Peer, out.Notes = rows, b.versions(), b.notes()
		if err := out.WriteWith(o.Results(), table(out)); err != nil {
			return err
		}
	}
	return nil
}

// interrupted says what goes on from here where the user ended it.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return errors.Join(interrupt.New(os.Interrupt, "interrupted; the same command goes on behind what is measured"), err)
}

// path is where a measurement of a turn is kept, by all that it depends on.
func (b *bench) path(turn int, kind, name string) string {
	sides := "alone"
	if b.python != "" {
		sides = "peers"
	}
	return filepath.Join(b.kept, fmt.Sprintf("turn%d", turn+1), fmt.Sprintf("%s-%s-%s-%ddevices-%dsteps-%drounds-%s.json",
		kind, strings.ReplaceAll(name, "/", "-"), b.precision, b.devices, b.steps, b.rounds, sides))
}
