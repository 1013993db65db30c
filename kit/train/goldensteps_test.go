package train

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// What benchmarks/peers/steps/golden.py and this test agree on.
const (
	goldenTotal = 20 // Steps of the whole training.
	goldenSide  = 16 // Of an image, in pixels.
	goldenDim   = 16 // Of a ResNet's representation.
)

// goldenStep is a training whose first steps were done in PyTorch too.
type goldenStep struct {
	method    ssl.Method
	encoder   encoder.Encoder // A narrow ResNet-10 where it is nil.
	optimizer optim.Optimizer
	corners   bool // The method has two local crops too: the top left quarters of its two views.
}

var goldenSteps = map[string]goldenStep{
	"simclr": {
		method:    ssl.SimCLR{Hidden: 12, Out: 6},
		optimizer: optim.LARS{Scaling: optim.Unscaled, LR: .1, Momentum: .9, WeightDecay: .01, Eta: .1},
	},
	"byol": {
		method:    ssl.BYOL{Hidden: 12, Out: 6, Tau: .9},
		optimizer: clippedLARS(.1),
	},
	"simsiam": {
		method: ssl.SimSiam{Hidden: 12, Out: 6, Bottleneck: 5},
		optimizer: optim.PerVariable{
			Optimizer: optim.SGD{Scaling: optim.Unscaled, LR: .02, Momentum: .9, WeightDecay: .1, Exclude: optim.Nothing{}},
			Rates:     optim.Steady{Under: "predictor"},
		},
	},
	"barlow": {
		method:    ssl.BarlowTwins{Hidden: 12, Out: 6},
		optimizer: clippedLARS(.1),
	},
	"vicreg": { // The authors' Variance is 25, of the mean of two terms.
		method:    ssl.VICReg{Hidden: 12, Out: 6, Variance: 12.5},
		optimizer: clippedLARS(.01),
	},
	"mocov2": {
		method:    ssl.MoCoV2{Hidden: 12, Out: 6, Queue: 16, Tau: .9},
		optimizer: optim.SGD{Scaling: optim.Unscaled, LR: .1, Momentum: .9, WeightDecay: .01, Exclude: optim.Nothing{}},
	},
	"mocov3": {
		method:    ssl.MoCoV3{Hidden: 12, Out: 6, Tau: .9},
		optimizer: clippedLARS(.1),
	},
	"dino": {
		method:    ssl.DINO{Hidden: 12, Out: 6, Prototypes: 10, Tau: .9, FreezeLast: .04},
		encoder:   encoder.ViT{Patch: 8, Width: 12, Depth: 2, Heads: 2, Size: goldenSide},
		optimizer: optim.AdamW{Scaling: optim.Unscaled, LR: .01, Eps: 1e-4, WeightDecay: .5, WeightDecayEnd: 4, ClipEach: .05},
	},
	"dino_crops": {
		method:    ssl.DINO{Hidden: 12, Out: 6, Prototypes: 10, Tau: .9, FreezeLast: .04, Locals: 2},
		optimizer: clippedLARS(.1),
		corners:   true,
	},
	"swav": {
		method:    ssl.SwAV{Hidden: 12, Out: 6, Prototypes: 10, FreezeLast: .04, Locals: 2, Queue: 16, QueueFrom: .04},
		optimizer: clippedLARS(.1),
		corners:   true,
	},
	"fixmatch": {
		method:    semi.FixMatch{Classes: 3, Threshold: .5, Weight: 2, Share: .25},
		optimizer: optim.SGD{Scaling: optim.Unscaled, LR: .03, Momentum: .9, Nesterov: true, WeightDecay: .05},
	},
}

// clippedLARS is solo-learn's, at that rate and with a decay that shows.
func clippedLARS(rate float64) optim.LARS {
	return optim.LARS{Scaling: optim.Unscaled, LR: rate, Momentum: .9, WeightDecay: .01, ClipLR: true}
}

// TestStepsAgreeWithPyTorch: from the same weights and on the same views, a few steps end at the
// weights at which the code of the method's authors, or that which its recipe is from, ends in
// PyTorch: those of encoder, heads and teacher, the running statistics of norms, queues, centres
// and prototypes. benchmarks/peers/steps/golden.py names the sources, and made the files.
func TestStepsAgreeWithPyTorch(t *testing.T) {
	for name, golden := range goldenSteps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, _, err := encoder.ReadSafetensors(filepath.Join("testdata", "steps", name+".safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			store, losses := golden.run(t, file)
			defer store.Finalize()
			for step, want := range file["losses"].Data {
				if math.Abs(float64(losses[step]/want-1)) > 1e-4 {
					t.Errorf("the loss of step %d is %g, want %g", step, losses[step], want)
				}
			}
			compareGolden(t, store, file)
		})
	}
}

