// Command larger asks what it costs to train with less memory. It runs on Linux alone:
//
//	go run ./benchmarks/larger
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit"
	"sslkit/kit/encoder"
)

const asks = "What do micro-batches, rematerialisation and bfloat16 cost in time, and save in memory?"

const protocol = "SimCLR on Shapes, 32 × 32 pixels, in batches of %d images in two views each, with and without what saves memory. " +
	"Each training has a process of its own, and all take turns. Of three steps the first compiles; the other two are timed. " +
	"Memory is the largest that the process has in these two, less what it has before the first, after what glibc had freed was " +
	"given back to the system; weights and the optimiser's state are small beside it."

// options are the flags.
type options struct {
	question.Options
	turns, batch int
	child        string
}

// subject is an encoder, and its name in the result.
type subject struct {
	name    string
	encoder encoder.Encoder
}

// subjects are those that are trained.
func subjects(quick bool) []subject {
	if quick {
		return []subject{
			{"vit2-w16-p8", encoder.ViT{Patch: 8, Width: 16, Depth: 2, Heads: 1}}, {"resnet10-w2", encoder.ResNet{Depth: 10, Width: 2}},
		}
	}
	return []subject{{"vit6-w192-p4", encoder.ViT{Patch: 4, Width: 192, Depth: 6}}, {"resnet18-w16", encoder.ResNet{Depth: 18, Width: 16}}}
}

// plain is the setting that the others are compared with.
const plain = "plain"

// setting is a way to train with less memory.
type setting struct {
	name   string
	change func(*kit.Recipe)
}

var settings = []setting{
	{plain, func(*kit.Recipe) {}},
	{"micro-batches", func(r *kit.Recipe) { r.MicroBatch = r.Batch / 4 }},
	{"rematerialize", func(r *kit.Recipe) { r.Rematerialize = true }},
	{"micro-batches, rematerialize", func(r *kit.Recipe) { r.MicroBatch, r.Rematerialize = r.Batch/4, true }},
	{"bfloat16", func(r *kit.Recipe) { r.Precision = kit.BFloat16 }},
}

func main() {
	var o options
	o.Register()
	flag.IntVar(&o.turns, "turns", 3, "turns of each training, at least 1")
	flag.IntVar(&o.batch, "batch", 128, "`images` in a batch, a multiple of 8")
	flag.StringVar(&o.child, "child", "", "what a child process trains, as `JSON`; for this program alone")
	question.Main("larger", asks, func() error {
		if o.child != "" {
			var t training
			if err := json.Unmarshal([]byte(o.child), &t); err != nil {
				return fmt.Errorf("-child: %w", err)
			}
			return t.run()
		}
		return measure(o)
	})
}

// measure lets all trainings take turns.
func measure(o options) error {
	if o.Quick {
		o.turns, o.batch = question.Given("turns", o.turns, 1), question.Given("batch", o.batch, 16)
	}
	if o.turns < 1 || o.batch < 8 || o.batch%8 != 0 {
		return fmt.Errorf("-turns is %d and -batch %d; they must be at least 1, and a multiple of 8", o.turns, o.batch)
	}
	out := result.New("larger", fmt.Sprintf(protocol, o.batch)) // Of the commit that it begins with.
	took := map[string][]took{}                                 // By case, one a turn.
	for turn := range o.turns {
		for _, subject := range subjects(o.Quick) {
			for i, setting := range settings {
				name := subject.name + "/" + setting.name
				t, err := child(training{Dir: o.Runs("larger"), Subject: subject.name, Setting: i, Batch: o.batch, Quick: o.Quick})
				if err != nil {
					return fmt.Errorf("turn %d of %s: %w", turn+1, name, err)
				}
				fmt.Printf("turn %d, %s: %.2f s a step, %.0f MiB, the first step after %.0f s\n", turn+1, name, t.Step, t.MiB, t.First)
				took[name] = append(took[name], t)
			}
		}
	}
	for _, subject := range subjects(o.Quick) {
		for _, setting := range settings {
			out.Rows = append(out.Rows, rows(subject.name+"/"+setting.name, took[subject.name+"/"+setting.name], took[subject.name+"/"+plain])...)
		}
	}
	out.Notes = []string{
		"A figure is the median over the turns; what stands as its interval is the least and the greatest of them. A ratio is to the " +
			"plain training of the same turn.",
		"Micro-batches are a quarter of the batch. What memory the compiler leaves behind, tens of MiB and more where it had more to " +
			"compile, counts too. bfloat16 is for accelerators.",
	}
	return errors.Join(os.RemoveAll(o.Runs("larger")), out.Write(o.Results()))
}

// rows are the figures of one training, and their ratios to those of the plain one.
func rows(name string, turns, plainTurns []took) []result.Row {
	var out []result.Row
	for _, m := range []struct {
		what, unit string
		of         func(took) float64
	}{
		{"a step", "ms", func(t took) float64 { return 1000 * t.Step }},
		{"memory of a step", "MiB", func(t took) float64 { return t.MiB }},
		{"start to the end of the first step", "ms", func(t took) float64 { return 1000 * t.First }},
	} {
		var values, ratios []float64
		for i, turn := range turns {
			values = append(values, m.of(turn))
			ratios = append(ratios, 100*m.of(turn)/m.of(plainTurns[i]))
		}
		out = append(out, row(name, m.what, m.unit, values))
		if !strings.HasSuffix(name, "/"+plain) {
			out = append(out, row(name, m.what+", of the plain one's", "%", ratios))
		}
	}
	return out
}

// row is the median over turns, with the least and the greatest.
func row(name, what, unit string, turns []float64) result.Row {
	return result.Row{
		Case: name, Metric: what, Value: result.Median(turns), Low: slices.Min(turns), High: slices.Max(turns), Unit: unit,
		N: len(turns), Seed: 1,
	}
}
