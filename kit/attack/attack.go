package attack

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"sslkit/kit/setting"
)

// Attack is [FGSM] or [PGD].
type Attack interface {
	// Name is the attack in words, with its settings.
	Name() string
	// Check returns an error that names the field that is out of range.
	Check() error
	// perturb changes a batch by at most eps a pixel. standing tells which images are still
	// recognised, whatever was tried.
	perturb(m *Model, clean []float32, labels []int32, eps float64, random *rand.Rand) (adversarial []float32,
		standing []int32, err error)
}

// FGSM is the fast gradient sign method: one step of eps in the direction of the gradient's sign.
//
//	adversarial = clip[0,1](image + eps · sign(∇ loss(image)))
//
// I. Goodfellow et al., "Explaining and harnessing adversarial examples", ICLR 2015
// (arXiv:1412.6572).
type FGSM struct{}

// Name is "FGSM".
func (FGSM) Name() string { return "FGSM" }

// Check returns nil: there is nothing to set.
func (FGSM) Check() error { return nil }

func (FGSM) perturb(m *Model, clean []float32, labels []int32, eps float64, _ *rand.Rand) ([]float32, []int32, error) {
	next, _, err := m.ascend(clean, clean, labels, eps, eps)
	if err != nil {
		return nil, nil, err
	}
	_, standing, err := m.ascend(clean, next, labels, eps, 0)
	return next, standing, err
}

// PGD is projected gradient descent: many small steps from a random point of the ball, each
// followed by a projection back into it. An image stands if it is recognised at every point of the
// way, the clean image and the start included, so an accuracy under PGD is never above the clean
// one.
//
// A. Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR 2018
// (arXiv:1706.06083).
type PGD struct {
	Steps int // Steps, at least 1. Default: 10.
	// Step is the size of a step as a share of eps, above 0. Default: 2.5/Steps, so that the far
	// side of the ball can be reached (the paper took 2 of 8 levels in 7 steps, which is 0.25, for
	// CIFAR-10).
	Step float64
}

// WithDefaults fills in the settings that were left at zero.
func (p PGD) WithDefaults() PGD {
	p.Steps = cmp.Or(p.Steps, 10)
	p.Step = cmp.Or(p.Step, 2.5/float64(max(p.Steps, 1)))
	return p
}

// Name reads, for instance, "PGD (10 steps of 0.25 eps, random start)".
func (p PGD) Name() string {
	p = p.WithDefaults()
	return fmt.Sprintf("PGD (%d steps of %.3g eps, random start)", p.Steps, p.Step)
}

// Check returns an error that names the field that is out of range.
func (p PGD) Check() error {
	d := PGD{}.WithDefaults()
	p = p.WithDefaults()
	return cmp.Or(
		setting.AtLeast(1, "attack.PGD: Steps", p.Steps, d.Steps),
		setting.Positive("attack.PGD: Step", p.Step, "2.5/Steps"))
}

func (p PGD) perturb(m *Model, clean []float32, labels []int32, eps float64, random *rand.Rand) ([]float32, []int32, error) {
	p = p.WithDefaults()
	at := make([]float32, len(clean))
	for i, v := range clean {
		at[i] = min(max(v+float32(eps*(2*random.Float64()-1)), 0), 1)
	}
	_, standing, err := m.ascend(clean, clean, labels, eps, 0)
	if err != nil {
		return nil, nil, err
	}
	pixels := len(clean) / m.batch
	kept := make([]float32, len(clean)) // The first point at which an image is not recognised, or else the last point.
	for step := range p.Steps + 1 {
		next, right, err := m.ascend(clean, at, labels, eps, eps*p.Step)
		if err != nil {
			return nil, nil, err
		}
		for i := range m.batch {
			if standing[i] == 1 {
				copy(kept[i*pixels:(i+1)*pixels], at[i*pixels:(i+1)*pixels])
			} else if step == 0 { // Not recognised from the beginning: it is its own adversarial image.
				copy(kept[i*pixels:(i+1)*pixels], clean[i*pixels:(i+1)*pixels])
			}
			standing[i] *= right[i]
		}
		at = next
	}
	return kept, standing, nil
}
