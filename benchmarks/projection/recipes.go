package main

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// blank are images of which only number and size are known: enough to count what a step takes.
type blank struct{ images, side int }

func (b blank) Name() string                      { return fmt.Sprintf("%d images of %d pixels", b.images, b.side) }
func (b blank) Open(data.Split) (data.Set, error) { return b, nil }
func (b blank) Len() int                          { return b.images }
func (b blank) Size() (height, width int)         { return b.side, b.side }
func (b blank) Classes() []string                 { return nil }
func (b blank) Label(int) int                     { return -1 }
func (b blank) Fingerprint() string               { return b.Name() }
func (b blank) Close() error                      { return nil }

// Read is an error: nothing is trained.
func (b blank) Read(int, []uint8) error { return fmt.Errorf("%s can't be read", b.Name()) }

var (
	imageNet = blank{1_281_167, 224}
	cifar10  = blank{50_000, 32}

	vitSmall = encoder.ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6}
	vitBase  = encoder.ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12}
	vitLarge = encoder.ViT{Patch: 16, Width: 1024, Depth: 24, Heads: 16}

	resNet50 = encoder.ResNet{Depth: 50, Stem: encoder.ImageNetStem}
)

// published is a training by its paper.
type published struct {
	name   string
	recipe kit.Recipe // Of Epochs.
}

// dino is with its paper's head, and local crops of 96 pixels.
func dino(locals, epochs int) published {
	method := ssl.DINO{Prototypes: 65536, Tau: .996, Locals: locals}
	crops := "2×224²"
	if locals > 0 {
		method.LocalSize = 96
		crops += fmt.Sprintf(" + %d×96²", locals)
	}
	return published{fmt.Sprintf("DINO, ViT-S/16, %s, batch 1024, %d epochs", crops, epochs), kit.Recipe{
		Data: imageNet, Encoder: vitSmall, Method: method, Optimizer: optim.AdamW{LR: 5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipEach: 3},
		Precision: kit.BFloat16, Batch: 1024, Epochs: epochs,
	}}
}

func mae(name string, e encoder.ViT, epochs int) published {
	return published{fmt.Sprintf("MAE, %s, 75 %% masked, batch 4096, %d epochs", name, epochs), kit.Recipe{
		Data: imageNet, Encoder: e, Method: ssl.MAE{}, Optimizer: optim.AdamW{LR: 1.5e-4, Beta2: .95, WeightDecay: .05},
		Precision: kit.BFloat16, Batch: 4096, Epochs: epochs,
	}}
}

func simCLR(epochs int, precision kit.Precision) published {
	return published{fmt.Sprintf("SimCLR, ResNet-50, batch 4096, %d epochs, %s", epochs, precision), kit.Recipe{
		Data: imageNet, Encoder: resNet50, Method: ssl.SimCLR{}, Precision: precision, Batch: 4096, Epochs: epochs,
	}}
}

// small is the training of github.com/dkobak/simclr-cifar10.
var small = published{"SimCLR, ResNet-18, CIFAR-10, batch 512, 100 epochs", kit.Recipe{
	Data: cifar10, Encoder: encoder.ResNet{Depth: 18}, Method: ssl.SimCLR{Hidden: 1024},
	Augment: []augment.Pipeline{{
		augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.2, 1}}, augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8}, augment.Grey{P: .1}, augment.Normalize{},
	}},
	Optimizer: optim.SGD{LR: .06, Momentum: .9, WeightDecay: 5e-4}, Batch: 512, Epochs: 100,
}}

// projected are the trainings that are projected.
var projected = []published{simCLR(1000, kit.BFloat16), dino(10, 300), mae("ViT-B/16", vitBase, 1600)}

// time is one that was published.
type time struct {
	published
	on     accelerator
	n      int
	hours  float64
	fits   bool    // The share of the peak is taken from it for the others on such accelerators.
	memory float64 // GB of each accelerator; 0 where none is told.
	source string
}

// times are from the papers' texts and the authors' repositories.
var times = []time{
	{dino(0, 300), v100, 16, 45.9, true, 9.3, "arXiv:2104.14294, table 8: two 8-GPU machines. That the GPUs are V100 is an assumption: " +
		"section 3.2 measures on one, and the launch script of facebookresearch/dino has an option for them"},
	{dino(10, 100), v100, 16, 24.2, false, 15.4, "the same"},
	{dino(10, 300), v100, 16, 72.6, false, 15.4, "the same; three times the one before"},
	{mae("ViT-L/16", vitLarge, 800), v100, 64, 42, false, 0, "PRETRAIN.md of facebookresearch/mae: ~42h in 64 V100 GPUs"},
	{mae("ViT-L/16", vitLarge, 800), tpuV3, 64, 15.4, true, 0, "arXiv:2111.06377, table 2: 128 TPU-v3 cores, in a precision that is not told"},
	{mae("ViT-L/16", vitLarge, 1600), tpuV3, 64, 31, false, 0, "arXiv:2111.06377, section 4.2: 128 TPU-v3 cores; twice the one before"},
	{simCLR(100, kit.Float32), tpuV3, 64, 1.5, false, 0, "arXiv:2002.05709, section 2.2: 128 TPU v3 cores, about 1.5 hours. " +
		"google-research/simclr has no bfloat16"},
	{small, a100TF32, 1, 20. / 60, true, 0, "README of dkobak/simclr-cifar10: 20 minutes with 16 processes that make the views, " +
		"whose number it says matters. PyTorch computes float32 convolutions in TF32"},
}

// count counts the step of a whole batch.
func (p published) count() (step, error) {
	recipe := p.recipe
	cost, err := kit.StepCostOf(recipe)
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", p.name, err)
	}
	s := step{cost, 1} // Momentum.
	if _, ok := recipe.Optimizer.(optim.AdamW); ok {
		s.optimizer = 2
	}
	return s, nil
}

// steps are those of all epochs.
func (p published) steps() float64 {
	return float64(p.recipe.Epochs * (p.recipe.Data.(blank).images / p.recipe.Batch))
}
