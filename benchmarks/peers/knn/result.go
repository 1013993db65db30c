package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sslkit/benchmarks/results"
	"sslkit/kit"
	"sslkit/kit/metric"
	"sslkit/kit/ssl"
)

// result is a benchmark's file: see the format in any of benchmarks/results.
type result struct {
	Benchmark string            `json:"benchmark"`
	Commit    string            `json:"commit"`
	Machine   kit.Machine       `json:"machine"`
	Backend   string            `json:"backend"`
	Peer      map[string]string `json:"peer"`
	Protocol  string            `json:"protocol"`
	Notes     []string          `json:"notes"`
	Rows      []row             `json:"rows"`

	setting string // Data and encoder, in the rows' cases.
}

// Of a row, N is the number of seeds, and its cost the mean of one training.
type (
	row  = results.Row
	cost = results.Cost
)

// pair is what the seeds gave on both sides.
type pair struct{ here, there []outcome }

func newResult(o options) result {
	of := "all"
	if o.test > 0 {
		of = fmt.Sprint(o.test)
	}
	return result{
		Benchmark: "peers-knn", Commit: kit.Commit(), Machine: kit.ThisMachine(), Backend: kit.DescribeBackend(),
		Protocol: fmt.Sprintf("%d training images of CIFAR-10, evenly over the classes, %d epochs in batches of %d, here and with "+
			"lightly's heads, losses and momentum updates on PyTorch. Both sides read images, encoder, views, optimiser and schedule "+
			"from the same files, and take turns on the same cores; initial weights, order and views are drawn anew for each seed on "+
			"either side. Then k-NN (k = 20, cosine, temperature 0.1) on frozen features of %s test images, whole, with all training "+
			"labels, after the last step. The value is the mean over the seeds, the interval Student's t over them.",
			o.train, o.epochs, batch, of),
		Notes: []string{"Seconds are of training: here with compilation, monitors and checkpoints, there with the start of the " +
			"processes that make the views. An image counts once a step, for its two views."},
		setting: fmt.Sprintf("cifar10-%d/resnet18-w16-half", o.train),
	}
}

// add makes rows of what was measured: the untrained encoder, then three for each method.
func (r *result) add(methods []ssl.Method, sides []pair, untrained []float64) error {
	random, err := meanRow("random/"+r.setting+"/sslkit", "k-NN accuracy", "%", untrained)
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
func methodRows(name string, sides pair) ([]row, error) {
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
	difference, err := meanRow(name, "sslkit's k-NN accuracy less lightly's", "points", differences)
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
	return []row{here, there, difference}, nil
}

// sideRow is the accuracy of one side over the seeds.
func sideRow(name string, runs []outcome) (row, error) {
	var accuracies []float64
	var each []string
	var took cost
	for _, run := range runs {
		accuracies = append(accuracies, run.knn)
		each = append(each, run.String())
		took.ImagesSeen = run.steps * batch
		took.Seconds += run.seconds / float64(len(runs))
	}
	took.ImagesPerSecond = float64(took.ImagesSeen) / took.Seconds
	r, err := meanRow(name, "k-NN accuracy", "%", accuracies)
	r.Cost, r.Detail = &took, strings.Join(each, "; ")
	return r, err
}

// meanRow is a mean over the seeds with its interval.
func meanRow(name, what, unit string, values []float64) (row, error) {
	mean, err := metric.MeanInterval(values)
	return row{Case: name, Metric: what, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: unit, N: mean.N, Seed: 1}, err
}

// write writes the JSON, and the table made from it.
func (r result) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, r.Benchmark)
	if err := os.WriteFile(path+".json", append(text, '\n'), 0o644); err != nil {
		return err
	}
	table := r.table()
	fmt.Printf("\n%s\nwritten to %s.json\n\n", table, path)
	return os.WriteFile(path+".md", []byte(table), 0o644)
}

// table is the result as Markdown.
func (r result) table() string {
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
