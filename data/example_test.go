package data_test

import (
	"fmt"
	"io"
	"log"

	"sslkit/data"
)

// Every image of the procedural world comes with all that is known about it.
func ExampleShapes_Sample() {
	sample := data.Shapes{}.Sample(data.Train, 3)
	fmt.Println(data.ShapeClasses()[sample.Class])
	fmt.Println(sample.Caption)
	fmt.Printf("box %d×%d in a picture of %d×%d\n", sample.Box.Width(), sample.Box.Height(), sample.Size, sample.Size)
	// Output:
	// triangle
	// a medium red plain triangle at the top left on a cool graded background
	// box 14×14 in a picture of 32×32
}

// A loader reads the batches of an order ahead of training.
func ExampleNewLoader() {
	set, err := data.Shapes{Train: 100}.Open(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	order := data.Order{Len: set.Len(), Batch: 30, Seed: 1}
	loader := data.NewLoader(set, order, 0, order.StepsPerEpoch())
	defer loader.Close()
	for {
		batch, err := loader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("step", batch.Step, "of", len(batch.Labels), "images,", len(batch.Pix), "bytes")
	}
	// Output:
	// step 0 of 30 images, 92160 bytes
	// step 1 of 30 images, 92160 bytes
	// step 2 of 30 images, 92160 bytes
}

// A few labels of every class, the same ones for the same seed.
func ExampleSubset() {
	set, err := data.Shapes{}.Open(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	indices, err := data.Subset{PerClass: 4, Seed: 1}.Indices(data.Labels(set), len(set.Classes()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(indices), "labels, subset", data.Hash(indices))
	// Output:
	// 40 labels, subset b77ec79558f9519a
}

// Boxes, their classes and the classes of pixels come with the images.
func ExampleScenes() {
	set, err := data.Scenes{Size: 64}.Open(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	objects, err := data.ObjectsIn(set)
	if err != nil {
		log.Fatal(err)
	}
	for _, object := range objects.ObjectsOf(2) {
		fmt.Println(objects.ObjectClasses()[object.Class])
	}
	item := data.Item{Objects: objects.MostObjects(), Mask: true}
	loader := data.NewItemLoader(set, item, data.Order{Len: set.Len(), Batch: 16, Seed: 1}, 0, 1)
	defer loader.Close()
	batch, err := loader.Next()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(batch.Pix), len(batch.Boxes), len(batch.BoxClasses), len(batch.Masks))
	// Output:
	// arrow
	// cross
	// 196608 384 96 65536
}
