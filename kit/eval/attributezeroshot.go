package eval

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"sslkit/kit/metric"
)

// Penalties of [AttributeZeroShot] where fewer than four classes are seen: too few to hold two out
// and learn from two.
const (
	FewClassGamma  = 0.1
	FewClassLambda = 0.1
)

// AttributeZeroShot recognises classes of which it has seen no image, by their attributes: on the
// images of the other classes it learns, in closed form, how the features of an image and the
// attributes of its class go together (ESZSL). Every class of the features must have a row in
// Attributes.
//
//	V = (XᵀX + Gamma·images I)⁻¹ XᵀY S (SᵀS + Lambda·classes I)⁻¹, the class of the largest xᵀ V s
//
// X are the features, standardised on the seen classes' images, Y is 1 for an image's class and -1
// for the others, and S the seen classes' attributes less their mean, each class's scaled to length
// 1 (as Xian et al. do). The paper centres neither side; where that is not done, what all classes
// have in common outweighs what sets them apart.
//
// Gamma and Lambda are chosen on the training images of seen classes only, a fifth of these classes
// being held out in turn and recognised among themselves.
//
// Accuracies are means over the classes of each class's own. That on the unseen classes, chosen
// from among the unseen, is the zero-shot figure: chance is 1 in the number of them. Generalised
// zero-shot chooses from among all classes, for images of seen ones too, and tells both accuracies
// and their harmonic mean; it is much harder, since what is unseen looks like the seen class that
// is most like it.
//
// Of a self-supervised encoder ask whether images of the unseen classes were among those it was
// pretrained on, without their labels. That is no leak of labels, but no zero-shot either where the
// term is meant strictly.
//
// C. H. Lampert et al., "Learning to detect unseen object classes by between-class attribute
// transfer", CVPR 2009 (the task); B. Romera-Paredes, P. Torr, "An embarrassingly simple approach
// to zero-shot learning", ICML 2015 (the method); Y. Xian et al., "Zero-shot learning: a
// comprehensive evaluation of the good, the bad and the ugly", TPAMI 2019 (arXiv:1707.00600; the
// protocol).
type AttributeZeroShot struct {
	// Attributes of the classes; see [ReadAttributes].
	Attributes Attributes
	// Unseen are the names of the classes to be recognised unseen, at least 2. Their images in
	// train are not looked at.
	Unseen []string
	// Gamma are the candidates for the penalty on the embeddings' side, each above 0. One of each,
	// Gamma and Lambda: they are used as they are. Default: 10, 1, 0.1, 0.01, 0.001.
	Gamma []float64
	// Lambda are the candidates for the penalty on the attributes' side, each above 0. Default: 1,
	// 0.1, 0.01, 0.001.
	Lambda []float64
	// Resamples of the bootstrap over test images, at least 100. Default: 1,000.
	Resamples int
	// Seed deals the classes out over the folds and draws the bootstrap.
	Seed uint64
}

// AttributeZeroShotResult is the accuracy on the unseen classes, chosen from among them. N counts
// their test images, and Predictions are theirs, in the order of the rows; Labels, LabelsPerClass
// and SubsetHash speak of the training images of seen classes.
type AttributeZeroShotResult struct {
	Result
	Unseen []string `json:"unseen"` // Unseen are the names of the classes, in the order of their indices.
	Gamma  float64  `json:"gamma"`  // Gamma is the penalty that was used.
	Lambda float64  `json:"lambda"` // Lambda is the penalty that was used.

	// Generalized is the figure among all classes; nil where test holds no image of a seen class.
	Generalized *GeneralizedZeroShot `json:"generalized,omitempty"`
}

// GeneralizedZeroShot are mean per-class accuracies, in [0, 1], where every class may be predicted.
type GeneralizedZeroShot struct {
	Seen     metric.Interval `json:"seen"`     // Seen is that on test images of seen classes.
	Unseen   metric.Interval `json:"unseen"`   // Unseen is that on test images of unseen classes.
	Harmonic metric.Interval `json:"harmonic"` // Harmonic is 2·Seen·Unseen/(Seen+Unseen), 0 where both are.

	Predictions []int `json:"-"` // Predictions are the classes of all images of test.
}

