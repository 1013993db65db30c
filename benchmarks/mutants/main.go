// Command mutants says whether the tests would notice small faults: it puts one at a time into a
// copy of the sources, runs the tests nearest to it, and records which test fails first, or that
// none does.
//
//	go run ./benchmarks/mutants -check             # does every fault apply and compile?
//	go run ./benchmarks/mutants                    # try those that are not recorded for this commit
//	go run ./benchmarks/mutants -only ssl/simclr   # a few
//
// It goes on where it was interrupted: steps that are recorded for the commit are not run again. So
// a cheap pass may come before a dear one, which then runs for the survivors alone: GoMLX's Go
// backend compiles nothing, and small trainings take a tenth of the time there.
//
//	GOMLX_BACKEND=go go run ./benchmarks/mutants -short -skip TestGraphAgreesWithHost/Brightness
//	go run ./benchmarks/mutants -tests beside,package,importers
//
// Tests that read real images run only where SSLKIT_DATA_DIR names the folder of these.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sslkit/kit"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	c := campaign{all: mutants()}
	var only, tests string
	var workers int
	var checkOnly bool
	flag.StringVar(&c.tree, "tree", ".", "the repository that is mutated and tested, in a copy")
	flag.StringVar(&c.side, "side", after, "the column that the result goes to: before or after")
	flag.StringVar(&only, "only", "", "only mutants whose names match this regular expression")
	flag.StringVar(&c.out, "out", filepath.Join("benchmarks", "results", "mutants.json"), "the result file; its table lies beside it")
	flag.IntVar(&workers, "j", 1, "the number of mutants tried at a time, each in a copy of its own")
	flag.BoolVar(&c.again, "again", false, "forget what is recorded for the chosen mutants")
	flag.BoolVar(&checkOnly, "check", false, "only say whether every mutant applies and compiles")
	flag.StringVar(&tests, "tests", strings.Join([]string{besideTests, packageTests, importerTests}, ","),
		"which tests are run: beside the file, of the package, of its importers")
	flag.StringVar(&c.options.skip, "skip", "", "go test's -skip: tests that fail without any fault, too")
	flag.BoolVar(&c.options.short, "short", false, "go test's -short")
	flag.DurationVar(&c.options.timeout, "timeout", 30*time.Minute, "how long one package's tests may take")
	flag.Parse()

	c.kinds = strings.Split(tests, ",")
	for _, kind := range c.kinds {
		if !slices.Contains([]string{besideTests, packageTests, importerTests}, kind) {
			return fmt.Errorf("-tests holds %q; it must be of beside, package and importers", kind)
		}
	}
	if c.side != before && c.side != after {
		return fmt.Errorf("-side is %q; it must be before or after", c.side)
	}
	if workers < 1 {
		return fmt.Errorf("-j is %d; it must be at least 1", workers)
	}
	named, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	chosen := slices.DeleteFunc(mutants(), func(m mutant) bool { return !named.MatchString(m.name) })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if checkOnly {
		return check(ctx, c.tree, chosen)
	}
	c.options.backend, _, _ = strings.Cut(kit.DescribeBackend(), " ")
	return c.run(ctx, chosen, workers)
}
