package augment

import (
	"cmp"
	"math"
)

// WithDefaults fills in the settings that were left at zero, for the record of a run.
func (t Affine) WithDefaults() Affine {
	t.Scale, t.P = cmp.Or(t.Scale, [2]float64{1, 1}), cmp.Or(t.P, 1)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (t Translate) WithDefaults() Translate {
	t.Most = cmp.Or(t.Most, 1./8)
	return t
}

// WithDefaults fills in the settings that were left at zero, but for a Kernel that follows the
// image's size.
func (t GaussianBlur) WithDefaults() GaussianBlur {
	t.Sigma, t.P = cmp.Or(t.Sigma, [2]float64{.1, 2}), cmp.Or(t.P, .5)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (t Grey) WithDefaults() Grey {
	t.P = cmp.Or(t.P, .2)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (t Solarize) WithDefaults() Solarize {
	t.P, t.Threshold = cmp.Or(t.P, .2), cmp.Or(t.Threshold, .5)
	return t
}

// WithDefaults fills in the settings that were left at zero, but for a Size of the image's own.
func (c RandomResizedCrop) WithDefaults() RandomResizedCrop {
	c.Scale, c.Ratio = cmp.Or(c.Scale, [2]float64{.08, 1}), cmp.Or(c.Ratio, [2]float64{3. / 4, 4. / 3})
	return c
}

// WithDefaults fills in the settings that were left at zero.
func (f Flip) WithDefaults() Flip {
	f.P = cmp.Or(f.P, .5)
	return f
}

// WithDefaults fills in the settings that were left at zero.
func (f VerticalFlip) WithDefaults() VerticalFlip {
	f.P = cmp.Or(f.P, .5)
	return f
}

// WithDefaults fills in the settings that were left at zero; a Fill of 0 is black.
func (t RandomErasing) WithDefaults() RandomErasing {
	t.P = cmp.Or(t.P, .5)
	t.Scale, t.Ratio = cmp.Or(t.Scale, [2]float64{.02, .33}), cmp.Or(t.Ratio, [2]float64{.3, 3.3})
	return t
}

// WithDefaults fills in the settings that were left at zero; a Fill of 0 is black.
func (t Cutout) WithDefaults() Cutout {
	t.Size = cmp.Or(t.Size, .5)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (j ColorJitter) WithDefaults() ColorJitter {
	j.P = cmp.Or(j.P, 1)
	return j
}

// WithDefaults fills in the settings that were left at zero.
func (n Normalize) WithDefaults() Normalize { return cmp.Or(n, CIFAR10) }

// WithDefaults fills in the settings that were left at zero.
func (t RandAugment) WithDefaults() RandAugment {
	t.Ops, t.P, t.Translation = cmp.Or(t.Ops, 2), cmp.Or(t.P, 1), cmp.Or(t.Translation, 150./331)
	if t.Magnitude == 0 {
		t.Magnitude = 9
		if t.Vary {
			t.Magnitude = greatestMagnitude
		}
	}
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (m RandomMask) WithDefaults() RandomMask {
	m.Ratio = cmp.Or(m.Ratio, .75)
	return m
}

// WithDefaults fills in the settings that were left at zero, but for a MinPatches that follows the
// grid's size.
func (m BlockMask) WithDefaults() BlockMask {
	m.Ratio, m.Aspect = cmp.Or(m.Ratio, .4), cmp.Or(m.Aspect, [2]float64{.3, 1 / .3})
	return m
}

// WithDefaults fills in the settings that were left at zero.
func (m MultiBlockMask) WithDefaults() MultiBlockMask {
	return MultiBlockMask{
		Targets:      cmp.Or(m.Targets, 4),
		TargetScale:  cmp.Or(m.TargetScale, .175),
		TargetAspect: cmp.Or(m.TargetAspect, math.Sqrt(.75*1.5)),
		ContextScale: cmp.Or(m.ContextScale, .925),
	}
}

// WithDefaults fills in the settings that were left at zero.
func (m Mixup) WithDefaults() Mixup {
	m.Alpha = cmp.Or(m.Alpha, 1)
	return m
}

// WithDefaults fills in the settings that were left at zero.
func (m CutMix) WithDefaults() CutMix {
	m.Alpha = cmp.Or(m.Alpha, 1)
	return m
}
