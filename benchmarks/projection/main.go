// Command projection asks what the published recipes would take on accelerators, on paper. It counts
// operations and bytes in the graph of a step, measures for a minute or two how far this machine gets
// with such steps, and computes the rest:
//
//	go run ./benchmarks/projection
//	go run ./benchmarks/projection -a100 1.5 -h100 2.5 -network 12.5
package main

import (
	"flag"
	"fmt"
	"math"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
)

const asks = "What time, memory and money would the published recipes take on accelerators, on paper?"

// options are the flags: what is assumed, and can't be known here.
type options struct {
	question.Options
	low, high  float64 // Shares of the peak, in percent.
	network    float64 // GB/s
	a100, h100 float64 // $/h
	rounds     int
}

func main() {
	var o options
	o.Register()
	flag.Float64Var(&o.low, "low", 8, "the least share of the peak, in `percent`, that a step reaches on an accelerator")
	flag.Float64Var(&o.high, "high", 30, "the largest share of the peak, in `percent`, that a step reaches on an accelerator")
	flag.Float64Var(&o.network, "network", 12.5, "`GB/s` between machines, in one direction, for each accelerator")
	flag.Float64Var(&o.a100, "a100", 2, "the price of an A100, in `dollars` an hour")
	flag.Float64Var(&o.h100, "h100", 3, "the price of an H100, in `dollars` an hour")
	flag.IntVar(&o.rounds, "rounds", 5, "measured steps of each case")
	question.Main("projection", asks, func() error { return project(o) })
}

func (o options) check() error {
	switch {
	case !(o.low > 0 && o.low <= o.high && o.high <= 100):
		return fmt.Errorf("-low is %g and -high %g; they must be in (0, 100], and -high at least -low", o.low, o.high)
	case !(o.network > 0) || !(o.a100 >= 0) || !(o.h100 >= 0):
		return fmt.Errorf("-network is %g, -a100 %g and -h100 %g; -network must be above 0, and prices at least 0", o.network, o.a100, o.h100)
	case o.rounds < 3:
		return fmt.Errorf("-rounds is %d; it must be at least 3", o.rounds)
	}
	return nil
}

// shares are the bounds and their geometric mean, as fractions.
func (o options) shares() (low, middle, high float64) {
	return o.low / 100, math.Sqrt(o.low*o.high) / 100, o.high / 100
}

// project writes all three parts.
func project(o options) error {
	if o.Quick {
		o.rounds = question.Given("rounds", o.rounds, 3)
	}
	if err := o.check(); err != nil {
		return err
	}
	out := result.New("projection", protocol(o))
	for _, part := range []func(options) ([]result.Row, []string, error){measuredHere, publishedTimes, projections} {
		rows, notes, err := part(o)
		if err != nil {
			return err
		}
		out.Rows, out.Notes = append(out.Rows, rows...), append(out.Notes, notes...)
	}
	return out.WriteWith(o.Results(), table(out))
}
