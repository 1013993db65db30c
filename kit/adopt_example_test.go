package kit_test

import (
	"fmt"
	"log"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/hub"
)

// A backbone of others on pictures of one's own: its features as they are, a training that goes on
// from it, and the result for colleagues who use PyTorch.
func ExampleAdopt() {
	images := data.ImageFolder{Path: "images", Size: 224}
	weights, err := hub.Model{Repo: "timm/vit_small_patch14_dinov2.lvd142m"}.Fetch() // It says the commit, for Revision.
	if err != nil {
		log.Fatal(err)
	}
	run, err := kit.Adopt("runs/dinov2", kit.Backbone{
		Weights: weights, // Or the path of a file, with the config.json of the hub beside it.
		Data:    images,
	})
	if err != nil {
		log.Fatal(err)
	}
	train, err := run.Features(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	test, err := run.Features(data.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(eval.KNN{}.Evaluate(train, test))

	tuned, err := kit.FineTune("runs/tuned", kit.FineTuning{Data: images, Encoder: encoder.ViTSmallDINOv2, Start: run.WeightsFile()})
	if err != nil {
		log.Fatal(err)
	}
	if err := tuned.Run.Export("exported"); err != nil {
		log.Fatal(err)
	}
}
