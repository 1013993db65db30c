package augment

import "math"

// WithDefaults fills in the settings that were left at zero, for the record of a run.
func (t Affine) WithDefaults() Affine {
	t.Scale, t.P = t.scale(), orDefault(t.P, 1)
	return t
}

// WithDefaults fills in the settings that were left at zero, but for a Kernel that follows the image's size.
func (t GaussianBlur) WithDefaults() GaussianBlur {
	t.Sigma, t.P = t.sigma(), orDefault(t.P, .5)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (t Grey) WithDefaults() Grey {
	t.P = orDefault(t.P, .2)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (t Solarize) WithDefaults() Solarize {
	t.P, t.Threshold = orDefault(t.P, .2), orDefault(t.Threshold, .5)
	return t
}

// WithDefaults fills in the settings that were left at zero, but for a Size of the image's own.
func (c RandomResizedCrop) WithDefaults() RandomResizedCrop {
	c.Scale, c.Ratio = c.scale(), c.ratio()
	return c
}

// WithDefaults fills in the settings that were left at zero.
func (f Flip) WithDefaults() Flip {
	f.P = orDefault(f.P, .5)
	return f
}

// WithDefaults fills in the settings that were left at zero.
func (f VerticalFlip) WithDefaults() VerticalFlip {
	f.P = orDefault(f.P, .5)
	return f
}

// WithDefaults fills in the settings that were left at zero; a Fill of 0 is black.
func (t RandomErasing) WithDefaults() RandomErasing {
	t.P, t.Scale, t.Ratio = orDefault(t.P, .5), t.scale(), t.ratio()
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (j ColorJitter) WithDefaults() ColorJitter {
	j.P = orDefault(j.P, 1)
	return j
}

// WithDefaults fills in the settings that were left at zero.
func (n Normalize) WithDefaults() Normalize { return orDefault(n, CIFAR10) }

// WithDefaults fills in the settings that were left at zero.
func (t RandAugment) WithDefaults() RandAugment {
	t.Ops, t.Magnitude = orDefault(t.Ops, 2), orDefault(t.Magnitude, 9)
	return t
}

// WithDefaults fills in the settings that were left at zero.
func (m RandomMask) WithDefaults() RandomMask {
	m.Ratio = m.ratio()
	return m
}

// WithDefaults fills in the settings that were left at zero, but for a MinPatches that follows the grid's size.
func (m BlockMask) WithDefaults() BlockMask {
	m.Ratio, m.Aspect = m.ratio(), m.aspect()
	return m
}

// WithDefaults fills in the settings that were left at zero.
func (m MultiBlockMask) WithDefaults() MultiBlockMask {
	return MultiBlockMask{
		Targets:      orDefault(m.Targets, 4),
		TargetScale:  orDefault(m.TargetScale, .175),
		TargetAspect: orDefault(m.TargetAspect, math.Sqrt(.75*1.5)),
		ContextScale: orDefault(m.ContextScale, .925),
	}
}

// WithDefaults fills in the settings that were left at zero.
func (m Mixup) WithDefaults() Mixup {
	m.Alpha = orDefault(m.Alpha, 1)
	return m
}

// WithDefaults fills in the settings that were left at zero.
func (m CutMix) WithDefaults() CutMix {
	m.Alpha = orDefault(m.Alpha, 1)
	return m
}
