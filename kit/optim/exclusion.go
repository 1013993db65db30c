package optim

import "github.com/gomlx/gomlx/ml/model"

// Exclusion says which variables an optimiser leaves without weight decay, and LARS without its
// trust. It is a value and not a function so that a recorded recipe tells one rule from another.
type Exclusion interface {
	// Excludes reports whether the variable is left out.
	Excludes(v *model.Variable) bool
}

// NormsAndBiases excludes variables of rank 0 and 1, which are the scales and offsets of
// normalisation layers and the biases: the rule of timm's parameter groups, and of LARS in SimCLR
// and BYOL. It is the default of every optimiser here.
type NormsAndBiases struct{}

// Excludes reports whether the variable's rank is at most 1.
func (NormsAndBiases) Excludes(v *model.Variable) bool { return v.Shape().Rank() <= 1 }

// Nothing excludes no variable: weight decay on all of them, as torch.optim.SGD has with one
// parameter group.
type Nothing struct{}

// Excludes returns false.
func (Nothing) Excludes(*model.Variable) bool { return false }
