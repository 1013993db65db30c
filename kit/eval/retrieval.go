package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// DefaultResamples is how often a bootstrap of this package draws anew.
const DefaultResamples = 1_000

// checkResamples returns an error where a bootstrap would draw too few times.
func checkResamples(protocol string, resamples int) error {
	return setting.AtLeast(100, protocol+": Resamples", resamples, DefaultResamples)
}

// Retrieval ranks a gallery for each query by cosine similarity; images of the query's class are
// relevant. It trains nothing. The figure is the mean average precision over the whole ranking: for
// a query with R relevant images, of which the i-th stands at rank r(i),
//
//	AP = 1/R · Σ i / r(i)
//
// Equal similarities (to 1e-9; the features' float32 is coarser) rank the irrelevant image first.
// So neither the order of the gallery nor the device matters, and an encoder that has collapsed, to
// which all images are alike, earns nothing.
//
// Where gallery and queries are the same set (by name and, of subsets, by Indices; without a name
// where they share X), an image is taken out of its own ranking. Two sets of views of the same
// images need two names, or no views of one image can find each other.
//
// Queries without a relevant image in the gallery have no AP. As is usual, they are left out of
// every figure, and LeftOut and the protocol say how many there were; were it all of them, that is
// an error.
//
// C. D. Manning et al., "Introduction to information retrieval", 2008, chapter 8. Recall at K is
// that of metric learning, H. Jégou et al., "Product quantization for nearest neighbor search",
// TPAMI 2011: a hit or none.
type Retrieval struct {
	// K are the lengths of the lists for recall and precision, each from 1 to the number of images
	// that a query is compared with. Default: 1, 5, 10, or those of them that the gallery allows.
	K         []int
	Resamples int    // Resamples of the bootstrap over queries, at least 100. Default: 1,000.
	Seed      uint64 // Seed of the bootstrap.
}

// RetrievalResult is the mean average precision; N counts the queries that it is the mean of,
// Labels the gallery's images.
type RetrievalResult struct {
	Result
	At      []RetrievalAt `json:"at"`       // At are recall and precision, one for each K in rising order.
	LeftOut int           `json:"left_out"` // LeftOut counts the queries without a relevant image, which no figure speaks of.

	// AveragePrecision is that of each query, in (0, 1], in the order of the rows; NaN for one that
	// was left out.
	AveragePrecision []float64 `json:"-"`
}

// RetrievalAt tells what stands among the first K images.
type RetrievalAt struct {
	K         int             `json:"k"`         // K is the length of the list.
	Recall    metric.Interval `json:"recall"`    // Recall is the share of queries with a relevant image among the first K.
	Precision metric.Interval `json:"precision"` // Precision is the mean share of relevant images among the first K.
}

// String reads, for instance,
//
//	retrieval (cosine, self excluded) mAP 61.3 % [60.3, 62.2], 10,000 queries, 10,000 gallery images
func (r RetrievalResult) String() string {
	return fmt.Sprintf("%s %s %.1f %% [%.1f, %.1f], %s queries, %s gallery images",
		r.Protocol, r.Metric, 100*r.Value, 100*r.Low, 100*r.High, thousands(r.N), thousands(r.Labels))
}

// Evaluate ranks gallery for every image of queries. It holds a block of the similarities at a
// time, some 120 MB whatever the sizes, and the gallery on the device.
//
// Errors: features that cannot be compared (see [Features.Check]), a missing label, settings out of
// range, no query with a relevant image, an encoder that has changed.
func (r Retrieval) Evaluate(gallery, queries Features) (RetrievalResult, error) {
	if err := checkComparable(gallery, queries); err != nil {
		return RetrievalResult{}, err
	}
	own := selfIn(gallery, queries)
	compared := gallery.N
	if own != nil {
		compared--
	}
	r, err := r.withDefaults(compared, gallery.Name)
	if err != nil {
		return RetrievalResult{}, err
	}
	earned := make([]rankedQuery, queries.N)
	err = allSimilarities(gallery, queries, func(i int, similarity []int32) {
		self := -1
		if own != nil {
			self = own[i]
		}
		earned[i] = r.judge(relevantRanks(similarity, gallery.Labels, queries.Labels[i], self))
	})
	if err != nil {
		return RetrievalResult{}, fmt.Errorf("eval: ranking %q for %q: %w", gallery.Name, queries.Name, err)
	}
	return r.result(gallery, queries, own != nil, earned)
}

// selfIn is the row of gallery that each query is itself, -1 for one that is not there, or nil
// where none is.
func selfIn(gallery, queries Features) []int {
	if gallery.Name != queries.Name {
		return nil
	}
	if gallery.Name == "" && (&gallery.X[0] != &queries.X[0] || gallery.N != queries.N) {
		return nil
	}
	rows := make(map[int]int, gallery.N)
	for j := range gallery.N {
		rows[gallery.position(j)] = j
	}
	own, found := make([]int, queries.N), false
	for i := range own {
		row, ok := rows[queries.position(i)]
		if !ok {
			row = -1
		}
		own[i], found = row, found || ok
	}
	if !found {
		return nil
	}
	return own
}

