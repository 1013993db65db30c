package attribution

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Method is [GradCAM] or [IntegratedGradients].
type Method interface {
	// Name is the method in words, with its settings.
	Name() string
	// Check returns an error that names the field that is out of range.
	Check() error
	// points are where on the way from nothing, 0, to the image, 1, the gradient is taken. The heat is
	// the mean over them.
	points() []float64
	// heat is that of one point.
	//
	//	images: [batch, height, width, 3] in [0, 1]; of: [batch, classes], 1 at the class that is explained, else 0;
	//	at: scalar -> [batch, rows, columns]
	heat(classify func(images *Node) Answer, images, of, at *Node) *Node
}

// GradCAM weighs the features of the last map by how much they speak for a class, and keeps what speaks
// for it:
//
//	α_k = mean over places of ∂score/∂A_k;  heat = max(0, Σ_k α_k A_k), A: [rows, columns, features]
//
// The score is that before the softmax, as in the paper. Of a convolutional network with a mean over
// places and a linear classifier behind the map, it is the class activation map of Zhou and others 2016
// (arXiv:1512.04150) up to a factor, less what is below 0. It wants an encoder whose representation is
// made of its last map: not a ViT's class token, which is beside it.
//
// Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
// Localization", arXiv:1610.02391. pytorch-grad-cam does the same, and then scales each map to [0, 1].
type GradCAM struct{}

// Name is "Grad-CAM".
func (GradCAM) Name() string { return "Grad-CAM" }

// Check returns nil: there is nothing to set.
func (GradCAM) Check() error { return nil }

func (GradCAM) points() []float64 { return []float64{1} }

func (GradCAM) heat(classify func(images *Node) Answer, images, of, at *Node) *Node {
	answer := classify(Mul(images, at))
	if answer.Places == nil {
		panic(fmt.Errorf("attribution.GradCAM: the encoder has no feature map; take attribution.IntegratedGradients"))
	}
	slope := Gradient(ReduceAllSum(Mul(answer.Scores, of)), answer.Places)[0]
	batch, dim := slope.Shape().Dim(0), slope.Shape().Dim(-1)
	flat := func(x *Node) *Node { return Reshape(x, batch, answer.Rows*answer.Columns, dim) }
	alpha := ReduceAndKeep(flat(slope), ReduceMean, 1)                   // [batch, 1, dim]
	heat := MaxScalar(ReduceSum(Mul(alpha, flat(answer.Places)), -1), 0) // [batch, rows × columns]
	return Reshape(heat, batch, answer.Rows, answer.Columns)
}

// defaultSteps is how many gradients [IntegratedGradients] takes.
const defaultSteps = 32

// IntegratedGradients shares a class's score out among the pixels, by the gradient on the straight way from
// a black image, x', to the image, x:
//
//	heat = Σ over channels of (x - x') × mean over α of ∂score(x' + α (x - x'))/∂x,  α = (k - ½)/Steps
//
// All heats of an image together are its score less that of the black image, up to an error that falls with
// Steps ("completeness"). It wants nothing of the encoder. Pixels that are black have no heat, whatever they
// mean. The score is that before the softmax.
//
// Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", arXiv:1703.01365. The rule is that of
// midpoints, which Captum has as riemann_middle; Captum's default is 50 points of Gauss and Legendre.
type IntegratedGradients struct {
	// Steps is the number of gradients, at least 1. The paper takes 20 to 300. Default 32.
	Steps int
}

// WithDefaults fills in the settings that were left at zero.
func (m IntegratedGradients) WithDefaults() IntegratedGradients {
	m.Steps = cmp.Or(m.Steps, defaultSteps)
	return m
}

// Name reads, for instance, "integrated gradients (32 steps)".
func (m IntegratedGradients) Name() string {
	return fmt.Sprintf("integrated gradients (%d steps)", m.WithDefaults().Steps)
}

// Check returns an error that names the field that is out of range.
func (m IntegratedGradients) Check() error {
	return setting.AtLeast(1, "attribution.IntegratedGradients: Steps", m.WithDefaults().Steps, defaultSteps)
}

func (m IntegratedGradients) points() []float64 {
	steps := m.WithDefaults().Steps
	points := make([]float64, steps)
	for k := range points {
		points[k] = (float64(k) + 0.5) / float64(steps)
	}
	return points
}

func (IntegratedGradients) heat(classify func(images *Node) Answer, images, of, at *Node) *Node {
	point := Mul(images, at)
	slope := Gradient(ReduceAllSum(Mul(classify(point).Scores, of)), point)[0] // [batch, height, width, 3]
	return ReduceSum(Mul(slope, images), -1)
}
