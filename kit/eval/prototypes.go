package eval

import "math"

// Prototypes predicts the class whose prototype, the mean embedding of its labelled images, is
// nearest. It trains nothing and is hard to beat with one to five labels a class. A class without a
// labelled image is never predicted; of equally near ones the lower class index is.
//
// J. Snell et al., "Prototypical networks for few-shot learning", NeurIPS 2017 (arXiv:1703.05175),
// on a frozen encoder as in Y. Wang et al., "SimpleShot: revisiting nearest-neighbor classification
// for few-shot learning" (arXiv:1911.04623).
type Prototypes struct {
	// Cosine compares by the angle between image and prototype. Default: by squared Euclidean
	// distance, which Snell et al. found better where the encoder was trained for it.
	Cosine bool
	// Unit scales every embedding to length 1 before the means are taken, so that an image of large
	// embedding does not outweigh the others of its class ("L2N" of SimpleShot). Default: as they
	// come.
	Unit bool
}

var (
	_ Probe      = Prototypes{}
	_ Classifier = Prototypes{}
)

// Evaluate predicts every image of test from the prototypes of train and scores the predictions.
// Errors: features that cannot be compared (see [Features.Check]), a missing label, an encoder that
// has changed.
func (p Prototypes) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	predictions, err := p.Predict(train, test)
	if err != nil {
		return Result{}, err
	}
	return newResult("nearest prototype ("+p.settings()+")", train, test, predictions)
}

// Predict is the predicted class of each image of test, whose labels are not used and may be
// missing.
func (p Prototypes) Predict(train, test Features) ([]int, error) {
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	if p.Unit {
		if err := test.Check(); err != nil {
			return nil, err
		}
		train, test = unitLength(train), unitLength(test)
	}
	return p.fit(train).Predict(test)
}

// fit writes "nearest prototype" as a linear rule. What the distance holds beside it, the image's
// own length, is the same for every class:
//
//	-‖x - p‖² = 2 x·p - ‖p‖² - ‖x‖²
func (p Prototypes) fit(train Features) *LinearModel {
	classes, counts := len(train.Classes), train.perClass()
	m := newEmptyModel(train)
	for i, class := range train.Labels {
		for j, v := range train.Row(i) {
			m.Weights[j*classes+class] += float64(v) / float64(counts[class])
		}
	}
	squared := make([]float64, classes) // of the prototypes' lengths
	for j := range train.Dim {
		for c := range classes {
			squared[c] += m.Weights[j*classes+c] * m.Weights[j*classes+c]
		}
	}
	for j := range train.Dim {
		for c := range classes {
			m.Weights[j*classes+c] *= p.scale(squared[c])
		}
	}
	for c, n := range counts {
		if n > 0 && !p.Cosine {
			m.Bias[c] = -squared[c]
		}
	}
	return m
}

// scale is what a prototype of this squared length is multiplied by.
func (p Prototypes) scale(squared float64) float64 {
	switch {
	case !p.Cosine:
		return 2
	case squared > 0:
		return 1 / math.Sqrt(squared)
	}
	return 0 // it has no direction
}

// String is the classifier in words: "prototypes, squared distance".
func (p Prototypes) String() string { return "prototypes, " + p.settings() }

func (p Prototypes) settings() string {
	words := "squared distance"
	if p.Cosine {
		words = "cosine"
	}
	if p.Unit {
		words += ", unit length"
	}
	return words
}
