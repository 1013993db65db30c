package main

import (
	"fmt"
	"runtime"
	"strings"

	"sslkit/benchmarks/peak"
	"sslkit/benchmarks/result"
)

// protocol says what is measured.
func protocol(o options) string {
	torch, others := "eager", ", JAX compiled"
	if o.cuda {
		torch, others = "compiled", ""
	}
	said := fmt.Sprintf("SimCLR in batches of %d images of %d × %d pixels, two views each, both encoded in one pass, %s, SGD "+
		"with momentum 0.9 and weight decay, the same on all sides. Every measurement is a process of its own; the sides take turns "+
		"on the same %d cores. Values are medians over %d turns, low and high the least and the greatest of them; ratios are of the "+
		"same turn.\n\n"+
		"train: the first %d steps, from an image folder of PNG to updated weights, of which the first %d do not count. Here "+
		"kit.Pretrain of %d steps, which is then interrupted; its first step includes decoding the folder, which a new process "+
		"then keeps, and compiling. With lightly: SimCLRTransform without blur, ImageFolder, "+
		"DataLoader, NTXentLoss, channels_last, with the loader that was the fastest in a trial. "+
		"step: %d steps on images in memory, here with and without making the views, there on two views in memory; PyTorch "+
		"%s and channels_last%s. "+
		"parts: the same here for other encoders and methods, with each method's own optimiser and views. A matrix product is of two "+
		"matrices of that dtype, of %d × %d, at the backend's own precision.",
		batch, side, side, o.precision, runtime.NumCPU(), o.turns, o.steps, skipped, longTraining, o.rounds, torch, others, peak.ProductSide, peak.ProductSide)
	if o.devices > 1 {
		said += fmt.Sprintf(" The batch is shared out over %d devices; steps alone and their parts are left out.", o.devices)
	}
	if o.python == "" {
		said += " Measured without PyTorch, lightly and JAX: their rows are left out."
	}
	return said
}

// notes are what the rows need to be read rightly.
func (b *bench) notes() []string {
	notes := []string{"Peak memory is that of the process that trains, without the loader's processes of lightly; of step and parts it " +
		"includes the programs that measure the parts. A part is what a program took less the one that lacks it, the median over " +
		"rounds, and may be negative where XLA makes another program of both. Operations are those of matrix products and " +
		"convolutions."}
	for _, s := range compared(b.Quick, b.wide) {
		if trials := b.trials[s.name]; trials != nil {
			notes = append(notes, fmt.Sprintf("lightly's loader for %s: %v (%s).", s.name, fastest(trials).Loader, describe(trials)))
		}
	}
	return notes
}

// table is the result as Markdown.
func table(r result.Result) string {
	var out strings.Builder
	m := r.Machine
	fmt.Fprintf(&out, "%s\n\n%d cores, %d GiB, %s; %s; ", r.Protocol, m.Cores, m.MemoryGiB, m.Processor, r.Backend)
	for _, name := range []string{"torch", "torchvision", "lightly", "jax", "flax", "optax"} {
		if version := r.Peer[name]; version != "" {
			fmt.Fprintf(&out, "%s %s, ", name, version)
		}
	}
	fmt.Fprintf(&out, "commit %s.\n\n| case | metric | value | least to greatest | turns |\n|---|---|---:|---|---:|\n", r.Commit)
	for _, row := range r.Rows {
		spread := "–"
		if row.Low != row.High {
			spread = digits(row.Low) + " to " + digits(row.High)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %d |\n", row.Case, row.Metric, strings.TrimSpace(digits(row.Value)+" "+row.Unit), spread, row.N)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "\n%s\n", note)
	}
	return out.String()
}

// digits writes a figure with three digits, or all before the point.
func digits(x float64) string {
	switch {
	case x >= 99.95 || x <= -99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995 || x <= -9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
