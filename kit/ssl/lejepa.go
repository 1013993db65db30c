package ssl

import (
	"cmp"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// LeJEPA learns representations in which all views of an image are near their mean, while the
// embeddings of a batch are distributed as a standard normal. It has no teacher, no stopped
// gradient and no predictor; the normal distribution is what rules collapse out.
//
// Balestriero & LeCun 2025, "LeJEPA: Provable and Scalable Self-Supervised Learning Without the
// Heuristics", arXiv:2511.08544. Taken as the definitions, from the paper's algorithms 1 and 2: the
// loss is (1 - λ) times the prediction, the mean squared distance of all views from the mean of the
// large ones, and λ times SIGReg, the mean over views and directions of the Epps–Pulley statistic
// (see SIGReg). The head is that of the authors' minimal example (MINIMAL.md of
// rbalestr-lab/lejepa). The views are SwAV's multi-crop: their README has weaker colours
// (.4/.4/.2/.1), solarising, global crops of at least .3, and smaller local ones (.05 to .3).
type LeJEPA struct {
	// Lambda weighs SIGReg against the prediction, in (0, 1). Default 0.05, the paper's; the
	// minimal example takes 0.02.
	Lambda float64
	// Slices is the number of random directions that each step looks along. Default 256 (algorithm
	// 1 and the minimal example; the README has 1024); new ones come with each step.
	Slices int
	// Hidden is the number of features of the projector's hidden layers. Default 2048.
	Hidden int
	// Out is the number of features of the embedding. Default 128, that of the minimal example's
	// class; it runs with 16.
	Out int
	// Locals is the number of small crops beside the two large ones, at least 0. Default 0; the
	// authors take 6 on ImageNet.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: 18
	// for an image of 32, and in proportion.
	LocalSize int
}

var _ CanCollapse = LeJEPA{}

// WithDefaults fills in the settings that were left at zero, but for LocalSize, which depends on
// the image.
func (m LeJEPA) WithDefaults() Method {
	m.Lambda = cmp.Or(m.Lambda, .05)
	m.Slices = cmp.Or(m.Slices, 256)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "lejepa".
func (m LeJEPA) Name() string { return "lejepa" }

// Check returns an error where a field is out of range.
func (m LeJEPA) Check(batch Batch) error {
	d := LeJEPA{}.WithDefaults().(LeJEPA)
	return cmp.Or(
		setting.Fraction("ssl.LeJEPA: Lambda", m.Lambda, d.Lambda),
		setting.Features(1, "ssl.LeJEPA: Slices", m.Slices, d.Slices),
		setting.Features(1, "ssl.LeJEPA: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.LeJEPA: Out", m.Out, d.Out),
		twoImages("ssl.LeJEPA", batch, "whose distribution is tested"),
		checkCrops("ssl.LeJEPA", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "9/16"),
		cropSizes("ssl.LeJEPA", batch),
	)
}

// Views are two large crops, then the small ones.
func (m LeJEPA) Views(height, width int) []augment.Pipeline {
	return MultiCrop(min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 2 of the paper.
func (m LeJEPA) Loss(step *Step) *Node {
	z := encodeCrops(step, func(h *Node) *Node { return m.Embed(step.Scope, h) }) // a view each: [batch, out]
	directions := randomDirections(step.Random, m.Slices, m.Out)
	sigreg := make([]*Node, len(z))
	for v := range z {
		sigreg[v] = SIGReg(z[v], directions)
	}
	prediction := MulScalar(MeanPrediction(z[:globalCrops], z), 1-m.Lambda)
	return Add(prediction, MulScalar(ReduceAllMean(Stack(sigreg, 0)), m.Lambda))
}

// MeanPrediction is the prediction loss of LeJEPA: the mean over views, images and dimensions of
// the squared distance of a view's embedding from the mean of those of the large views. The
// gradient flows into both.
//
//	large, all: views × [batch, dim] -> scalar, float32
func MeanPrediction(large, all []*Node) *Node {
	centre := ReduceMean(ConvertDType(Stack(large, 0), dtypes.Float32), 0) // [batch, dim]
	views := ConvertDType(Stack(all, 0), dtypes.Float32)                   // [views, batch, dim]
	return ReduceAllMean(Square(Sub(views, ExpandAxes(centre, 0))))
}

// The integral of SIGReg is a sum over these knots of a half line, since what is integrated is
// even: 17 knots on [-5, 5].
const (
	sigregLimit = 5.
	sigregKnots = 9
)

// SIGReg is sketched isotropic Gaussian regularisation: how far the embeddings of a batch are from
// a standard normal distribution. It is the mean over directions of the statistic of Epps & Pulley
// (1983) of the embeddings' projections x, which compares their empirical characteristic function
// with that of the normal:
//
//	n ∫ |mean(exp(i t x)) - exp(-t²/2)|² exp(-t²/2) dt, by the trapezoid rule at 17 knots on [-5, 5]
//
// as in algorithm 1, n being the number of embeddings. The authors' later code takes 17 knots on
// [0, 3] and doubles them: finer, and nearly the same number of embeddings that are near normal,
// since what is integrated is all but 0 beyond. It is computed in float32.
//
//	z: [batch, dim]; directions: [dim, slices], unit columns -> scalar
func SIGReg(z, directions *Node) *Node {
	x := Dot(ConvertDType(z, dtypes.Float32), ConvertDType(directions, dtypes.Float32)).Product() // [batch, slices]
	const width = sigregLimit / (sigregKnots - 1)
	var integral *Node // [slices]
	for k := range sigregKnots {
		t := width * float64(k)
		normal := math.Exp(-t * t / 2)
		weight := 2 * width * normal // Both halves.
		if k == 0 || k == sigregKnots-1 {
			weight /= 2
		}
		real := AddScalar(ReduceMean(Cos(MulScalar(x, t)), 0), -normal) // [slices]
		imaginary := ReduceMean(Sin(MulScalar(x, t)), 0)                // [slices]
		term := MulScalar(Add(Square(real), Square(imaginary)), weight)
		if k == 0 {
			integral = term
		} else {
			integral = Add(integral, term)
		}
	}
	return MulScalar(ReduceAllMean(integral), float64(z.Shape().Dim(0)))
}

// randomDirections are unit columns, uniform over the sphere: normal numbers, from uniform ones by
// Box and Muller's transform, scaled to length 1.
//
//	-> [dim, slices]
func randomDirections(random *augment.Random, slices, dim int) *Node {
	radius := Sqrt(MulScalar(Log(OneMinus(random.Uniform(0, 1, slices, dim))), -2)) // 1 - u is above 0.
	angle := random.Uniform(0, 2*math.Pi, slices, dim)
	return Transpose(unit(Mul(radius, Cos(angle))), 0, 1)
}

// Embed is the projector, a perceptron of three layers.
//
//	[batch, dim] -> [batch, out]
func (m LeJEPA) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3}.Apply(scope.At("projector"), features)
}

// Collapse of LeJEPA is where the prediction outweighs SIGReg.
func (m LeJEPA) Collapse() Collapse {
	return Collapse{Try: "a larger Lambda; more Slices; a larger Batch; a lower learning rate"}
}

// Optimizer is AdamW as in the authors' minimal example, with batches of 256 and weight decay on
// norms and biases too. Their README starts from a rate of 5e-4, and has a weight decay of 5e-4 for
// ResNets.
func (m LeJEPA) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 2e-3, WeightDecay: .05, Exclude: optim.Nothing{}}
}
