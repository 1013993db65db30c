package main

import (
	"fmt"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// family is an encoder with the optimiser that all its methods get, at the greatest of the rates that
// each of them tries.
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

// onTokens is what all transformers are trained by.
var onTokens = optim.AdamW{LR: 1e-3, WeightDecay: .05, Scaling: optim.Unscaled, ClipNorm: 1}

var (
	// withClassToken is a small ViT whose class token is the representation, for methods that
	// compare it.
	withClassToken = family{"vit4-w96-p4-class", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
	// onPatches is the same, with the mean of the patches, for methods whose loss is on them.
	onPatches = family{"vit4-w96-p4", encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3, Pool: encoder.MeanPatches}, onTokens}
	// onPixels is a transformer on the pixels of images of 8 × 8, in 64 colours, that sees only
	// what comes before each.
	onPixels = family{"igpt4-w96-s8-l4", encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}, onTokens}
)

// entry is a method, its augmentations (nil for its own), and the family it trains.
type entry struct {
	method  ssl.Method
	augment []augment.Pipeline
	family  family
}

const batch = 32

// entries are the methods of the comparison; to add one, add a line. Those that compare views of an
// image take the given view. MICLe is not among them: of images that show an object each, it is
// SimCLR to the last digit.
func entries(view augment.Pipeline, convolutional family) []entry {
	given := []augment.Pipeline{view}
	return []entry{
		{ssl.SimCLR{Temperature: .2, Hidden: 512}, given, convolutional},
		{ssl.DCL{Temperature: .2, Hidden: 512}, given, convolutional},
		{ssl.MoCoV2{Temperature: .2, Hidden: 512, Queue: 2048}, given, convolutional},
		{ssl.MoCoV3{Temperature: .2, Hidden: 512}, given, convolutional},
		{ssl.DenseCL{MoCo: ssl.MoCoV2{Temperature: .2, Hidden: 512, Queue: 2048}}, given, convolutional},
		{ssl.NNCLR{Temperature: .2, Hidden: 512, Queue: 2048}, given, convolutional},
		{ssl.SupCon{Temperature: .2, Hidden: 512}, given, convolutional},
		{ssl.BYOL{Hidden: 512, Out: 128, Tau: .99}, given, convolutional},
		{ssl.ReSSL{Hidden: 512, Queue: 2048}, given, convolutional},
		{ssl.TiCo{Hidden: 512, Out: 128, Tau: .99}, given, convolutional},
		{ssl.SimSiam{Hidden: 512, Out: 512, Bottleneck: 128}, given, convolutional},
		{ssl.BarlowTwins{Hidden: 512, Out: 512}, given, convolutional},
		{ssl.VICReg{Hidden: 512, Out: 512}, given, convolutional},
		{ssl.WMSE{Hidden: 512, Out: batch / 2}, given, convolutional},
		{ssl.MMCR{}, given, convolutional},
		{ssl.SwAV{Hidden: 512, Prototypes: 100, NoQueue: true}, given, convolutional},
		{ssl.LeJEPA{Hidden: 512}, given, convolutional},
		{ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}, given, convolutional},
		{ssl.IBOT{DINO: ssl.DINO{Hidden: 128, Prototypes: 256, Tau: .99, TeacherTemperature: .04}}, given, withClassToken},
		{ssl.DINOv2{DINO: ssl.DINO{Hidden: 128, Prototypes: 256, Tau: .99, TeacherTemperature: .04}}, given, withClassToken},
		{ssl.MSN{Hidden: 128, Prototypes: 256, Tau: .99}, given, withClassToken},
		{ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}, nil, onPatches},
		{ssl.SimMIM{}, nil, onPatches},
		{ssl.IJEPA{Predictor: encoder.Transformer{Width: 48, Depth: 2}, Tau: .99}, nil, onPatches},
		{ssl.Data2Vec{Tau: .99}, nil, onPatches},
		{ssl.Inpainting{}, nil, convolutional},
		{ssl.CPC{Grid: 3}, nil, convolutional},
		{ssl.NextFrame{}, nil, onPatches},
		{ssl.NextPixel{}, nil, onPixels},
		{ssl.Rotation{}, nil, convolutional},
		{ssl.Flipping{}, nil, convolutional},
		// Enlarged to 36 pixels, so that a tile less its gap has the 16 that the encoder needs.
		{ssl.Jigsaw{Grid: 2}, []augment.Pipeline{{
			augment.RandomResizedCrop{Size: 36, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		// Enlarged to 72 pixels for the same reason.
		{ssl.RelativeLocation{}, []augment.Pipeline{{
			augment.RandomResizedCrop{Size: 72, Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
		}}, convolutional},
		{ssl.Colorization{}, nil, convolutional},
		{
			ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 512}}, {Method: ssl.Rotation{}, Weight: .5}},
			append([]augment.Pipeline{view, view}, ssl.Rotation{}.Views(32, 32)...), convolutional,
		},
	}
}
