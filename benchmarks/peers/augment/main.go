// Command augment asks: how long does a view of a 32-pixel image take on one core, made in the
// graph by kit/augment, against torchvision's PIL transforms? Run it with run.sh, which makes
// torchvision's environment and pins both sides to one core.
//
// The two sides take turns in the same run, so that whatever else the machine does falls on both
// alike.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"runtime"

	"sslkit/kit/augment"
	"sslkit/kit/device"
)

const (
	batch = 256
	side  = 32
	seed  = 1
)

// views are SimCLR's without blur: the same as in torchvision_views.py.
func views(f augment.Interpolation) augment.Pipeline {
	return augment.Pipeline{
		augment.RandomResizedCrop{Size: side, Scale: [2]float64{.08, 1}, Interpolation: f},
		augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8},
		augment.Grey{P: .2},
	}
}

func main() {
	log.SetFlags(0)
	python := flag.String("python", "python3", "interpreter that has torchvision")
	script := flag.String("script", "torchvision_views.py", "the other side's program")
	out := flag.String("out", "augment.json", "file for the result")
	commit := flag.String("commit", "", "commit that is measured")
	repeats := flag.Int("repeats", 30, "batches a side")
	quick := flag.Bool("quick", false, "few repeats")
	flag.Parse()
	if *quick {
		*repeats = 5
	}
	if cores := runtime.NumCPU(); cores != 1 {
		log.Fatalf("may run on %d cores: pin to one, as run.sh does", cores)
	}
	if err := run(*python, *script, *out, *commit, *repeats); err != nil {
		log.Fatal(err)
	}
}

func run(python, script, out, commit string, repeats int) error {
	result := result{
		Benchmark: "augment",
		Commit:    commit,
		Machine:   thisMachine(),
		Backend:   device.Describe(),
		Protocol: fmt.Sprintf("One view of each of %d random RGB images of %d x %d a repeat, both sides on the same single core, "+
			"taking turns, after %d repeats to warm up. Ours: uint8 batch to the device, crop, flip, jitter, grey, float32 views "+
			"back in host memory. Theirs: the same transforms on PIL images, ToTensor, stack. Medians, with 95 %% bootstrap "+
			"intervals.", batch, side, side, warmUp),
	}
	for _, f := range []augment.Interpolation{augment.Bilinear, augment.Bicubic} {
		ours, err := newGraphSide(f)
		if err != nil {
			return err
		}
		theirs, err := newTorchvisionSide(python, script, f)
		if err != nil {
			return err
		}
		result.Peer = theirs.Versions
		a, b, err := takeTurns(ours, theirs, repeats)
		if err := errors.Join(err, theirs.Close()); err != nil {
			return err
		}
		name := fmt.Sprintf("views/%dpx/%s", side, f)
		result.add("sslkit/"+name, "time", "us/image", statistic{median: median(a), interval: medianInterval(a)}.scaled(1e6/batch), repeats)
		result.add("torchvision/"+name, "time", "us/image", statistic{median: median(b), interval: medianInterval(b)}.scaled(1e6/batch), repeats)
		result.add(name, "torchvision's time over sslkit's", "ratio", statistic{median: median(b) / median(a), interval: ratioInterval(b, a)}, repeats)
	}
	for _, r := range result.Rows {
		fmt.Printf("%-34s %-34s %8.2f [%.2f, %.2f] %s\n", r.Case, r.Metric, r.Value, r.Low, r.High, r.Unit)
	}
	return result.write(out)
}