// String reads, for instance,
//
//	zero-shot of 10 classes by attributes (ESZSL, ...) 61.3 % [60.3, 62.2], 913 test images, 4,527 labels of 40 seen classes
//
// and where test has images of seen classes goes on with "; generalised 70.1 % seen, 20.4 % unseen,
// harmonic mean 31.6 % [30.2, 33.0]".
func (r AttributeZeroShotResult) String() string {
	seen := 0
	for _, n := range r.LabelsPerClass {
		seen += min(n, 1)
	}
	words := fmt.Sprintf("%s of %d seen classes", r.Result, seen)
	if g := r.Generalized; g != nil {
		words += fmt.Sprintf("; generalised %.1f %% seen, %.1f %% unseen, harmonic mean %.1f %% [%.1f, %.1f]",
			100*g.Seen.Value, 100*g.Unseen.Value, 100*g.Harmonic.Value, 100*g.Harmonic.Low, 100*g.Harmonic.High)
	}
	return words
}

// Evaluate fits on the images of seen classes in train and recognises those of test. The intervals
// are percentile bootstraps of the test images within their classes; they do not speak of other
// classes.
//
// Errors: features that cannot be compared (see [Features.Check]), a missing label, a class without
// attributes or with the mean's, settings out of range, a name in Unseen that is no class or has no
// test image, a test image of a class that is neither seen nor in Unseen, fewer than two seen
// classes, an encoder that has changed.
func (z AttributeZeroShot) Evaluate(train, test Features) (AttributeZeroShotResult, error) {
	if err := checkProbe(train, test); err != nil {
		return AttributeZeroShotResult{}, err
	}
	model, err := z.Fit(train)
	if err != nil {
		return AttributeZeroShotResult{}, err
	}
	z, err = z.withDefaults()
	if err != nil {
		return AttributeZeroShotResult{}, err
	}
	if err := model.checkTest(test); err != nil {
		return AttributeZeroShotResult{}, err
	}
	among, err := model.Predict(test, model.Unseen)
	if err != nil {
		return AttributeZeroShotResult{}, err
	}
	all, err := model.Predict(test, slices.Concat(model.Seen, model.Unseen))
	if err != nil {
		return AttributeZeroShotResult{}, err
	}
	return z.result(model, train, test, among, all)
}

func (m *AttributeModel) checkTest(test Features) error {
	counts := test.perClass()
	for c, name := range m.Classes {
		unseen := slices.Contains(m.Unseen, name)
		if unseen && counts[c] == 0 {
			return fmt.Errorf("eval.AttributeZeroShot: Unseen holds %q, of which test features %q have no image", name, test.Name)
		}
		if !unseen && counts[c] > 0 && !slices.Contains(m.Seen, name) {
			return fmt.Errorf("eval: class %q of test features %q has no training image and is not in AttributeZeroShot.Unseen",
				name, test.Name)
		}
	}
	return nil
}

// result scores the predictions among the unseen classes and among all.
func (z AttributeZeroShot) result(
	model *AttributeModel, train, test Features, among, all []int,
) (AttributeZeroShotResult, error) {
	from, err := provenance(train, test)
	if err != nil {
		return AttributeZeroShotResult{}, err
	}
	var unseen, unseenOfAll, seenOfAll []classScore
	from.N = 0
	for c, name := range model.Classes {
		isUnseen := slices.Contains(model.Unseen, name)
		var rows []int
		for i, label := range test.Labels {
			if label == c {
				rows = append(rows, i)
			}
		}
		switch {
		case isUnseen:
			from.N += len(rows)
			unseen = append(unseen, newClassScore(c, rows, among))
			unseenOfAll = append(unseenOfAll, newClassScore(c, rows, all))
		case len(rows) > 0:
			seenOfAll = append(seenOfAll, newClassScore(c, rows, all))
		}
	}
	for i, label := range test.Labels {
		if slices.Contains(model.Unseen, test.Classes[label]) {
			from.Predictions = append(from.Predictions, among[i])
		}
	}
	accuracy := z.intervals(seenOfAll, unseen, func(_, unseen float64) float64 { return unseen })
	from.Protocol = ofWeights(fmt.Sprintf("zero-shot of %d classes by attributes (%s)", len(model.Unseen), model.Protocol), from.Weights)
	from.Metric = "mean per-class top-1 accuracy"
	from.Value, from.Low, from.High = accuracy.Value, accuracy.Low, accuracy.High
	from.Interval = fmt.Sprintf("percentile bootstrap 95 %% over test images within classes, %s resamples", thousands(z.Resamples))
	from.Labels, from.LabelsPerClass, from.SubsetHash = model.labels, model.perClass, model.subsetHash
	from.Seed = z.Seed
	out := AttributeZeroShotResult{Result: from, Unseen: model.Unseen, Gamma: model.Gamma, Lambda: model.Lambda}
	if seenOfAll != nil {
		out.Generalized = &GeneralizedZeroShot{
			Seen:        z.intervals(seenOfAll, unseenOfAll, func(seen, _ float64) float64 { return seen }),
			Unseen:      z.intervals(seenOfAll, unseenOfAll, func(_, unseen float64) float64 { return unseen }),
			Harmonic:    z.intervals(seenOfAll, unseenOfAll, harmonicMean),
			Predictions: all,
		}
		out.Generalized.Seen.N, out.Generalized.Unseen.N = test.N-from.N, from.N
		out.Generalized.Harmonic.N = test.N
	}
	return out, nil
}

