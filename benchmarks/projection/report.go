package main

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/result"
)

// counts are the numbers of accelerators.
var counts = []int{1, 8, 64}

func protocol(o options) string {
	low, middle, high := o.shares()
	return fmt.Sprintf("A projection, not a measurement: no accelerator was at hand. The operations of a step are those of all matrix "+
		"products and convolutions in its graph, views and teacher included; its bytes what these and reductions read and write, each "+
		"value once for each reader, in bfloat16 with float32 weights unless a case says float32. A step takes the longer of operations / (peak × share) and "+
		"bytes / bandwidth, and then the all-reduce of the gradients in a ring; nothing overlaps, and images are always there. Memory "+
		"is weights, gradients, optimiser and teacher in float32, and the activations that the backward pass reads.\n\n"+
		"Assumed: on an accelerator a step reaches %.0f to %.0f %% of the peak (in the middle %.1f %%); the bounds are near "+
		"the least and the largest that the published times below stand for, so that these do not test them. Between machines of 8, each has "+
		"%g GB/s in one direction. An A100 costs %g $ an hour and an H100 %g $. A100: %s. H100: %s.",
		100*low, 100*high, 100*middle, o.network, o.a100, o.h100, a100.describe(), h100.describe())
}

func (a accelerator) describe() string {
	return fmt.Sprintf("%.0f TFLOP/s, %.0f GB, %.0f GB/s, NVLink %.0f GB/s in one direction", a.peak/1e12, a.memory/1e9, a.bandwidth/1e9, a.link/1e9)
}

// publishedTimes compares the model with each.
func publishedTimes(o options) (rows []result.Row, notes []string, err error) {
	reached := map[string]float64{} // By accelerator.
	for _, t := range times {
		s, err := t.count()
		if err != nil {
			return nil, nil, err
		}
		seconds := 3600 * t.hours / t.steps()
		of := t.on.share(s, t.n, seconds, 1e9*o.network)
		if t.fits {
			reached[t.on.name] = of
		}
		predicted := t.on.seconds(s, t.n, reached[t.on.name], 1e9*o.network) * t.steps() / 3600
		name := fmt.Sprintf("published/%s, on %d × %s", t.name, t.n, t.on.name)
		add := func(what string, value float64, unit string) {
			rows = append(rows, result.Exact(name, what, value, unit))
		}
		add("published time", t.hours, "h")
		rows[len(rows)-1].Detail = t.source
		add("share of the peak, but for the all-reduce", 100*of, "%")
		if !t.fits {
			add("model's time", predicted, "h")
			add("model's error", 100*(predicted/t.hours-1), "%")
		}
		if t.memory > 0 {
			add("published memory", t.memory, "GB")
			add("model's memory", s.bytes(t.n)/1e9, "GB")
		}
	}
	return rows, nil, nil
}

// projections are of all recipes on all accelerators.
func projections(o options) (rows []result.Row, notes []string, err error) {
	low, middle, high := o.shares()
	a100, h100 := a100, h100
	a100.price, h100.price = o.a100, o.h100
	for _, p := range projected {
		s, err := p.count()
		if err != nil {
			return nil, nil, err
		}
		name := "projected/" + p.name
		rows = append(rows, result.Exact(name, "operations of an image", s.FLOPs/float64(p.recipe.Batch)/1e9, "GFLOP"),
			result.Exact(name, "bytes of an image", s.Bytes/float64(p.recipe.Batch)/1e6, "MB"))
		for _, a := range []accelerator{a100, h100} {
			for _, n := range counts {
				days := func(share float64) float64 { return a.seconds(s, n, share, 1e9*o.network) * p.steps() / 86400 }
				name := fmt.Sprintf("%s, on %d × %s", name, n, a.name)
				time := result.Exact(name, "time", days(middle), "days")
				time.Low, time.High = days(high), days(low)
				money := result.Exact(name, "price", 24*float64(n)*a.price*days(middle), "$")
				money.Low, money.High = 24*float64(n)*a.price*days(high), 24*float64(n)*a.price*days(low)
				memory := result.Exact(name, "memory of each", s.bytes(n)/1e9, "GB")
				if s.bytes(n) > a.memory {
					each := (a.memory - s.bytes(n) + s.Kept/float64(n)) / (s.Kept / float64(p.recipe.Batch))
					memory.Detail = fmt.Sprintf("more than it has: at most %.0f images at a time", each)
				}
				rows = append(rows, time, money, memory)
			}
		}
	}
	return rows, nil, nil
}

// table is the result as Markdown.
func table(r result.Result) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\nMeasured here on %d cores, %d GiB, %s; %s; commit %s.\n", r.Protocol, r.Machine.Cores, r.Machine.MemoryGiB,
		r.Machine.Processor, r.Backend, r.Commit)
	section := func(prefix, title string) {
		fmt.Fprintf(&out, "\n%s\n\n| case | metric | value | range |\n|---|---|---:|---|\n", title)
		for _, row := range r.Rows {
			name, ok := strings.CutPrefix(row.Case, prefix)
			if !ok {
				continue
			}
			between := "–"
			if row.Low != row.High {
				between = fmt.Sprintf("%s to %s", figure(row.Low), figure(row.High))
			}
			if row.Detail != "" {
				between = row.Detail
				if row.Low != row.High {
					between = fmt.Sprintf("%s to %s; %s", figure(row.Low), figure(row.High), row.Detail)
				}
			}
			fmt.Fprintf(&out, "| %s | %s | %s %s | %s |\n", strings.TrimPrefix(name, "/"), row.Metric, figure(row.Value), row.Unit, between)
		}
	}
	section("here", fmt.Sprintf("**Here**, float32, batches of %d images of 32 pixels; the least of several steps. The share of the peak is taken from the two cases without an "+
		"error, one of each family, and the others are predicted by it.", batch))
	section("published/", "**Published times.** The share of the peak is taken from the case without an error, for the others on the same "+
		"accelerator.")
	section("projected/", "**Projected.** The range is that of the assumed shares of the peak.")
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "\n%s\n", note)
	}
	return out.String()
}

// figure has three digits, and none behind the point from 100 on.
func figure(x float64) string {
	if x >= 100 || x <= -100 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
