package main

import (
	"fmt"
	"slices"
	"strings"

	"sslkit/benchmarks/result"
)

// write writes what all turns gave.
func write(o options, versions map[string]string, s *search, e *embedding) error {
	out := result.New("peers-sklearn", fmt.Sprintf("Exact k-NN by cosine similarity (k = %d) of %d vectors among %d, and "+
		"Barnes-Hut t-SNE of %d (perplexity %d, %d iterations, angle 0.5, initialised with PCA), all of %d dimensions in "+
		"float32, here and with scikit-learn on all cores. The sides take turns, each first in every other one; the value is "+
		"the mean over the turns, the interval Student's t over them. scikit-learn's k-NN is NearestNeighbors with the "+
		"algorithm brute, by the metric that is the faster for it: cosine, or euclidean on vectors of length 1. The divergence "+
		"KL(P‖Q) over all pairs and the trustworthiness (of 5 neighbours) of both sides' points are measured by scikit-learn.",
		k, o.test, o.train, o.embedding, perplexity, iterations, dim))
	out.Peer = versions
	theirs, metric := s.euclidean, "euclidean"
	if slices.Max(s.cosine) < slices.Max(s.euclidean) {
		theirs, metric = s.cosine, "cosine"
	}
	knn, tsne := fmt.Sprintf("knn/%dx%dx%d", o.train, o.test, dim), fmt.Sprintf("tsne/%dx%d", o.embedding, dim)
	for _, m := range []struct {
		name, what, unit string
		values           []float64
	}{
		{knn + "/sslkit", "time", "s", s.here},
		{knn + "/sklearn-" + metric, "time", "s", theirs},
		{knn, "scikit-learn's time over sslkit's", "", ratios(theirs, s.here)},
		{tsne + "/sslkit", "time", "s", e.here},
		{tsne + "/sklearn", "time", "s", e.there},
		{tsne, "scikit-learn's time over sslkit's", "", ratios(e.there, e.here)},
		{tsne + "/sslkit", "KL divergence", "", e.klHere},
		{tsne + "/sklearn", "KL divergence", "", e.klThere},
		{tsne + "/sslkit", "trustworthiness", "", e.trustHere},
		{tsne + "/sklearn", "trustworthiness", "", e.trustThere},
	} {
		row, err := result.Mean(m.name, m.what, m.unit, m.values)
		if err != nil {
			return err
		}
		row.Detail = fmt.Sprintf("each turn: %.4g", m.values)
		out.Rows = append(out.Rows, row)
	}
	out.Rows = append(out.Rows,
		result.Exact(knn, "neighbours farther or nearer than scikit-learn's", float64(s.off), ""),
		result.Exact(knn, fmt.Sprintf("other neighbours, as near to %.0g", tied), float64(s.ties), ""))
	out.Notes = []string{fmt.Sprintf("Over all turns, %d places of neighbours were compared, with either metric's.", s.neighbours)}
	return out.WriteWith(o.out, table(out))
}

func ratios(above, below []float64) []float64 {
	out := make([]float64, len(above))
	for i := range out {
		out[i] = above[i] / below[i]
	}
	return out
}

// table is the result as Markdown.
func table(r result.Result) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n%d cores, %d GiB, %s; %s; ", r.Protocol, r.Machine.Cores, r.Machine.MemoryGiB, r.Machine.Processor, r.Backend)
	fmt.Fprintf(&out, "scikit-learn %s, NumPy %s; commit %s.\n\n", r.Peer["scikit-learn"], r.Peer["numpy"], r.Commit)
	fmt.Fprintln(&out, "| case | metric | value | 95 % interval | turns | |")
	fmt.Fprintln(&out, "|---|---|---:|---|---:|---|")
	for _, row := range r.Rows {
		interval := "–"
		if row.N > 1 {
			interval = fmt.Sprintf("%.4g to %.4g", row.Low, row.High)
		}
		fmt.Fprintf(&out, "| %s | %s | %.4g %s | %s | %d | %s |\n", row.Case, row.Metric, row.Value, row.Unit, interval, row.N, row.Detail)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "\n%s\n", note)
	}
	return out.String()
}
