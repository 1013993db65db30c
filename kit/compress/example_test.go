package compress_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/kit/stages"
)

var large = encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem}

// Half of the weights go, wherever they are: those of the second layer are larger.
func ExampleMagnitude_Masks() {
	weights := map[string]encoder.Tensor{
		"fc1.weight": {Name: "fc1.weight", Shape: []int{2, 2}, Data: []float32{.1, -.2, .3, -.4}},
		"fc2.weight": {Name: "fc2.weight", Shape: []int{1, 4}, Data: []float32{-5, 1, .15, -2}},
	}
	masks, err := compress.Magnitude{Sparsity: .5}.Masks(weights)
	if err != nil {
		log.Fatal(err)
	}
	pruned, err := masks.Apply(weights)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pruned["fc1.weight"].Data, pruned["fc2.weight"].Data)
	fmt.Printf("%.0f %% of the weights are zero\n", 100*masks.Sparsity())
	// Output:
	// [0 0 0 -0.4] [-5 1 0 -2]
	// 50 % of the weights are zero
}

// Much at first, little at the end.
func ExampleCubic() {
	sparsities, err := compress.Cubic(0, .9, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", sparsities)
	// Output: [0.520 0.787 0.886 0.900]
}

// A student with a quarter of the parameters learns the features of a finished run, without labels.
func ExampleFeatures() {
	run, err := kit.Pretrain("runs/simclr", kit.Recipe{
		Data: data.Shapes{}, Encoder: large, Method: ssl.SimCLR{}, Epochs: 10, Batch: 64,
	})
	if err != nil {
		log.Fatal(err)
	}
	teacher, err := run.Frozen()
	if err != nil {
		log.Fatal(err)
	}
	_, err = kit.Pretrain("runs/student", kit.Recipe{
		Data: data.Shapes{}, Encoder: encoder.ResNet{Depth: 10, Width: 12, Stem: encoder.HalfStem},
		Method: compress.Features{Teacher: teacher, Hidden: 512}, Optimizer: optim.SGD{LR: 3, Momentum: .9}, Epochs: 10, Batch: 64,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// A classifier teaches a smaller one, on images of which few have a label.
func ExampleLogits() {
	few := data.PartlyLabelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}
	run, err := kit.Pretrain("runs/classifier", kit.Recipe{
		Data: data.Shapes{}, Encoder: large, Method: ssl.Supervised{Classes: 10}, Epochs: 10, Batch: 64,
	})
	if err != nil {
		log.Fatal(err)
	}
	teacher, err := run.Frozen()
	if err != nil {
		log.Fatal(err)
	}
	_, err = kit.Pretrain("runs/small-classifier", kit.Recipe{
		Data: few, Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method: compress.Logits{Teacher: teacher, Classes: 10, Hard: .1}, Epochs: 10, Batch: 64,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// Half of the channels go, what is left learns from the whole, and both are compared.
func ExampleChannels() {
	const whole, pruned = "runs/simclr/encoder.safetensors", "runs/pruned.safetensors"
	small, err := compress.Channels{Remove: .5}.PruneFile(large, whole, pruned)
	if err != nil {
		log.Fatal(err)
	}
	run, err := kit.Pretrain("runs/pruned", kit.Recipe{
		Data: data.Shapes{}, Encoder: small, Start: pruned,
		Method: compress.Features{Teacher: ssl.Frozen{Encoder: large, Weights: whole}}, Steps: 600, Batch: 64,
	})
	if err != nil {
		log.Fatal(err)
	}
	table, err := compress.Comparison{Height: 32, Width: 32}.Compare(
		compress.Candidate{Name: "whole", Encoder: large, Weights: whole},
		compress.Candidate{Name: "pruned", Encoder: small, Weights: run.Dir + "/encoder.safetensors"},
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table)
}

// Nine of ten weights go, in four rounds.
func Example_pruneGradually() {
	const whole = "runs/simclr/encoder.safetensors"
	sparsities, err := compress.Cubic(0, .9, 4)
	if err != nil {
		log.Fatal(err)
	}
	runs, err := stages.PruneGradually("runs/sparse", stages.Pruning{
		From: whole, Sparsities: sparsities,
		Recipe: kit.Recipe{
			Data: data.Shapes{}, Encoder: large, Method: compress.Features{Teacher: ssl.Frozen{Encoder: large, Weights: whole}},
			Steps: 300, Batch: 64,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(runs), "rounds")
}

// What is out of range is told before anything is compiled.
func Example() {
	for _, err := range []error{
		compress.Magnitude{Sparsity: 1}.Check(), compress.Channels{}.Check(), compress.Features{Layers: -1}.Check(ssl.Batch{Images: 64, Height: 32, Width: 32}),
	} {
		fmt.Println(err)
	}
	// Output:
	// compress.Magnitude: Sparsity is 1; it must be in (0, 1)
	// compress.Channels: Remove is 0; it must be in (0, 1)
	// compress.Features: Layers is -1; it must be at least 1 (0 means 4)
}
