package kit

import (
	"fmt"
	"path/filepath"

	"sslkit/kit/train"
)

// Weights are which of a run's weights represent images; see Run.By.
type Weights = train.Weights

const (
	Default = train.Default // What the run evaluates; see Run.By.
	Student = train.Student // Those that the optimiser moves: encoder.safetensors.
	Teacher = train.Teacher // The slow twin's, of a method that has one: teacher.safetensors.
	Average = train.Average // The running mean, where the recipe has an EMA: average.safetensors.
)

// By is the same run with other weights: features, embeddings and all that is measured of them are
// then by these. A run evaluates the running mean where its recipe has an EMA, else the teacher where
// the method's authors do (DINO, DINOv2, iBOT, I-JEPA, MSN, MeanTeacher), else the student.
//
//	student, err := run.By(kit.Student).Features(data.Test)
//
// That the run has no such weights is the error of what is then asked of it. The teacher and the
// running mean are of what makes the embedding: where Predictions, Forecasts or Reconstructions need
// more, such as a decoder, they are an error that asks for the student.
func (r *Run) By(w Weights) *Run {
	by := *r
	by.Weights = w
	return &by
}

// Evaluated are the weights that represent images: Weights, or what Default stands for.
func (r *Run) Evaluated() Weights {
	if r.Weights == Default {
		return r.Recipe.model().Evaluated()
	}
	return r.Weights
}

// WeightsFile is the path of the encoder with the weights that represent images, for Recipe.Start and
// other places that take a file of weights.
func (r *Run) WeightsFile() string { return filepath.Join(r.Dir, r.Evaluated().EncoderFile()) }

// weights are those that represent images. It is an error where the run has none such.
func (r *Run) weights() (Weights, error) {
	if err := r.Recipe.model().CheckWeights(r.Weights); err != nil {
		return 0, fmt.Errorf("the run in %s: %w", r.Dir, err)
	}
	return r.Evaluated(), nil
}
