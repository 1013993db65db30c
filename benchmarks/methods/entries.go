package main

import (
	"fmt"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// family is an encoder with the optimiser that all its methods get.
type family struct {
	name      string
	encoder   encoder.Encoder
	optimizer optim.Optimizer
}

// convolutional is a ResNet of the given depth and width.
func convolutional(depth, width int) family {
	return family{fmt.Sprintf("resnet%d-w%d-half", depth, width), encoder.ResNet{Depth: depth, Width: width, Stem: encoder.HalfStem},
		optim.SGD{LR: 2, Momentum: .9, WeightDecay: 5e-4}}
}

// slower is the same with a quarter of the learning rate, for VICReg, whose loss grows beyond all numbers at the family's, and
// for W-MSE, which does better by it.
func slower(f family) family {
	f.optimizer = optim.SGD{LR: .5, Momentum: .9, WeightDecay: 5e-4}
	return f
}

// onTokens is what all transformers are trained by.
var onTokens = optim.AdamW{LR: 1e-3, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1}

var (
	// withClassToken is a small ViT whose class token is the representation, for methods that compare it.
	withClassToken = family{"vit4-w96-p4-class", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
	// onPatches is the same, with the mean of the patches, for methods whose loss is on them.
	onPatches = family{"vit4-w96-p4", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3, Pool: encoder.MeanPatches}, onTokens}
	// onPixels is a transformer on the pixels of images of 8 × 8, in 64 colours, that sees only what comes before each.
	onPixels = family{"igpt4-w96-s8-l4", encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
)

// entry is a method and the family it trains.
type entry struct {
	method ssl.Method
	family family
}

const batch = 32

// entries are the methods of the comparison; to add one, add a line. Those that compare views of an image take the given view.
func entries(view augment.Pipeline, convolutional family) []entry {
	pair := []augment.Pipeline{view, view}
	return []entry{
		{ssl.SimCLR{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.DCL{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.MoCoV2{Temperature: .2, Hidden: 512, Queue: 2048, View: view}, convolutional},
		{ssl.MoCoV3{Temperature: .2, Hidden: 512, Pair: pair}, convolutional},
		{ssl.NNCLR{Temperature: .2, Hidden: 512, Queue: 2048, Pair: pair}, convolutional},
		{ssl.SupCon{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.MICLe{Temperature: .2, Hidden: 512, View: view}, convolutional},
		{ssl.BYOL{Hidden: 512, Out: 128, Tau: .99, Pair: pair}, convolutional},
		{ssl.SimSiam{Hidden: 512, Out: 512, Bottleneck: 128, View: view}, convolutional},
		{ssl.BarlowTwins{Hidden: 512, Out: 512, Pair: pair}, convolutional},
		{ssl.VICReg{Hidden: 512, Out: 512, View: view}, slower(convolutional)},
		{ssl.WMSE{Hidden: 512, Out: batch / 2, View: view}, slower(convolutional)},
		{ssl.SwAV{Hidden: 512, Prototypes: 100, Crops: pair}, convolutional},
		{ssl.LeJEPA{Hidden: 512, Crops: pair}, convolutional},
		{ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04, Crops: pair}, convolutional},
		{ssl.IBOT{DINO: ssl.DINO{Hidden: 128, Prototypes: 256, Tau: .99, TeacherTemperature: .04, Crops: pair}}, withClassToken},
		{ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}, onPatches},
		{ssl.SimMIM{}, onPatches},
		{ssl.IJEPA{Predictor: encoder.Transformer{Width: 48, Depth: 2}, Tau: .99}, onPatches},
		{ssl.Inpainting{}, convolutional},
		{ssl.CPC{Grid: 3}, convolutional},
		{ssl.NextFrame{}, onPatches},
		{ssl.NextPixel{}, onPixels},
		{ssl.Rotation{}, convolutional},
		{ssl.Flipping{}, convolutional},
		// Enlarged to 36 pixels, so that a tile less its gap has the 16 that the encoder needs.
		{ssl.Jigsaw{Grid: 2, View: augment.Pipeline{
			augment.RandomResizedCrop{Size: 36, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		// Enlarged to 72 pixels for the same reason.
		{ssl.RelativeLocation{View: augment.Pipeline{
			augment.RandomResizedCrop{Size: 72, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		{ssl.Colorization{}, convolutional},
		{ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 512, View: view}}, {Method: ssl.Rotation{}, Weight: .5}}, convolutional},
	}
}
