//go:build linux

package main

import (
	"path/filepath"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// families are a method of each family, by name, each trained in about a second. What they keep is
// of every kind: queues, teachers, running means, centres, prototypes, decoders, text encoders, the best checkpoint.
var families = []string{
	"simclr", "mocov2", "byol", "dino", "swav", "vicreg", "mae", "rotation", "nextframe", "clip", "fixmatch", "supervised", "folder",
}

// recipe is that of a family. images is where the pictures of "folder" lie, cache where they are
// decoded to.
func recipe(family, images, cache string) kit.Recipe {
	r := kit.Recipe{
		Data:    data.Shapes{Train: 96, Validation: 32, Test: 32},
		Encoder: encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1},
		Batch:   16, Steps: 24, Seed: 3, CheckpointEvery: 3, MonitorEvery: 6,
	}
	switch family {
	case "simclr":
		r.Encoder = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}
		r.Method, r.Augment = ssl.SimCLR{Out: 8}, []augment.Pipeline{{augment.RandomResizedCrop{Size: 32}, augment.Flip{}, augment.Normalize{}}}
	case "mocov2":
		r.Method = ssl.MoCoV2{Hidden: 16, Out: 8, Queue: 64}
	case "byol":
		r.Method, r.EMA = ssl.BYOL{Hidden: 16, Out: 8}, .9
	case "dino":
		r.Method = ssl.DINO{Prototypes: 16, Hidden: 16, Out: 8}
	case "swav":
		r.Method = ssl.SwAV{Prototypes: 16, Hidden: 16, Out: 8, NoQueue: true}
	case "vicreg":
		r.Method = ssl.VICReg{Hidden: 16, Out: 16}
	case "mae":
		r.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1}
		r.Method = ssl.MAE{Decoder: encoder.Transformer{Width: 8, Depth: 1, Heads: 1}}
	case "rotation":
		r.Method = ssl.Rotation{}
	case "nextframe":
		r.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 1, Heads: 1, Pool: encoder.MeanPatches}
		r.Method = ssl.NextFrame{}
	case "clip":
		r.Method = ssl.CLIP{Out: 8, Text: encoder.Text{Width: 8, Depth: 1}}
	case "fixmatch":
		r.Data = data.PartlyLabelled{From: r.Data, Subset: data.Subset{PerClass: 2, Seed: 1}}
		r.Method = semi.FixMatch{Classes: 10, Threshold: .12}
	case "supervised":
		r.Method, r.StopEarly = ssl.Supervised{Classes: 10}, kit.StopEarly{Every: 2, Patience: 6}
	case "folder":
		r.Data = data.ImageFolder{Path: images, ValidationFraction: .2, Cache: filepath.Join(cache, "pixels")}
		r.Method = ssl.SimCLR{Out: 8, Hidden: 16}
	}
	return r
}
