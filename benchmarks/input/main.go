// Command input asks how quickly images reach a training. It runs on Linux alone, with run.sh, which
// makes the environment of PIL and torchvision.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
)

const asks = "How quickly do images reach a training, and how much host memory does a folder larger than memory take?"

const protocol = "The 256 photographs of coco128-256px.tar.gz, JPEGs of at most 256 pixels, as squares of 224 pixels. Speed: " +
	"one side after the other, in turns, each on one core for at least a second a turn. sslkit reads them from a cache of raw " +
	"pixels and from one of JPEGs of quality 90, each a file with its SHA-256 checked, and makes the squares anew from the " +
	"files, as the first opening does. PIL and torchvision decode the files and make the squares of them (PIL with Lanczos, " +
	"torchvision with bilinear antialiasing), and decode the very squares that the cache of JPEGs has. Memory: a child " +
	"process pretrains SimCLR of a ResNet-10 of width 8, in batches of 64, views of 64 pixels, from a cache that is larger " +
	"than ImageFolder.Memory allows, filled with the photographs under other names. The share of waiting is of the time from " +
	"the end of the first step, so that compiling does not count, to the end of the last."

// options are the flags.
type options struct {
	question.Options
	data, python, script string
	size                 float64 // GB of the large cache
	turns, steps         int
	seconds              float64 // of a turn
	child                string
}

func main() {
	var o options
	o.Register()
	flag.StringVar(&o.data, "data", os.Getenv("SSLKIT_DATA_DIR"), "the `folder` with coco128-256px.tar.gz, unless SSLKIT_DATA_DIR names it")
	flag.StringVar(&o.python, "python", "python3", "the `interpreter` that has PIL and torchvision")
	flag.StringVar(&o.script, "script", "benchmarks/input/decode.py", "the `program` of the other side")
	flag.Float64Var(&o.size, "size", 5, "`GB` of the raw cache that is trained from; it is removed afterwards")
	flag.IntVar(&o.turns, "turns", 5, "turns of each side, at least 3")
	flag.StringVar(&o.child, "child", "", "what a child process trains, as `JSON`; for this program alone")
	question.Main("input", asks, func() error {
		if o.child != "" {
			return o.train()
		}
		return measure(o)
	})
}

// train is the child.
func (o options) train() error {
	var t training
	if err := json.Unmarshal([]byte(o.child), &t); err != nil {
		return fmt.Errorf("-child: %w", err)
	}
	return t.run()
}

// measure takes both measurements.
func measure(o options) error {
	o.seconds, o.steps = 1, 20
	if o.Quick {
		o.seconds, o.steps, o.turns = .1, 4, question.Given("turns", o.turns, 3)
		o.size = question.Given("size", o.size, .05)
	}
	if o.turns < 3 {
		return fmt.Errorf("-turns is %d; it must be at least 3", o.turns)
	}
	out := result.New("input", protocol)
	folder := o.Runs("input")
	if err := os.RemoveAll(folder); err != nil { // What an interrupted one left.
		return err
	}
	defer os.RemoveAll(folder)
	photos, err := newPhotos(o.data, folder)
	if err != nil {
		return fmt.Errorf("the photographs: %w", err)
	}
	speed, versions, err := speeds(o, photos)
	if err != nil {
		return err
	}
	memory, err := trainings(o, photos)
	if err != nil {
		return err
	}
	out.Rows, out.Peer = append(speed, memory...), versions
	out.Notes = []string{"The host memory is the peak of the whole process, XLA and the network with it; what the input adds is what " +
		"is above the training whose images are few."}
	return out.Write(o.Results())
}
