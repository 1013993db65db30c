package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"sslkit/kit/setting"
)

// Defaults of [FewShot].
const (
	DefaultWays     = 5
	DefaultShots    = 1
	DefaultQueries  = 15
	DefaultEpisodes = 600
)

// Classifier names the class of each image of test, which may be unlabelled, having learned from
// train. [Prototypes], [Ridge] and [KNN] are classifiers.
type Classifier interface {
	Predict(train, test Features) ([]int, error)
}

// FewShot is N-way K-shot classification. Each of many episodes draws Ways classes, Shots labelled
// images of each (the support) and Queries others of each, and the classifier, having seen the
// support alone, names the queries' classes among the Ways. The figure is the mean accuracy over
// the episodes.
//
// In the literature the classes are ones that the encoder was not trained on: pass features of such
// a set, or name the classes in Classes. On classes that it has seen, the figure is a measure of
// the representation like the other probes'.
//
// An episode depends on Seed, its number, and the labels alone, so two encoders over the same
// images get the same episodes, and may be compared episode by episode. The order of the rows does
// not matter where Features.Indices tells which image each one is.
//
// O. Vinyals et al., "Matching networks for one shot learning", NeurIPS 2016 (the protocol); W.-Y.
// Chen et al., "A closer look at few-shot classification", ICLR 2019 (600 episodes, 95 % interval,
// frozen encoders as baselines).
type FewShot struct {
	Ways     int    // Ways are the classes of an episode, at least 2. Default: 5.
	Shots    int    // Shots are the labelled images of each class, at least 1. Default: 1.
	Queries  int    // Queries are the images of each class to be classified, at least 1. Default: 15.
	Episodes int    // Episodes, at least 1. Default: 600.
	Seed     uint64 // Seed draws the episodes.

	// Classes to draw from, by name. Default: all. Those with fewer than Shots+Queries images are
	// left out.
	Classes []string
	// Classifier learns from the support. It is called from several goroutines. Default:
	// Prototypes{}.
	Classifier Classifier
}

// FewShotResult is the mean accuracy over the episodes. N counts the images that episodes were
// drawn from, Labels and LabelsPerClass those that the classifier sees in one episode, and
// SubsetHash names the set that was drawn from.
type FewShotResult struct {
	Result
	Ways     int       `json:"ways"`     // Ways are the classes of an episode.
	Shots    int       `json:"shots"`    // Shots are the labelled images of each class.
	Queries  int       `json:"queries"`  // Queries are the images of each class that were classified.
	Episodes int       `json:"episodes"` // Episodes that were drawn.
	Accuracy []float64 `json:"-"`        // Accuracy of each episode, in [0, 1], in their order.
}

// String reads, for instance,
//
//	5-way 1-shot (prototypes, squared distance; 15 queries a class; 20 classes) 45.3 % [44.6, 46.0], 600 episodes
func (r FewShotResult) String() string {
	return fmt.Sprintf("%s %.1f %% [%.1f, %.1f], %s episodes",
		r.Protocol, 100*r.Value, 100*r.Low, 100*r.High, thousands(r.Episodes))
}

// Evaluate draws the episodes from set and averages. It is a pure function of the features and the
// settings. The interval is the literature's, 1.96 standard errors of the mean over the episodes on
// either side (without width for one episode): it speaks of more episodes of these images, not of
// other images.
//
// Errors: bad features (see [Features.Check]), a missing label, images of one class alone
// ([ErrOneClass]), settings out of range, Ways above
// the number of classes with Shots+Queries images, what the classifier refuses, an encoder that has
// changed.
func (s FewShot) Evaluate(set Features) (FewShotResult, error) {
	if err := checkClasses(set); err != nil {
		return FewShotResult{}, err
	}
	s, err := s.withDefaults()
	if err != nil {
		return FewShotResult{}, err
	}
	pool, err := s.pool(set)
	if err != nil {
		return FewShotResult{}, err
	}
	accuracy, failures := make([]float64, s.Episodes), make([]error, s.Episodes)
	parallel(s.Episodes, func(e int) { accuracy[e], failures[e] = s.episode(set, pool, e) })
	for e, err := range failures {
		if err != nil {
			return FewShotResult{}, fmt.Errorf("eval: few-shot episode %d of features %q: %w", e, set.Name, err)
		}
	}
	return s.result(set, pool, accuracy)
}

