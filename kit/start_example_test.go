package kit_test

import (
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

var small = encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}

// Another run's encoder in place of random weights.
func ExampleRecipe_start() {
	_, err := kit.Pretrain("runs/finetuned", kit.Recipe{
		Data:    data.Labelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}},
		Encoder: small,
		Method:  ssl.Supervised{Classes: 10},
		Start:   "runs/simclr/encoder.safetensors",
		Steps:   800, Batch: 50,
	})
	if err != nil {
		log.Fatal(err)
	}
}
