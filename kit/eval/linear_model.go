package eval

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// LinearModel is a fitted linear probe, in terms of the features as they come:
// the standardisation is folded into its weights.
type LinearModel struct {
	Weights  []float64 // Weights are [Dim, Classes], row-major.
	Bias     []float64 // Bias is [Classes].
	Dim      int       // Dim is the number of features.
	Classes  []string  // Classes are the names, by column of Weights.
	Encoder  string    // Encoder is the hash of the weights whose features it was fitted on.
	Fit      Fit       // Fit tells how it was fitted.
	Protocol string    // Protocol is how in words.
}

// newLinearModel folds (x - mean)/scale · W + b into x · W' + b'.
func newLinearModel(train Features, s standardizer, at minimum, fit Fit, protocol string) *LinearModel {
	classes := len(train.Classes)
	m := &LinearModel{
		Weights: make([]float64, train.Dim*classes), Bias: make([]float64, classes),
		Dim: train.Dim, Classes: train.Classes, Encoder: train.Encoder, Fit: fit, Protocol: protocol,
	}
	copy(m.Bias, at.parameters[train.Dim*classes:])
	for j := range train.Dim {
		for c := range classes {
			w := at.parameters[j*classes+c] / s.scale[j]
			m.Weights[j*classes+c] = w
			m.Bias[c] -= s.mean[j] * w
		}
	}
	return m
}

// Logits are the class scores of every image of f, [N, classes] row-major.
// Labels of f are not used.
func (m *LinearModel) Logits(f Features) ([]float64, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if f.Dim != m.Dim {
		return nil, fmt.Errorf("eval: Dim is %d in features %q, and the linear probe was fitted on %d", f.Dim, f.Name, m.Dim)
	}
	if f.Encoder != m.Encoder {
		return nil, fmt.Errorf("eval: Encoder is %.12s in features %q, and the linear probe was fitted on features of %.12s", f.Encoder, f.Name, m.Encoder)
	}
	classes := len(m.Bias)
	logits := make([]float64, f.N*classes)
	weights := blas64.General{Rows: m.Dim, Cols: classes, Stride: classes, Data: m.Weights}
	const block = 256 // rows converted to float64 at a time
	parallel((f.N+block-1)/block, func(b int) {
		start, end := b*block, min((b+1)*block, f.N)
		x := make([]float64, (end-start)*f.Dim)
		for i, v := range f.X[start*f.Dim : end*f.Dim] {
			x[i] = float64(v)
		}
		out := logits[start*classes : end*classes]
		for i := range out {
			out[i] = m.Bias[i%classes]
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1,
			blas64.General{Rows: end - start, Cols: f.Dim, Stride: f.Dim, Data: x}, weights,
			1, blas64.General{Rows: end - start, Cols: classes, Stride: classes, Data: out})
	})
	return logits, nil
}

// Predict is the class of the highest score for every image of f; of equal ones
// the lower class.
func (m *LinearModel) Predict(f Features) ([]int, error) {
	logits, err := m.Logits(f)
	if err != nil {
		return nil, err
	}
	return Scores{Logits: logits, Classes: m.Classes}.Predictions(), nil
}

// Probabilities are the softmax of the scores, [N, classes] row-major: each row
// sums to 1.
func (m *LinearModel) Probabilities(f Features) ([]float64, error) {
	logits, err := m.Logits(f)
	if err != nil {
		return nil, err
	}
	return Scores{Logits: logits, Classes: m.Classes}.Probabilities(), nil
}
