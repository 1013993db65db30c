package compress

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/kit/device"
	"sslkit/kit/setting"
)

// Comparison says how candidates are compared with the first of them.
type Comparison struct {
	// Height and Width are the size of the images in pixels. Required.
	Height, Width int
	// Batches are the numbers of images at a time at which the latency is measured, each at least
	// 1. Default 1 and 32.
	Batches []int
	// Rounds is the number of measurements of each candidate, at least 1. Default 100.
	Rounds int
	// Passes is the number of forward passes in a measurement, at least 1. Default: as many as take
	// the first candidate about 5 milliseconds, so that the clock and the change from one network
	// to the next don't count.
	Passes int
}

// WithDefaults fills in the settings that were left at zero, but for Passes.
func (c Comparison) WithDefaults() Comparison {
	if c.Batches == nil {
		c.Batches = []int{1, 32}
	}
	if c.Rounds == 0 {
		c.Rounds = 100
	}
	return c
}

// Check returns an error where a setting is out of range.
func (c Comparison) Check() error {
	c = c.WithDefaults()
	d := Comparison{}.WithDefaults()
	if err := cmp.Or(
		setting.AtLeast(1, "compress.Comparison: Height", c.Height),
		setting.AtLeast(1, "compress.Comparison: Width", c.Width),
		setting.AtLeast(1, "compress.Comparison: Rounds", c.Rounds, d.Rounds),
		setting.Must(c.Passes >= 0, "compress.Comparison: Passes", c.Passes, "at least 1", "as many as take 5 milliseconds"),
	); err != nil {
		return err
	}
	for i, batch := range c.Batches {
		if err := setting.AtLeast(1, fmt.Sprintf("compress.Comparison: Batches[%d]", i), batch); err != nil {
			return err
		}
	}
	return nil
}

// Table is a comparison: a row for each candidate, in their order.
type Table struct {
	Device string `json:"device"` // What the latency is of.
	Rows   []Row  `json:"rows"`   // One for each candidate.
}

// Compare measures what candidates are worth and what they cost: the accuracy of k-NN, parameters,
// multiply-adds, the size of the file, and the latency on this process's device, in arithmetic of
// float32. Latencies are measured in turns, one measurement of every candidate before the next of
// any, in another order each time and each behind a pass that is not counted, so that none has the
// better place.
func (c Comparison) Compare(candidates ...Candidate) (Table, error) {
	if err := c.Check(); err != nil {
		return Table{}, err
	}
	if len(candidates) == 0 {
		return Table{}, errors.New("compress.Comparison: there are no candidates; give at least 1")
	}
	defer device.Trim() // Of what compiling has left.
	c = c.WithDefaults()
	table := Table{Device: device.Describe()}
	for _, candidate := range candidates {
		if err := candidate.check(c.Height, c.Width); err != nil {
			return Table{}, err
		}
		row, err := candidate.measure(c.Height, c.Width)
		if err != nil {
			return Table{}, fmt.Errorf("measuring %s: %w", candidate.Name, err)
		}
		table.Rows = append(table.Rows, row)
	}
	for _, batch := range c.Batches {
		if err := c.latencies(&table, candidates, batch); err != nil {
			return Table{}, err
		}
	}
	return table, nil
}

// latencies adds the latencies at one batch size to the rows.
func (c Comparison) latencies(table *Table, candidates []Candidate, batch int) error {
	runners := make([]*runner, len(candidates))
	for i, candidate := range candidates {
		caught := exceptions.TryCatch[error](func() {
			var err error
			if runners[i], err = newRunner(candidate.Encoder, candidate.Weights, batch, c.Height, c.Width); err != nil {
				panic(err)
			}
		})
		if caught != nil {
			return fmt.Errorf("measuring %s: %w", candidate.Name, caught)
		}
		defer runners[i].close()
	}
	passes := c.Passes
	for i, r := range runners { // Warm.
		took, err := r.run(5)
		if err != nil {
			return fmt.Errorf("running %s: %w", candidates[i].Name, err)
		}
		if passes == 0 {
			passes = int(max(1, min(1000, 5*time.Millisecond/max(took, 1))))
		}
	}
	seconds := make([][]float64, len(runners)) // Of an image, by candidate and round.
	for i := range seconds {
		seconds[i] = make([]float64, c.Rounds)
	}
	order := rand.New(rand.NewPCG(1, uint64(batch)))
	for round := range c.Rounds {
		for _, i := range order.Perm(len(runners)) {
			if _, err := runners[i].run(1); err != nil { // Not counted: it finds the caches as another network left them.
				return fmt.Errorf("running %s: %w", candidates[i].Name, err)
			}
			took, err := runners[i].run(passes)
			if err != nil {
				return fmt.Errorf("running %s: %w", candidates[i].Name, err)
			}
			seconds[i][round] = took.Seconds() / float64(batch)
		}
	}
	for i := range runners {
		ratios := make([]float64, c.Rounds)
		for round := range ratios {
			ratios[round] = seconds[0][round] / seconds[i][round]
		}
		table.Rows[i].Latency = append(table.Rows[i].Latency,
			Latency{Batch: batch, Rounds: c.Rounds, Seconds: spread(seconds[i]), Speedup: spread(ratios)})
	}
	return nil
}

// String is the table in Markdown.
func (t Table) String() string {
	var out strings.Builder
	fmt.Fprint(&out, "| encoder | k-NN % | parameters | not zero | multiply-adds (M) | file (kB) | gzip (kB) |")
	rule := "|---|---:|---:|---:|---:|---:|---:|"
	if len(t.Rows) > 0 {
		for _, l := range t.Rows[0].Latency {
			fmt.Fprintf(&out, " µs/image, batch %d | times quicker |", l.Batch)
			rule += "---:|---:|"
		}
	}
	fmt.Fprintf(&out, "\n%s\n", rule)
	for _, row := range t.Rows {
		accuracy := "–"
		if row.Accuracy != nil {
			accuracy = fmt.Sprintf("%.1f", 100*row.Accuracy.Value)
		}
		fmt.Fprintf(&out, "| %s | %s | %d | %d | %.2f | %.0f | %.0f |", row.Name, accuracy, row.Params, row.NonZero,
			float64(row.MultiplyAdds)/1e6, float64(row.FileBytes)/1e3, float64(row.GzipBytes)/1e3)
		for _, l := range row.Latency {
			fmt.Fprintf(&out, " %.0f | %.2f [%.2f, %.2f] |", 1e6*l.Seconds.Median, l.Speedup.Median, l.Speedup.Low, l.Speedup.High)
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}
