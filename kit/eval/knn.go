package eval

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// Defaults of [KNN].
const (
	DefaultK           = 20
	DefaultTemperature = 0.1
)

// KNN predicts the class of an image by the vote of its K nearest labelled
// neighbours under cosine similarity s, each weighing exp(s/Temperature). It
// trains nothing and has nothing to tune, so it is the quickest honest look at
// a representation. Votes that tie go to the lower class index.
//
// Published figures differ in K: DINO reports 20, Wu et al. and the lightly
// benchmarks 200. Compare at equal K.
//
// Z. Wu et al., "Unsupervised feature learning via non-parametric instance
// discrimination", CVPR 2018, section 3.4 (arXiv:1805.01978); M. Caron et al.,
// "Emerging properties in self-supervised vision transformers", ICCV 2021.
type KNN struct {
	// K is the number of neighbours that vote, 1 to the number of training
	// images. Default: 20, or all training images where they are fewer.
	K int
	// Temperature of the vote, above 0; math.Inf(1) counts every neighbour
	// alike. Default: 0.1. (Wu et al. and DINO use 0.07.)
	Temperature float64
}

var _ Probe = KNN{}

// Evaluate predicts every image of test from those of train and scores the
// predictions. Errors: features that cannot be compared (see
// [Features.Check]), a missing label, images of train of one class alone
// ([ErrOneClass]), settings out of range, an encoder that
// has changed.
func (k KNN) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	k, err := k.withDefaults(train.N)
	if err != nil {
		return Result{}, err
	}
	predictions, err := k.vote(train, test)
	if err != nil {
		return Result{}, err
	}
	return newResult(k.protocol(), train, test, predictions)
}

// Predict is the predicted class of each image of test, whose labels are not
// used and may be missing.
func (k KNN) Predict(train, test Features) ([]int, error) {
	unjudged := test
	unjudged.Labels, unjudged.Classes = make([]int, test.N), train.Classes
	if err := checkProbe(train, unjudged); err != nil {
		return nil, err
	}
	k, err := k.withDefaults(train.N)
	if err != nil {
		return nil, err
	}
	return k.vote(train, test)
}

func (k KNN) vote(train, test Features) ([]int, error) {
	neighbors, err := Neighbors(train, test, k.K)
	if err != nil {
		return nil, err
	}
	predictions := make([]int, test.N)
	parallel(test.N, func(i int) {
		index, similarity := neighbors.Row(i)
		votes := make([]float64, len(train.Classes))
		for j, image := range index {
			// Less the highest similarity, which changes no order and keeps a
			// small temperature from overflowing.
			votes[train.Labels[image]] += math.Exp((similarity[j] - similarity[0]) / k.Temperature)
		}
		for class, vote := range votes {
			if vote > votes[predictions[i]] {
				predictions[i] = class
			}
		}
	})
	return predictions, nil
}

func (k KNN) withDefaults(train int) (KNN, error) {
	k.K = cmp.Or(k.K, min(DefaultK, train))
	k.Temperature = cmp.Or(k.Temperature, DefaultTemperature)
	return k, cmp.Or(
		setting.AtLeast(1, "eval.KNN: K", k.K, DefaultK),
		setting.Must(k.K <= train, "eval.KNN: K", k.K, fmt.Sprintf("at most the %d training images", train), DefaultK),
		setting.Must(k.Temperature > 0, "eval.KNN: Temperature", k.Temperature, "above 0", DefaultTemperature))
}

func (k KNN) protocol() string {
	if math.IsInf(k.Temperature, 1) {
		return fmt.Sprintf("k-NN (k %d, cosine, equal votes)", k.K)
	}
	return fmt.Sprintf("k-NN (k %d, cosine, T %g)", k.K, k.Temperature)
}