// relevantRanks are the ranks of the images of class label, from 1 on, rising; of equal
// similarities the irrelevant come first. Row self is not ranked (-1: all are).
func relevantRanks(similarity []int32, labels []int, label, self int) []int {
	var relevant []int32 // as distances, so that the nearest sorts first
	for j, s := range similarity {
		if labels[j] == label && j != self {
			relevant = append(relevant, -s)
		}
	}
	if relevant == nil {
		return nil
	}
	slices.Sort(relevant)
	// An irrelevant image stands before all relevant ones that are no nearer: count it at the first
	// of these.
	before := make([]int, len(relevant)+1)
	for j, s := range similarity {
		if labels[j] != label {
			first, _ := slices.BinarySearch(relevant, -s)
			before[first]++
		}
	}
	ranks := make([]int, len(relevant))
	irrelevant := 0
	for i := range ranks {
		irrelevant += before[i]
		ranks[i] = i + 1 + irrelevant
	}
	return ranks
}

// rankedQuery is what one query's ranking earned. Left out where average is NaN.
type rankedQuery struct {
	average   float64
	hit       []float64 // for each K: 1 or 0
	precision []float64 // for each K
}

func (r Retrieval) judge(ranks []int) rankedQuery {
	if len(ranks) == 0 {
		return rankedQuery{average: math.NaN()}
	}
	q := rankedQuery{hit: make([]float64, len(r.K)), precision: make([]float64, len(r.K))}
	for i, rank := range ranks {
		q.average += float64(i+1) / float64(rank)
	}
	q.average /= float64(len(ranks))
	for at, k := range r.K {
		found := 0
		for found < len(ranks) && ranks[found] <= k {
			found++
		}
		q.hit[at], q.precision[at] = float64(min(found, 1)), float64(found)/float64(k)
	}
	return q
}

func (r Retrieval) result(gallery, queries Features, selfExcluded bool, earned []rankedQuery) (RetrievalResult, error) {
	from, err := provenance(gallery, queries)
	if err != nil {
		return RetrievalResult{}, err
	}
	out := RetrievalResult{AveragePrecision: make([]float64, len(earned))}
	judged := make([]rankedQuery, 0, len(earned))
	for i, q := range earned {
		out.AveragePrecision[i] = q.average
		if !math.IsNaN(q.average) {
			judged = append(judged, q)
		}
	}
	if len(judged) == 0 {
		return RetrievalResult{}, fmt.Errorf("eval: no query of features %q has an image of its class in gallery %q",
			queries.Name, gallery.Name)
	}
	mean := func(of func(q rankedQuery) float64) (metric.Interval, error) {
		values := make([]float64, len(judged))
		for i, q := range judged {
			values[i] = of(q)
		}
		// The same seed for all figures: they are of the same resampled queries.
		return metric.Bootstrap(values, r.Resamples, r.Seed)
	}
	average, err := mean(func(q rankedQuery) float64 { return q.average })
	if err != nil {
		return RetrievalResult{}, err
	}
	for at, k := range r.K {
		recall, err := mean(func(q rankedQuery) float64 { return q.hit[at] })
		if err != nil {
			return RetrievalResult{}, err
		}
		precision, err := mean(func(q rankedQuery) float64 { return q.precision[at] })
		if err != nil {
			return RetrievalResult{}, err
		}
		out.At = append(out.At, RetrievalAt{K: k, Recall: recall, Precision: precision})
	}
	out.LeftOut = len(earned) - len(judged)
	from.Protocol, from.Metric = ofWeights(retrievalProtocol(selfExcluded, out.LeftOut), from.Weights), "mAP"
	from.Value, from.Low, from.High, from.N = average.Value, average.Low, average.High, average.N
	from.Interval = fmt.Sprintf("percentile bootstrap 95 %% over queries, %s resamples", thousands(r.Resamples))
	from.Seed = r.Seed
	out.Result = from
	return out, nil
}

func retrievalProtocol(selfExcluded bool, leftOut int) string {
	words := "cosine"
	if selfExcluded {
		words += ", self excluded"
	}
	if leftOut > 0 {
		words += fmt.Sprintf(", %s queries without a relevant image left out", thousands(leftOut))
	}
	return "retrieval (" + words + ")"
}

func (r Retrieval) withDefaults(compared int, gallery string) (Retrieval, error) {
	if compared < 1 {
		return r, fmt.Errorf("eval: gallery %q has no image but the query itself", gallery)
	}
	if r.K == nil {
		r.K = slices.DeleteFunc([]int{1, 5, 10}, func(k int) bool { return k > compared })
	}
	if len(r.K) == 0 {
		return r, fmt.Errorf("eval.Retrieval: K is empty; it must hold at least one length (nil means the default)")
	}
	r.K = slices.Clone(r.K)
	slices.Sort(r.K)
	r.K = slices.Compact(r.K)
	for _, k := range r.K {
		if k < 1 {
			return r, fmt.Errorf("eval.Retrieval: K holds %d; each must be at least 1", k)
		}
		if k > compared {
			return r, fmt.Errorf("eval.Retrieval: K holds %d; each must be from 1 to the %d images of gallery %q that a query is compared with",
				k, compared, gallery)
		}
	}
	r.Resamples = cmp.Or(r.Resamples, DefaultResamples)
	return r, checkResamples("eval.Retrieval", r.Resamples)
}
