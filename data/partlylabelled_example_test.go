package data_test

import (
	"fmt"
	"log"

	"sslkit/data"
)

// Ten labels a class, and all the images.
func ExamplePartlyLabelled() {
	set, err := data.PartlyLabelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}.Open(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	labelled := 0
	for _, label := range data.Labels(set) {
		if label >= 0 {
			labelled++
		}
	}
	fmt.Println(labelled, "labels of", set.Len(), "images")
	// Output: 100 labels of 10000 images
}
