package metric

import "errors"

// ErrUndefined is wrapped by the error of a metric that has no value on valid
// input: ROC-AUC without a negative, Cohen's kappa of two constant raters. It
// is set apart from bad input because a bootstrap may draw such a sample by
// chance, and [BootstrapOf] then draws again.
var ErrUndefined = errors.New("undefined")
