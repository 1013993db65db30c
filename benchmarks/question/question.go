// Package question is what the questions of benchmarks/ have in common: their flags and folders,
// the images that several of them look at, and the measures that all of them take.
package question

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
)

// Options are the flags of every question.
type Options struct {
	Quick bool // Run small, to see that it works.
	runs  string
}

// Register adds the flags to the command line.
func (o *Options) Register() {
	flag.BoolVar(&o.Quick, "quick", false, "run small, to see that it works; runs and result go to the "+
		"runs' folder, with -quick in its name")
	flag.StringVar(&o.runs, "runs", filepath.Join("runs", "benchmarks"), "the `folder` where runs are kept")
}

// Runs is a path in the folder of the runs.
func (o Options) Runs(parts ...string) string {
	folder := o.runs
	if o.Quick {
		folder += "-quick"
	}
	return filepath.Join(append([]string{folder}, parts...)...)
}

// Results is the folder that the result goes to. A quick one says nothing, and stays with the runs.
func (o Options) Results() string {
	if o.Quick {
		return o.Runs()
	}
	return filepath.Join("benchmarks", "results")
}

// Given is the value of the named flag where the command line has it, else other: what -quick makes
// small may still be asked for.
func Given[T any](name string, value, other T) T {
	flag.Visit(func(given *flag.Flag) {
		if given.Name == name {
			other = value
		}
	})
	return other
}

// stamp makes the commit that the program was started of that of all that it trains and writes: a
// result that is written meanwhile changes a file of the repository. It is an error where files differ
// from the commit, unless the result says nothing anyway: what is committed could not be made again.
func stamp(commit string, quick bool) error {
	if strings.HasSuffix(commit, rundir.Changed) && !quick {
		return fmt.Errorf("files differ from their commit (%s), and a result names the commit that measured it: commit them, or see "+
			"with -quick that it works", commit)
	}
	return os.Setenv(rundir.CommitVariable, commit)
}

// Main reads the flags, and ends the process with what answer returns: where a training was
// interrupted with the status of the signal. name is that of the
// question's folder.
func Main(name, asks string, answer func() error) {
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "%s\n\nusage: go run ./benchmarks/%s [flags]\n", asks, name)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "%s takes flags alone, not %q\n", name, flag.Args())
		flag.Usage()
		os.Exit(2)
	}
	quick := flag.Lookup("quick")
	if err := stamp(rundir.Commit(), quick == nil || quick.Value.String() == "true"); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	if err := answer(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(interrupt.ExitStatus(err))
	}
}