// classScore counts a class's test images and those of them that were recognised.
type classScore struct{ images, correct int }

func newClassScore(class int, rows, predictions []int) classScore {
	s := classScore{images: len(rows)}
	for _, row := range rows {
		if predictions[row] == class {
			s.correct++
		}
	}
	return s
}

// intervals is a figure made of the mean accuracies over seen and over unseen classes, with its
// bootstrap interval. Of a class's n images, drawn anew with replacement, those recognised are
// binomially distributed, with the share that was recognised. It is a pure function of the counts,
// Resamples and Seed.
func (z AttributeZeroShot) intervals(seen, unseen []classScore, of func(seen, unseen float64) float64) metric.Interval {
	exact := func(s classScore) float64 { return float64(s.correct) }
	random := rand.NewPCG(z.Seed, 1)
	drawn := func(s classScore) float64 {
		if s.correct == 0 || s.correct == s.images {
			return float64(s.correct)
		}
		return distuv.Binomial{N: float64(s.images), P: float64(s.correct) / float64(s.images), Src: random}.Rand()
	}
	values := make([]float64, z.Resamples)
	for i := range values {
		values[i] = of(meanAccuracy(seen, drawn), meanAccuracy(unseen, drawn))
	}
	slices.Sort(values)
	return metric.Interval{
		Value: of(meanAccuracy(seen, exact), meanAccuracy(unseen, exact)),
		Low:   stat.Quantile(0.025, stat.LinInterp, values, nil), High: stat.Quantile(0.975, stat.LinInterp, values, nil),
	}
}

// meanAccuracy is the mean over the classes; 0 of none.
func meanAccuracy(classes []classScore, correct func(classScore) float64) float64 {
	var sum float64
	for _, s := range classes {
		sum += correct(s) / float64(s.images)
	}
	return sum / float64(max(1, len(classes)))
}

func harmonicMean(a, b float64) float64 {
	if a+b == 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}

func (z AttributeZeroShot) withDefaults() (AttributeZeroShot, error) {
	if len(z.Unseen) < 2 {
		return z, fmt.Errorf("eval.AttributeZeroShot: Unseen has %d classes; it must have at least 2", len(z.Unseen))
	}
	if z.Gamma == nil {
		z.Gamma = []float64{10, 1, 1e-1, 1e-2, 1e-3}
	}
	if z.Lambda == nil {
		z.Lambda = []float64{1, 1e-1, 1e-2, 1e-3}
	}
	falling := func(a, b float64) int { return cmp.Compare(b, a) }
	z.Gamma, z.Lambda = slices.Clone(z.Gamma), slices.Clone(z.Lambda)
	slices.SortFunc(z.Gamma, falling)
	slices.SortFunc(z.Lambda, falling)
	z.Resamples = cmp.Or(z.Resamples, DefaultResamples)
	return z, cmp.Or(
		checkPenalties("eval.AttributeZeroShot: Gamma", z.Gamma),
		checkPenalties("eval.AttributeZeroShot: Lambda", z.Lambda),
		checkResamples("eval.AttributeZeroShot", z.Resamples))
}
