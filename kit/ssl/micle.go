package ssl

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// MICLe is SimCLR whose positive pair is of two images of one patient, or of whatever object the
// data tell (data.Instances, such as ImageFolder.Object): what they share is what is wanted, and no
// augmentation could have made one from the other. Where a patient has one image only, the pair is
// two views of it, as in SimCLR.
//
// Azizi et al. 2021, "Big Self-Supervised Models Advance Medical Image Classification",
// arXiv:2101.05224, where it follows SimCLR on the same images. The paper's batches hold a patient
// once; here they are of images, and two of one patient in a batch are each other's negatives: take
// Batch well below the number of patients.
type MICLe struct {
	// Temperature divides the cosine similarities, above 0. Default 0.1, that of the authors' later
	// code (google-research/medical-ai-research-foundations).
	Temperature float64
	// Hidden is the number of features of the projection head's hidden layer. Default: that of the
	// encoder.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 128.
	Out int
}

var (
	_ ReadsInstances = MICLe{}
	_ CanCollapse    = MICLe{}
)

// WithDefaults fills in the settings that were left at zero.
func (m MICLe) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "micle".
func (m MICLe) Name() string { return "micle" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m MICLe) Check(batch Batch) error {
	d := MICLe{}.WithDefaults().(MICLe)
	return cmp.Or(
		setting.Divisor("ssl.MICLe: Temperature", m.Temperature, d.Temperature),
		setting.FeaturesOr("the encoder's features", "ssl.MICLe: Hidden", m.Hidden),
		setting.Features(1, "ssl.MICLe: Out", m.Out, d.Out),
		twoImages("ssl.MICLe", batch, "since the others are the negatives"),
		batch.OneSize("ssl.MICLe", 0, 2),
	)
}

// Instances is 2: a pair.
func (m MICLe) Instances() int { return 2 }

// Views are two draws of one augmentation, each of another image of the patient.
func (m MICLe) Views(height, width int) []augment.Pipeline { return m.simCLR().Views(height, width) }

// Loss is SimCLR's, on algorithm 1 of the paper:
//
//	for a patient in a batch: x, x' = two of the images
//	h = f(t(x)), h' = f(t'(x')) for augmentations t, t'; z = g(h), z' = g(h')
//	minimise NT-Xent(z, z')
func (m MICLe) Loss(step *Step) *Node { return m.simCLR().Loss(step) }

// Embed is SimCLR's projection head, a perceptron of two layers.
//
//	[batch, dim] -> [batch, out]
func (m MICLe) Embed(scope *model.Scope, features *Node) *Node {
	return m.simCLR().Embed(scope, features)
}

// Collapse of MICLe is dimensional where it happens, as SimCLR's is.
func (m MICLe) Collapse() Collapse { return m.simCLR().Collapse() }

// Optimizer is SimCLR's. The authors' code has LARS with a rate of 0.3 and a weight decay of 1e-6,
// as SimCLR on ImageNet.
func (m MICLe) Optimizer() optim.Optimizer { return m.simCLR().Optimizer() }

// simCLR is the method that this one gives other pairs.
func (m MICLe) simCLR() SimCLR {
	return SimCLR{Temperature: m.Temperature, Hidden: m.Hidden, Out: m.Out}
}
