package main

import (
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const (
	batch = 64
	side  = 32 // Of images and views, in pixels.
)

// subject is what is trained.
type subject struct {
	name      string
	encoder   encoder.Encoder
	method    ssl.Method
	optimizer optim.Optimizer // Nil: the method's own.
}

// sgd is the one optimiser of all sides, of about the learning rate that the scripts have.
var sgd = optim.SGD{LR: .1, Momentum: .9, WeightDecay: 1e-4}

var (
	full = encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.CIFARStem}
	half = encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem}
	vit  = encoder.ViT{Patch: 4, Width: 192, Depth: 6, Heads: 3}

	wideResNet = encoder.ResNet{Depth: 18}
	wideViT    = encoder.ViT{Patch: 4, Width: 384, Depth: 12, Heads: 6}

	tinyResNet = encoder.ResNet{Depth: 18, Width: 4, Stem: encoder.HalfStem}
	tinyViT    = encoder.ViT{Patch: 8, Width: 24, Depth: 1, Heads: 3, Size: side} // Positions of these images, as theirs has.
)

// compared are measured on all sides.
func compared(quick, wide bool) []subject {
	if quick {
		return []subject{{"simclr/resnet18-w4-half", tinyResNet, ssl.SimCLR{}, sgd}, {"simclr/vit1-w24-p8", tinyViT, ssl.SimCLR{}, sgd}}
	}
	if wide {
		return []subject{{"simclr/resnet18-w64", wideResNet, ssl.SimCLR{}, sgd}, {"simclr/vit12-w384-p4", wideViT, ssl.SimCLR{}, sgd}}
	}
	return []subject{
		{"simclr/resnet18-w16", full, ssl.SimCLR{}, sgd},
		{"simclr/resnet18-w16-half", half, ssl.SimCLR{}, sgd},
		{"simclr/vit6-w192-p4", vit, ssl.SimCLR{}, sgd},
	}
}

// alone are those whose parts are measured, here only.
func alone(quick, wide bool) []subject {
	decoder := encoder.Transformer{Width: 96, Depth: 2}
	if quick {
		return []subject{{"simclr/vit1-w24-p8", tinyViT, ssl.SimCLR{}, nil}, {"mae/vit1-w24-p8", tinyViT, ssl.MAE{Decoder: decoder}, nil}}
	}
	if wide {
		return []subject{
			{"simclr/resnet18-w64", wideResNet, ssl.SimCLR{}, nil}, {"simclr/vit12-w384-p4", wideViT, ssl.SimCLR{}, nil},
			{"mae/vit12-w384-p4", wideViT, ssl.MAE{}, nil},
		}
	}
	return []subject{
		{"simclr/resnet18-w16", full, ssl.SimCLR{}, nil},
		{"simclr/resnet18-w64-half", encoder.ResNet{Depth: 18, Width: 64, Stem: encoder.HalfStem}, ssl.SimCLR{}, nil},
		{"simclr/vit6-w192-p4", vit, ssl.SimCLR{}, nil},
		{"simclr/convnext-atto", encoder.ConvNeXtAtto, ssl.SimCLR{}, nil},
		{"byol/vit6-w192-p4", vit, ssl.BYOL{}, nil},
		{"dino/vit6-w192-p4", vit, ssl.DINO{Prototypes: 4096}, nil},
		{"mae/vit6-w192-p4", vit, ssl.MAE{Decoder: decoder}, nil},
	}
}

// recipe trains the subject on the folder of images, decoded to a cache.
func (s subject) recipe(images, cache string, steps int) kit.Recipe {
	return kit.Recipe{
		Data:    data.ImageFolder{Path: images, Size: side, Cache: cache},
		Encoder: s.encoder, Method: s.method, Optimizer: s.optimizer,
		Batch: batch, Steps: steps, Seed: 1,
	}
}

// network is the encoder for the Python scripts, by its fields.
type network struct {
	ResNet *encoder.ResNet `json:"resnet,omitempty"`
	ViT    *encoder.ViT    `json:"vit,omitempty"`
}

func (s subject) network() network {
	switch e := s.encoder.(type) {
	case encoder.ResNet:
		return network{ResNet: &e}
	case encoder.ViT:
		return network{ViT: &e}
	}
	return network{}
}
