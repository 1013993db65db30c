package ssl

import "cmp"

// CanCollapse is a Method whose loss compares embeddings, and which may therefore end where all of
// them are the same or lie in few directions. Its Embed gives those embeddings.
type CanCollapse interface {
	Method

	// Collapse says from where on the embeddings count as collapsed, and what to try then.
	Collapse() Collapse
}

// Collapse are the limits beyond which embeddings count as collapsed. They are far from where any
// healthy training was seen, so that an alarm means something; a figure that falls for long is
// worth a look before.
type Collapse struct {
	// Std is complete collapse: the deviation of the l2-normalised embeddings as a fraction of
	// 1/√dim, which it is when they spread evenly (Chen & He 2020, arXiv:2011.10566, figure 2).
	// Embeddings that have not got narrower in training, or that are getting wide again, are not
	// collapsed; see train.Diagnose. Default 0.05.
	Std float64
	// Rank is dimensional collapse: the effective rank RankMe of the embeddings (Garrido et al.
	// 2022, arXiv:2210.02885), of which an even spread has as many as dimensions. It counts where the deviation
	// is at least a quarter of an even spread's. Default 1.5.
	Rank float64
	// Try names the method's settings that are known to help.
	Try string
}

// WithDefaults fills in the limits that were left at zero.
func (c Collapse) WithDefaults() Collapse {
	c.Std = cmp.Or(c.Std, .05)
	c.Rank = cmp.Or(c.Rank, 1.5)
	return c
}
