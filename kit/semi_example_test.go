package kit_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

var small = encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}

// Ten labels a class for both stages together.
func ExamplePretrainThenLabel() {
	_, run, err := kit.PretrainThenLabel("runs/hybrid", kit.Hybrid{
		Data:     data.Shapes{},
		Labels:   data.Subset{PerClass: 10, Seed: 1},
		Pretrain: kit.Recipe{Encoder: small, Method: ssl.SimCLR{Hidden: 512}, Epochs: 20, Batch: 128},
		Semi:     kit.Recipe{Method: semi.FixMatch{Classes: 10}, Steps: 2000, Batch: 128},
	})
	if err != nil {
		log.Fatal(err)
	}
	logits, err := run.Embeddings(data.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logits.ArgMax()[:3])
}

// The student sees stronger augmentation than the teacher did.
func ExampleTrainNoisyStudent() {
	runs, err := kit.TrainNoisyStudent("runs/noisystudent", kit.NoisyStudent{
		Data:    data.Shapes{},
		Labels:  data.Subset{PerClass: 10, Seed: 1},
		Teacher: kit.Recipe{Encoder: small, Method: ssl.Supervised{Classes: 10}, Steps: 800, Batch: 50},
		Student: kit.Recipe{Encoder: small, Method: ssl.Supervised{Classes: 10, View: semi.StrongView()}, Epochs: 20, Batch: 128},
		Rounds:  2,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(runs), "networks")
}

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
