package main

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/kit/ssl"
)

// comparison is a result with a table of its own. Of a row, N is the number of seeds, and its cost
// the mean of one training.
type comparison struct {
	result.Result
	setting string // Data and encoder, in the rows' cases.
}

// pair is what the seeds gave on both sides.
type pair struct{ here, there []outcome }

func newComparison(o options) comparison {
	of := "all"
	if o.test > 0 {
		of = fmt.Sprint(o.test)
	}
	out := result.New("peers-knn", fmt.Sprintf("%d training images of CIFAR-10, evenly over the classes, %d epochs in batches "+
		"of %d, here and with lightly's heads, losses and momentum updates on PyTorch. Both sides read images, encoder, views, "+
		"optimiser and schedule from the same files, and take turns on the same cores; initial weights, order and views are drawn "+
		"anew for each seed on either side. Then k-NN (k = 20, cosine, temperature 0.1) on frozen features of %s test images, "+
		"whole, with all training labels, after the last step. The value is the mean over the seeds, the interval Student's t over "+
		"them.", o.train, o.epochs, batch, of))
	out.Notes = []string{"Seconds are of training: here with compilation, monitors and checkpoints, there with the start of the " +
		"processes that make the views. An image counts once a step, for its two views."}
	return comparison{out, fmt.Sprintf("cifar10-%d/resnet18-w16-half", o.train)}
}

// add makes rows of what was measured: the untrained encoder, then three for each method.
func (r *comparison) add(methods []ssl.Method, sides []pair, untrained []float64) error {
	random, err := result.Mean("random/"+r.setting+"/sslkit", "k-NN accuracy", "%", untrained)
	if err != nil {
		return err
	}
	r.Rows = append(r.Rows, random)
	for i, method := range methods {
		rows, err := methodRows(method.Name()+"/"+r.setting, sides[i])
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, rows...)
	}
	return nil
}

// methodRows are a row for each side, and their difference with what it says.
func methodRows(name string, sides pair) ([]result.Row, error) {
	here, err := sideRow(name+"/sslkit", sides.here)
	if err != nil {
		return nil, err
	}
	there, err := sideRow(name+"/lightly", sides.there)
	if err != nil {
		return nil, err
	}
	differences := make([]float64, len(sides.here))
	for i := range differences {
		differences[i] = sides.here[i].knn - sides.there[i].knn
	}
	difference, err := result.Mean(name, "sslkit's k-NN accuracy less lightly's", "points", differences)
	if err != nil {
		return nil, err
	}
	switch {
	case there.N < 2:
		difference.Detail = "one seed has no interval"
	case here.Value > there.High:
		difference.Detail = "sslkit's mean is above lightly's interval"
	case here.Value >= there.Low:
		difference.Detail = "sslkit's mean is inside lightly's interval"
	default:
		difference.Detail = "sslkit's mean is below lightly's interval"
	}
	return []result.Row{here, there, difference}, nil
}

// sideRow is the accuracy of one side over the seeds.
func sideRow(name string, runs []outcome) (result.Row, error) {
	var accuracies []float64
	var each []string
	var took result.Cost
	for _, run := range runs {
		accuracies = append(accuracies, run.knn)
		each = append(each, run.String())
		took.ImagesSeen = run.steps * batch
		took.Seconds += run.seconds / float64(len(runs))
	}
	took.ImagesPerSecond = float64(took.ImagesSeen) / took.Seconds
	r, err := result.Mean(name, "k-NN accuracy", "%", accuracies)
	r.Cost, r.Detail = &took, strings.Join(each, "; ")
	return r, err
}

// table is the result as Markdown.
func (r comparison) table() string {
	var out strings.Builder
	m, versions := r.Machine, r.Peer
	fmt.Fprintf(&out, "%s\n\n%d cores, %d GiB, %s; %s; ", r.Protocol, m.Cores, m.MemoryGiB, m.Processor, r.Backend)
	fmt.Fprintf(&out, "PyTorch %s, torchvision %s, lightly %s; ", versions["torch"], versions["torchvision"], versions["lightly"])
	fmt.Fprintf(&out, "commit %s.\n\n", r.Commit)
	fmt.Fprintln(&out, "| case | metric | value | 95 % interval | seeds | seconds | images/s | |")
	fmt.Fprintln(&out, "|---|---|---:|---|---:|---:|---:|---|")
	for _, row := range r.Rows {
		interval, took, says := "–", "– | –", ""
		if row.N > 1 {
			interval = fmt.Sprintf("%.1f to %.1f", row.Low, row.High)
		}
		if row.Cost != nil {
			took = fmt.Sprintf("%.0f | %.0f", row.Cost.Seconds, row.Cost.ImagesPerSecond)
		} else {
			says = row.Detail
		}
		fmt.Fprintf(&out, "| %s | %s | %.1f %s | %s | ", row.Case, row.Metric, row.Value, row.Unit, interval)
		fmt.Fprintf(&out, "%d | %s | %s |\n", row.N, took, says)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "\n%s\n", note)
	}
	return out.String()
}
