//go:build linux

// Command faults says whether anything is lost, or wrong in silence, when something goes wrong: it
// kills trainings, fills disks, flips bits, removes files and hands over hostile ones, a fault at a
// time, and looks at what comes after.
//
//	go run ./benchmarks/faults                  # all of them; it goes on where it was interrupted
//	go run ./benchmarks/faults -only kill/byol  # a few
//
// Full and read-only disks are mounted (tmpfs), which takes root; elsewhere these faults are left out,
// and the table says so.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit/rundir"
)

const asks = "Is anything lost, or wrong in silence, when something goes wrong?"

const protocol = "One fault at a time, by seed: a child process pretrains a tiny recipe and evaluates it (features of both splits, " +
	"embeddings, k-NN, a report), is hurt, and is run again. What it then has (weights, features, embeddings, metrics without " +
	"their times, recipe, figures) is compared bit for bit with that of an unbroken run. A fault ends in the same bits; in the " +
	"same bits and a message that says what was passed over or made anew; in an error that names the cause; in something lost " +
	"(an error that does not name it, a hang, left-overs); or silently wrong (other bits, and no word)."

func main() {
	if call := os.Getenv(childCall); call != "" {
		question.Main("faults", asks, func() error { return runChild(call) })
		return
	}
	var o question.Options
	o.Register()
	c := campaign{}
	only := ""
	flag.StringVar(&only, "only", "", "only faults whose names match this regular expression; nothing is written then")
	flag.Uint64Var(&c.seed, "seed", 1, "of the moments and places of the faults")
	question.Main("faults", asks, func() error {
		var err error
		if c.only, err = regexp.Compile(only); err != nil {
			return fmt.Errorf("-only: %w", err)
		}
		c.folder = o.Runs("faults")
		if err := c.run(o.Quick); err != nil || only != "" {
			return err
		}
		return c.write(o.Results())
	})
}

// campaign is all faults and what came of them.
type campaign struct {
	seed   uint64
	folder string
	only   *regexp.Regexp
	ended  []ended
}

// ended is a fault with what came of it.
type ended struct {
	Fault string `json:"fault"`
	Kind  string `json:"kind"`
	outcome
}

// quickFaults is how many faults of each kind a quick campaign tries.
const quickFaults = 2

func (c *campaign) run(quick bool) error {
	absolute, err := filepath.Abs(c.folder)
	if err != nil {
		return err
	}
	c.folder = absolute
	if err := os.MkdirAll(c.folder, 0o755); err != nil {
		return err
	}
	// What ended under another commit says nothing about this one.
	record := filepath.Join(c.folder, fmt.Sprintf("ended-%s-seed%d.jsonl", rundir.Commit(), c.seed))
	known, err := readEnded(record)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	stage, err := newStage(c.folder, c.seed)
	if err != nil {
		return err
	}
	tried := map[string]int{}
	for _, f := range faults(stage) {
		if !c.only.MatchString(f.name) || quick && tried[f.kind] >= quickFaults {
			continue
		}
		tried[f.kind]++
		e, done := known[f.name]
		if !done {
			if e.outcome, err = stage.try(f); err != nil {
				return fmt.Errorf("fault %s: %w", f.name, err)
			}
			e.Fault, e.Kind = f.name, f.kind
			line, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if _, err := log.Write(append(line, '\n')); err != nil {
				return err
			}
			fmt.Printf("%-60s %s\n", f.name, e.Result)
			if e.bad() {
				fmt.Printf("    %s\n", strings.ReplaceAll(e.Said, "\n", "\n    "))
			}
		}
		c.ended = append(c.ended, e)
	}
	return nil
}

func readEnded(path string) (map[string]ended, error) {
	known := map[string]ended{}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(content)) {
		var e ended
		if json.Unmarshal([]byte(line), &e) == nil { // The last one may be cut.
			known[e.Fault] = e
		}
	}
	return known, nil
}

// write writes the result: a row a kind and outcome, and every fault with what was said.
func (c *campaign) write(folder string) error {
	out := result.New("faults", protocol)
	var kinds []string
	count := map[[2]string]int{}
	total := map[string]int{}
	for _, e := range c.ended {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
		count[[2]string{e.Kind, e.Result}]++
		total[e.Result]++
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%s\n\nSeed %d; %d cores, %s; GoMLX's Go backend, and XLA where it says so; commit %s.\n\n",
		protocol, c.seed, out.Machine.Cores, out.Machine.Processor, out.Commit)
	fmt.Fprintf(&table, "| fault | tried | %s |\n|---|---:|%s\n", strings.Join(results, " | "), strings.Repeat("---:|", len(results)))
	line := func(name string, of func(string) int) {
		sum := 0
		var cells []string
		for _, r := range results {
			sum += of(r)
			cells = append(cells, fmt.Sprint(of(r)))
		}
		fmt.Fprintf(&table, "| %s | %d | %s |\n", name, sum, strings.Join(cells, " | "))
	}
	for _, kind := range kinds {
		line(kind, func(r string) int { return count[[2]string{kind, r}] })
	}
	line("**all**", func(r string) int { return total[r] })
	for _, e := range c.ended {
		row := result.Exact(e.Fault, e.Result, 1, "")
		row.Seed, row.Detail = c.seed, e.Said
		out.Rows = append(out.Rows, row)
		if e.bad() {
			fmt.Fprintf(&table, "\n- %s: %s: %s\n", e.Fault, e.Result, e.Said)
		}
	}
	if err := out.WriteWith(folder, table.String()); err != nil {
		return err
	}
	if bad := total[lost] + total[wrong]; bad > 0 {
		return fmt.Errorf("%d faults of %d lost something or were silently wrong", bad, len(c.ended))
	}
	return nil
}
