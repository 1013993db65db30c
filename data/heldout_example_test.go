package data_test

import (
	"fmt"
	"log"

	"sslkit/data"
)

// A model that never saw a red star, but red rings and blue stars, is asked about red stars.
func ExampleHeldOut() {
	source := data.HeldOut{From: data.Shapes{}, Combinations: [][]string{{"red", "star"}}}
	train, err := source.Open(data.Train)
	if err != nil {
		log.Fatal(err)
	}
	test, err := source.Open(data.Test)
	if err != nil {
		log.Fatal(err)
	}
	captions, err := data.Captions(test)
	if err != nil {
		log.Fatal(err)
	}
	unseen := 0
	for _, caption := range captions {
		if data.Named(caption[0], source.Combinations) == 0 {
			unseen++
		}
	}
	fmt.Println(train.Name(), train.Len(), "images,", unseen, "of", test.Len(), "to test on")
	fmt.Println(captions[0][0])
	// Output:
	// shapes-without-1-combinations/train 9880 images, 29 of 2000 to test on
	// a medium cyan plain circle at the bottom centre on a cool plain background
}
