package stages_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
	"sslkit/kit/stages"
)

var small = encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}

// Ten labels a class for both stages together.
func ExamplePretrainThenLabel() {
	_, run, err := stages.PretrainThenLabel("runs/hybrid", stages.Hybrid{
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
	runs, err := stages.TrainNoisyStudent("runs/noisystudent", stages.NoisyStudent{
		Data:    data.Shapes{},
		Labels:  data.Subset{PerClass: 10, Seed: 1},
		Teacher: kit.Recipe{Encoder: small, Method: ssl.Supervised{Classes: 10}, Steps: 800, Batch: 50},
		Student: kit.Recipe{
			Encoder: small, Method: ssl.Supervised{Classes: 10}, Augment: []augment.Pipeline{semi.StrongView()},
			Epochs: 20, Batch: 128,
		},
		Rounds: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(runs), "networks")
}
