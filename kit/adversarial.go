package kit

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/attack"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// attackBatch is the number of images that are attacked together.
const attackBatch = 125

// Adversarial attacks the trained encoder with a linear probe on it, as one classifier from pixels
// to classes, with images of a split: how often is it right if each pixel may change by eps? The
// images change before they are normalised. The split is that of the recipe's data, usually
// data.Test.
//
//	probe, err := eval.Linear{}.Fit(train)
//	curve, err := run.Adversarial(probe, data.Test, attack.Sweep{Attack: attack.PGD{}, Images: 500})
//
// Errors: settings out of range, images without a label, a probe that was fitted on features of
// other weights, weights that change while it attacks.
func (r *Run) Adversarial(probe *eval.LinearModel, split data.Split, sweep attack.Sweep) (attack.Curve, error) {
	fail := func(err error) (attack.Curve, error) {
		return attack.Curve{}, fmt.Errorf("attacking %s's %s split in %s: %w", r.Recipe.Data.Name(), split, r.Dir, err)
	}
	if err := r.check(); err != nil {
		return fail(err)
	}
	if probe == nil {
		return fail(fmt.Errorf("probe is nil; it must be what eval.Linear's Fit returns"))
	}
	if err := sweep.Check(); err != nil {
		return fail(err)
	}
	extractor, err := r.extractor(trained)
	if err != nil {
		return fail(err)
	}
	if probe.Encoder != extractor.hash {
		return fail(fmt.Errorf("probe was fitted on features of encoder %.12s, and this one is %.12s", probe.Encoder, extractor.hash))
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	count := set.Len()
	if sweep.Images > 0 {
		count = min(sweep.Images, count)
	}
	indices := make([]int, count)
	classes := make([]int, count)
	for i := range indices {
		indices[i], classes[i] = i, set.Label(i)
	}
	pix, err := data.Pixels(set, indices)
	if err != nil {
		return fail(err)
	}
	curve, err := r.attack(extractor, probe, set, sweep, pix, classes)
	if err != nil {
		return fail(err)
	}
	after, err := rundir.HashWeights(extractor.path)
	if err != nil {
		return fail(err)
	}
	if after != extractor.hash {
		return fail(fmt.Errorf("encoder changed during the attack: it was %.12s, it is now %.12s", extractor.hash, after))
	}
	curve.Protocol = "encoder with " + probe.Protocol + ": " + curve.Protocol
	curve.EncoderBefore, curve.EncoderAfter = extractor.hash, after
	return curve, nil
}

func (r *Run) attack(e *extractor, probe *eval.LinearModel, set data.Set, sweep attack.Sweep, pix []uint8, labels []int) (
	curve attack.Curve, err error,
) {
	backend, err := device.Open()
	if err != nil {
		return curve, err
	}
	height, width := set.Size()
	trained, store := r.Recipe.model(), model.NewStore()
	defer release(store)
	classifier := func(scope *model.Scope, images *Node) *Node { // [batch, height, width, 3] -> [batch, classes]
		return probe.Apply(trained.Features(scope, images))
	}
	err = train.Catch(func() error {
		m, err := attack.Compile(backend, store, min(attackBatch, len(labels)), height, width, classifier)
		if err != nil {
			return err
		}
		defer m.Close()
		if err := encoder.SetWeights(train.EncoderScope(store), e.weights); err != nil {
			return err
		}
		curve, err = sweep.Run(m, pix, labels)
		return err
	})
	return curve, err
}
