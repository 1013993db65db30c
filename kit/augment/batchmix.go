package augment

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// BatchMix blends whole batches for training on labels: in each step either all images are blended
// by Mixup, or all by CutMix, with one weight, one rectangle and the batch in reversed order as
// partners. That is what timm does by default (huggingface/pytorch-image-models,
// timm/data/mixup.py, mode "batch"). The zero value blends nothing.
//
//	augment.BatchMix{Mixup: .8, CutMix: 1} // As in DeiT and in MAE's fine-tuning, with a smoothing of .1.
//
// The middle image of an odd batch is its own partner.
type BatchMix struct {
	// Mixup is Alpha of the Beta distribution of Mixup's weights, in [0.05, 100]; 0 is no Mixup.
	Mixup float64
	// CutMix is Alpha of the Beta distribution of CutMix's areas, in [0.05, 100]; 0 is no CutMix.
	CutMix float64
	// P is the probability that a batch is blended at all, in (0, 1]. Default 1.
	P float64
	// Switch is the probability of CutMix where there are both, in (0, 1). Default 0.5.
	Switch float64
}

// WithDefaults fills in the settings that were left at zero, where anything is blended: the zero
// value stays what it is.
func (m BatchMix) WithDefaults() BatchMix {
	if !m.Blends() {
		return m
	}
	m.P = cmp.Or(m.P, 1)
	m.Switch = cmp.Or(m.Switch, .5)
	return m
}

// Blends reports whether anything is blended.
func (m BatchMix) Blends() bool { return m.Mixup != 0 || m.CutMix != 0 }

// Check returns an error that names the field and its allowed range, or that the batch has no two
// images.
func (m BatchMix) Check(batch int) error {
	set := func(value float64, check error) error {
		if value == 0 {
			return nil
		}
		return check
	}
	d := BatchMix{Mixup: 1}.WithDefaults()
	err := cmp.Or(
		set(m.Mixup, setting.Within(.05, 100, "augment.BatchMix: Mixup", m.Mixup, "none")),
		set(m.CutMix, setting.Within(.05, 100, "augment.BatchMix: CutMix", m.CutMix, "none")),
		set(m.P, setting.UpTo(1, "augment.BatchMix: P", m.P, d.P)),
		set(m.Switch, setting.Fraction("augment.BatchMix: Switch", m.Switch, d.Switch)),
	)
	if err == nil && m.Blends() && batch < 2 {
		return fmt.Errorf("augment.BatchMix: the batch holds %d images; it must hold at least 2", batch)
	}
	return err
}

// Apply blends images [batch, height, width, channels], normalised or not. It returns the blended
// images, and the weight of an image itself, a float32 scalar in [0, 1]; image batch-1-i, the
// partner of image i, has the rest. It panics on what Check rejects.
func (m BatchMix) Apply(r *Random, images *Node) (mixed, weight *Node) {
	images.AssertRank(4)
	dims := images.Shape().Dimensions
	if err := m.Check(dims[0]); err != nil {
		panic(err)
	}
	weight = Scalar(r.Graph(), dtypes.Float32, 1)
	if !m.Blends() {
		return images, weight
	}
	m = m.WithDefaults()
	partners := Reverse(images, 0)
	mixed = images
	if m.Mixup != 0 {
		weight = Reshape(r.Beta(m.Mixup, 1))
		own := ConvertDType(weight, images.DType())
		mixed = Add(Mul(images, own), Mul(partners, OneMinus(own)))
	}
	if m.CutMix != 0 {
		where, left := r.cut(m.CutMix, 1, dims[1], dims[2]) // [1, height, width], [1]
		cut := Where(BroadcastToDims(InsertAxes(where, -1), dims...), partners, images)
		left = Reshape(left)
		if m.Mixup == 0 {
			mixed, weight = cut, left
		} else {
			mixed, weight = r.either(m.Switch, cut, left, mixed, weight)
		}
	}
	if m.P < 1 {
		mixed, weight = r.either(m.P, mixed, weight, images, OnesLike(weight))
	}
	return mixed, weight
}

// either is, with probability p, the first images and weight, else the second.
func (r *Random) either(p float64, images, weight, orImages, orWeight *Node) (*Node, *Node) {
	first := GreaterThan(r.Bernoulli(p), ScalarZero(r.Graph(), dtypes.Float32))
	return Where(first, images, orImages), Where(first, weight, orWeight)
}
