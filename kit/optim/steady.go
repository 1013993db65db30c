package optim

import (
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// Steady keeps the learning rate of some variables at its peak, whatever the schedule does: that of
// SimSiam's predictor (Chen & He 2020, arXiv:2011.10566, section 4.2), which must keep up with what
// it predicts.
type Steady struct {
	Under string // Under is the name of a scope, such as "predictor", anywhere on the path of the variables. Required.
}

var _ Rates = Steady{}

// Check returns an error where Under is missing.
func (s Steady) Check() error {
	if s.Under == "" {
		return setting.Missing("optim.Steady: Under", `the name of a scope, such as "predictor"`)
	}
	return nil
}

// Of is 1 for all variables, and steady for those in the scope.
func (s Steady) Of(v *model.Variable, _ []*model.Variable) (factor float64, steady bool) {
	return 1, strings.Contains(v.Path(), "/"+strings.Trim(s.Under, "/")+"/")
}