// pool are the rows of the classes to draw from, a class an element, in an order that is the
// images' and not the rows'.
func (s FewShot) pool(set Features) ([][]int, error) {
	wanted := make([]bool, len(set.Classes))
	for c := range wanted {
		wanted[c] = s.Classes == nil
	}
	for i, name := range s.Classes {
		c := set.classIndex(name)
		if c < 0 {
			return nil, fmt.Errorf("eval.FewShot: Classes[%d] is %q, and no class of features %q is named so", i, name, set.Name)
		}
		wanted[c] = true
	}
	byClass := make([][]int, len(set.Classes))
	for row, c := range set.Labels {
		byClass[c] = append(byClass[c], row)
	}
	var pool [][]int
	classes := 0
	for c, members := range byClass {
		if !wanted[c] {
			continue
		}
		classes++
		if len(members) < s.Shots+s.Queries {
			continue
		}
		slices.SortStableFunc(members, func(a, b int) int { return cmp.Compare(set.position(a), set.position(b)) })
		pool = append(pool, members)
	}
	if s.Ways > len(pool) {
		return nil, fmt.Errorf("eval.FewShot: Ways is %d, and %d of the %d classes of features %q have Shots+Queries = %d+%d images",
			s.Ways, len(pool), classes, set.Name, s.Shots, s.Queries)
	}
	return pool, nil
}

// draw are the rows of an episode, class by class: [Ways*Shots] and [Ways*Queries].
func (s FewShot) draw(pool [][]int, episode int) (support, queries []int) {
	random := rand.New(rand.NewPCG(s.Seed, uint64(episode)))
	for _, c := range random.Perm(len(pool))[:s.Ways] {
		for i, pick := range random.Perm(len(pool[c]))[:s.Shots+s.Queries] {
			if i < s.Shots {
				support = append(support, pool[c][pick])
			} else {
				queries = append(queries, pool[c][pick])
			}
		}
	}
	return support, queries
}

// episode is the accuracy of one episode. Its classes are numbered anew, 0 to Ways-1.
func (s FewShot) episode(set Features, pool [][]int, episode int) (float64, error) {
	supportRows, queryRows := s.draw(pool, episode)
	support, queries := set.rows(supportRows, s.Seed), set.rows(queryRows, s.Seed)
	names := make([]string, s.Ways)
	for i := range support.Labels {
		names[i/s.Shots] = set.Classes[support.Labels[i]]
		support.Labels[i] = i / s.Shots
	}
	support.Classes, queries.Classes = names, names
	queries.Labels = nil // what is asked must not be there to be looked up
	predictions, err := s.Classifier.Predict(support, queries)
	if err != nil {
		return 0, err
	}
	if len(predictions) != queries.N {
		return 0, fmt.Errorf("FewShot.Classifier made %d predictions for %d queries", len(predictions), queries.N)
	}
	correct := 0
	for i, class := range predictions {
		if class == i/s.Queries {
			correct++
		}
	}
	return float64(correct) / float64(queries.N), nil
}

func (s FewShot) result(set Features, pool [][]int, accuracy []float64) (FewShotResult, error) {
	from, err := provenance(set, Features{})
	if err != nil {
		return FewShotResult{}, err
	}
	from.Protocol = ofWeights(fmt.Sprintf("%d-way %d-shot (%s; %s queries a class; %s classes)",
		s.Ways, s.Shots, inWords(s.Classifier), thousands(s.Queries), thousands(len(pool))), from.Weights)
	from.Metric, from.Interval = "top-1 accuracy", "none (one episode)"
	from.Value = stat.Mean(accuracy, nil)
	from.Low, from.High = from.Value, from.Value
	if s.Episodes > 1 {
		half := 1.96 * stat.StdDev(accuracy, nil) / math.Sqrt(float64(s.Episodes))
		from.Low, from.High = from.Value-half, from.Value+half
		from.Interval = fmt.Sprintf("normal 95 %% (1.96 standard errors) over %s episodes", thousands(s.Episodes))
	}
	from.N, from.Test, from.Seed = set.N, set.Name, s.Seed
	from.Labels, from.LabelsPerClass = s.Ways*s.Shots, slices.Repeat([]int{s.Shots}, s.Ways)
	return FewShotResult{
		Result: from, Ways: s.Ways, Shots: s.Shots, Queries: s.Queries, Episodes: s.Episodes, Accuracy: accuracy,
	}, nil
}

// inWords is what a classifier says of itself, or its Go value.
func inWords(c Classifier) string {
	if words, ok := c.(fmt.Stringer); ok {
		return words.String()
	}
	return fmt.Sprintf("%T%+v", c, c)
}

func (s FewShot) withDefaults() (FewShot, error) {
	s.Ways, s.Shots = cmp.Or(s.Ways, DefaultWays), cmp.Or(s.Shots, DefaultShots)
	s.Queries, s.Episodes = cmp.Or(s.Queries, DefaultQueries), cmp.Or(s.Episodes, DefaultEpisodes)
	if s.Classifier == nil {
		s.Classifier = Prototypes{}
	}
	if s.Classes != nil && len(s.Classes) == 0 {
		return s, errors.New("eval.FewShot: Classes is empty; it must hold at least Ways names (nil means all classes)")
	}
	return s, cmp.Or(
		setting.AtLeast(2, "eval.FewShot: Ways", s.Ways, DefaultWays),
		setting.AtLeast(1, "eval.FewShot: Shots", s.Shots, DefaultShots),
		setting.AtLeast(1, "eval.FewShot: Queries", s.Queries, DefaultQueries),
		setting.AtLeast(1, "eval.FewShot: Episodes", s.Episodes, DefaultEpisodes))
}
