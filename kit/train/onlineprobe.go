package train

import (
	"cmp"
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/rundir"
	"sslkit/kit/setting"
)

// OnlineProbe looks at the representation while it is trained: every so often a k-NN and a linear
// classifier are fitted on the features, as they then are, of labelled training images, and judged on
// the validation split. The accuracies are in the metrics, beside the progress bar and in the loss
// curve. No gradient flows from them into the encoder, and the training ends in the same bits as
// without.
//
// The linear classifier is fitted anew at each look, by [eval.Linear] with an L2 of 0.01, and not by a
// step for each of the training's: what it tells is then of the features alone, and not of how far it
// has itself come.
type OnlineProbe struct {
	// Every is the number of steps between two looks, at least 1. There is one before the first step
	// and one after the last too. Default 0: there is no probe.
	Every int
	// Images is the number of labelled training images that it is fitted on, evenly spread over them,
	// at least 2. Default 2000, or all where they are fewer. As many or fewer of the validation images
	// judge it.
	Images int
}

const (
	probeImages = 2000
	probeL2     = .01
)

// WithDefaults fills in what was left at zero, where there is a probe.
func (p OnlineProbe) WithDefaults() OnlineProbe {
	if p.Every > 0 {
		p.Images = cmp.Or(p.Images, probeImages)
	}
	return p
}

// Check returns an error where a field is out of range.
func (p OnlineProbe) Check() error {
	if p.Images != 0 && p.Every == 0 {
		return fmt.Errorf("kit.OnlineProbe: Images is %d and Every is 0; give Every too", p.Images)
	}
	return cmp.Or(
		setting.Steps(0, "kit.OnlineProbe: Every", p.Every, "never"),
		setting.Must(p.Images == 0 || p.Images >= 2, "kit.OnlineProbe: Images", p.Images, "at least 2", probeImages),
	)
}

// probing is an OnlineProbe at work.
type probing struct {
	OnlineProbe
	steps       int // Of the whole training.
	forward     *Forward
	train, test probed
	weights     string // Which are looked at.
}

// probed are the images of a split that are looked at.
type probed struct {
	set     data.Set
	indices []int
	labels  []int
}

// probed opens a split. It is an error where it has no labels.
func (p Plan) probed(split data.Split) (probed, error) {
	set, err := p.Data.Open(split)
	if err != nil {
		return probed{}, fmt.Errorf("kit.Recipe: OnlineProbe wants labelled images of the %s split: %w", split, err)
	}
	labels := data.Labels(set)
	var labelled []int
	for i, label := range labels {
		if label >= 0 {
			labelled = append(labelled, i)
		}
	}
	chosen := data.Spread(p.OnlineProbe.Images, len(labelled))
	n := len(chosen)
	out := probed{set: set, indices: make([]int, n), labels: make([]int, n)}
	classes := map[int]bool{}
	for i, k := range chosen {
		at := labelled[k]
		out.indices[i], out.labels[i] = at, labels[at]
		classes[labels[at]] = true
	}
	if len(classes) < 2 {
		set.Close()
		return probed{}, fmt.Errorf("kit.Recipe: OnlineProbe wants labelled images of at least 2 classes, and %d images of %s are of %d",
			n, set.Name(), len(classes))
	}
	return out, nil
}

// checkProbe returns an error where an OnlineProbe is asked for and can't be. Nothing is compiled.
func (p Plan) checkProbe() error {
	if p.OnlineProbe.Every == 0 {
		return nil
	}
	for _, split := range []data.Split{data.Train, data.Validation} {
		images, err := p.probed(split)
		if err != nil {
			return err
		}
		height, width := images.set.Size()
		images.set.Close()
		if err := p.Encoder.Check(height, width); err != nil {
			return fmt.Errorf("kit.Recipe: OnlineProbe: %w", err)
		}
	}
	return nil
}

// newProbing opens the images and compiles the encoder; nil where there is no probe.
func newProbing(store *model.Store, plan Plan) (*probing, error) {
	if plan.OnlineProbe.Every == 0 {
		return nil, nil
	}
	p := &probing{OnlineProbe: plan.OnlineProbe, steps: plan.Steps, weights: plan.Evaluated().String()}
	var err error
	if p.train, err = plan.probed(data.Train); err != nil {
		return nil, err
	}
	if p.test, err = plan.probed(data.Validation); err != nil {
		p.close()
		return nil, err
	}
	if p.forward, err = NewForward(store, max(len(p.train.indices), len(p.test.indices)), plan.Height, plan.Width, plan.Evaluated().Of(plan.Features)); err != nil {
		p.close()
		return nil, fmt.Errorf("building the probe: %w", err)
	}
	return p, nil
}

// due tells whether there is a look after a step.
func (p *probing) due(step int) bool { return p != nil && (step%p.Every == 0 || step == p.steps) }

// look fits and judges both classifiers.
func (p *probing) look() (*rundir.Probe, error) {
	fitted, err := p.features(p.train)
	if err != nil {
		return nil, err
	}
	judged, err := p.features(p.test)
	if err != nil {
		return nil, err
	}
	// Not by their Evaluate, which refuses test images with the features of training images: where the
	// encoder collapses, all features are the same, and the accuracy says so.
	byNeighbours, err := eval.KNN{}.Predict(fitted, judged)
	if err != nil {
		return nil, fmt.Errorf("probing by k-NN: %w", err)
	}
	linear, err := eval.Linear{L2: []float64{probeL2}}.Fit(fitted)
	if err != nil {
		return nil, fmt.Errorf("probing by a linear classifier: %w", err)
	}
	byLine, err := linear.Predict(judged)
	if err != nil {
		return nil, fmt.Errorf("probing by a linear classifier: %w", err)
	}
	said := &rundir.Probe{Weights: p.weights, Labels: fitted.N, Judged: judged.N}
	for _, by := range []struct {
		to        *float64
		predicted []int
	}{{&said.KNN, byNeighbours}, {&said.Linear, byLine}} {
		accuracy, err := metric.Accuracy(judged.Labels, by.predicted)
		if err != nil {
			return nil, fmt.Errorf("probing: %w", err)
		}
		*by.to = accuracy.Value
	}
	return said, nil
}

func (p *probing) features(of probed) (eval.Features, error) {
	x, dim, err := p.forward.OverImages(of.set, of.indices)
	if err != nil {
		return eval.Features{}, fmt.Errorf("probing: %w", err)
	}
	for _, v := range x {
		if !finite(float64(v)) {
			return eval.Features{}, errNotFinite
		}
	}
	return eval.Features{
		X: x, N: len(of.indices), Dim: dim, Labels: of.labels, Classes: of.set.Classes(), Name: of.set.Name(), Indices: of.indices,
	}, nil
}

func (p *probing) close() {
	if p == nil {
		return
	}
	p.forward.Close()
	for _, images := range []probed{p.train, p.test} {
		if images.set != nil {
			images.set.Close()
		}
	}
}
