package augment

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
func (j ColorJitter) WithDefaults() ColorJitter {
	j.P = orDefault(j.P, 1)
	return j
}

// WithDefaults fills in the settings that were left at zero.
func (n Normalize) WithDefaults() Normalize { return orDefault(n, CIFAR10) }
