package kit_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Red stars are left out of training, and the shapes of test images are then told by texts, red
// stars among them.
func ExampleRun_TextEmbeddings() {
	run, err := kit.Pretrain("runs/clip", kit.Recipe{
		Data:      data.HeldOut{From: data.Shapes{Train: 40_000}, Combinations: [][]string{{"red", "star"}}},
		Encoder:   small,
		Method:    ssl.CLIP{Out: 128, Text: encoder.Text{Width: 64, Depth: 2}},
		Optimizer: optim.AdamW{LR: 2e-3, Scaling: optim.Unscaled, WeightDecay: .05, ClipNorm: 1},
		Batch:     64, Steps: 3750, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	images, err := run.Embeddings(data.Test)
	if err != nil {
		log.Fatal(err)
	}
	prompts := eval.Prompts(images.Classes, "a red {}", "a blue {}", "a large green {} at the centre")
	fmt.Println(eval.TextZeroShot{Prompts: prompts}.Evaluate(run.TextEmbeddings, images))
}