// run does the steps of a file: the variables as they are then, and the losses.
func (golden goldenStep) run(t *testing.T, file map[string]encoder.Tensor) (*model.Store, []float32) {
	images, labels := file["images"], file["labels"]
	steps, batch, views := images.Shape[0], images.Shape[1], images.Shape[2]
	plan := golden.plan(batch, views)
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	store.SetLoader(twinLoader{goldenLoader(file)})
	trainer, err := newTrainer(devicetest.Backend(t), store, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.ResetComputationGraphs()
	var losses []float32
	for step := range steps {
		pix := images.Data[step*len(images.Data)/steps : (step+1)*len(images.Data)/steps]
		read := data.Batch{Step: step, Indices: make([]int, batch), Images: views, Pix: make([]uint8, len(pix)), Labels: make([]int32, batch)}
		for i, value := range pix {
			read.Pix[i] = uint8(value)
		}
		for i := range read.Labels {
			read.Labels[i] = int32(labels.Data[step*batch+i])
		}
		inputs, err := plan.stepInputs(read)
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := trainer.TrainStep(train.Batch{Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, tensors.ToScalar[float32](metrics[0]))
	}
	return store, losses
}

// plan shows the method each image of an item as a view, as it is.
func (golden goldenStep) plan(batch, images int) Plan {
	plan := Plan{
		Model:  Model{Method: golden.method.WithDefaults(), Encoder: golden.encoder, Precision: dtypes.Float32},
		Images: batch, Height: goldenSide, Width: goldenSide,
		Item:  data.Item{Instances: images},
		Order: data.Order{Batch: batch},
		Steps: goldenTotal, Optimizer: golden.optimizer, Schedule: optim.WarmupCosine{},
	}
	if plan.Encoder == nil {
		plan.Encoder = encoder.ResNet{Depth: 10, Width: goldenDim / 8}
	}
	plan.Views, plan.Sources = []augment.Pipeline{{}, {}}, []int{0, 1}
	if golden.corners {
		plan.Views = append(plan.Views, augment.Pipeline{corner{}}, augment.Pipeline{corner{}})
		plan.Sources = append(plan.Sources, 0, 1)
	}
	return plan
}

// corner shows the top left quarter of an image.
type corner struct{ augment.Flip }

// Draw draws nothing.
func (corner) Draw(*augment.Random, int, int, int) *Node { return nil }

// OutputSize is half of each side.
func (corner) OutputSize(height, width int) (int, int) { return height / 2, width / 2 }

// Apply cuts planes [batch, 3, height, width].
func (corner) Apply(images, _ *Node) *Node {
	height, width := images.Shape().Dim(2), images.Shape().Dim(3)
	return Slice(images, AxisRange(), AxisRange(), AxisRange(0, height/2), AxisRange(0, width/2))
}

// goldenLoader lets variables start at what a file holds for them.
type goldenLoader map[string]encoder.Tensor

// LoadVariable implements model.Loader.
func (l goldenLoader) LoadVariable(_ *model.Store, path string) (*tensors.Tensor, bool) {
	value, ok := l["before"+path]
	if !ok {
		return nil, false
	}
	return tensors.FromFlatDataAndDimensions(slices.Clone(value.Data), value.Shape...), true
}

// DeleteVariable implements model.Loader.
func (l goldenLoader) DeleteVariable(*model.Store, string) error { return nil }

// compareGolden compares all variables but the optimiser's with those of a file: their values, and
// the sharper what has become of them since the start.
func compareGolden(t *testing.T, store *model.Store, file map[string]encoder.Tensor) {
	var worstValue, worstUpdate float64
	left := maps.Clone(file)
	for v := range store.IterVariables() {
		path := v.Path()
		if !slices.ContainsFunc([]string{encoderScope, methodScope, teacherScope}, func(scope string) bool {
			return strings.HasPrefix(path, "/"+scope+"/")
		}) {
			continue
		}
		want, ok := file["after"+path]
		if !ok {
			t.Errorf("the file holds no %s", path)
			continue
		}
		delete(left, "after"+path)
		if !slices.Equal(v.Shape().Dimensions, want.Shape) {
			t.Errorf("%s is %v, the file's is %v", path, v.Shape(), want.Shape)
			continue
		}
		of := path
		if student, ok := studentPath(path); ok {
			of = student
		}
		before := file["before"+of].Data // Nil starts at 0.
		got := tensors.MustCopyFlatData[float32](v.MustValue())
		var difference, size, update float64
		for i, w := range want.Data {
			began := 0.
			if before != nil {
				began = float64(before[i])
			}
			difference += square(float64(got[i]) - float64(w))
			size += square(float64(w))
			update += square(float64(w) - began)
		}
		difference, size, update = math.Sqrt(difference), math.Sqrt(size), math.Sqrt(update)
		ofValue, ofUpdate := difference/max(size, 1e-3), difference/(update+1e-3*size+1e-4)
		worstValue, worstUpdate = max(worstValue, ofValue), max(worstUpdate, ofUpdate)
		if ofValue > 1e-4 || ofUpdate > 1e-3 {
			t.Errorf("%s: off by %.2g, that is %.1g of its value and %.1g of its update", path, difference, ofValue, ofUpdate)
		}
	}
	for name := range left {
		if strings.HasPrefix(name, "after/") {
			t.Errorf("there is no variable for %s", name)
		}
	}
	t.Logf("within %.1g of the values and %.1g of the updates", worstValue, worstUpdate)
}

func square(x float64) float64 { return x * x }
