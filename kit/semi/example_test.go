package semi_test

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

var (
	small = encoder.ResNet{Depth: 10, Width: 16, Stem: encoder.HalfStem}
	few   = data.PartlyLabelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}
)

// What is out of range is told before anything is compiled.
func Example() {
	recipe := kit.Recipe{Data: few, Encoder: small, Method: semi.FixMatch{Classes: 9}, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Check())
	recipe.Method = semi.FixMatch{Classes: 10, Threshold: 1}
	fmt.Println(recipe.Check())
	// Output:
	// semi.FixMatch: Classes is 9; the training images have 10 classes, and it must be that number
	// semi.FixMatch: Threshold is 1; it must be in (0, 1) (0 means 0.95)
}

// A quarter of each batch has labels. Short trainings want a lower threshold.
func ExampleFixMatch() {
	method := semi.FixMatch{Classes: 10, Threshold: .8, Share: .25}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), method.LabelledOf(64), recipe.Check())
	// Output: fixmatch 16 <nil>
}

func ExampleFlexMatch() {
	method := semi.FlexMatch{Classes: 10, Threshold: .8}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: flexmatch <nil>
}

// The thresholds move faster than in the paper's million steps.
func ExampleFreeMatch() {
	method := semi.FreeMatch{Classes: 10, Momentum: .99}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: freematch <nil>
}

func ExamplePseudoLabel() {
	recipe := kit.Recipe{Data: few, Encoder: small, Method: semi.PseudoLabel{Classes: 10}, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: pseudolabel <nil>
}

// A short training wants a quick teacher.
func ExampleMeanTeacher() {
	method := semi.MeanTeacher{Classes: 10, Tau: .99}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: meanteacher <nil>
}

// Half of each batch has labels, and the rate does not fall.
func ExampleMixMatch() {
	recipe := kit.Recipe{
		Data: few, Encoder: small, Method: semi.MixMatch{Classes: 10}, Schedule: optim.Constant{}, Steps: 2000, Batch: 64,
	}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: mixmatch <nil>
}

func ExampleSimMatch() {
	method := semi.SimMatch{Classes: 10, Threshold: .8}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: simmatch <nil>
}

// The running means move faster than in the paper's million steps.
func ExampleSoftMatch() {
	method := semi.SoftMatch{Classes: 10, Momentum: .99}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: softmatch <nil>
}

func ExampleUDA() {
	recipe := kit.Recipe{Data: few, Encoder: small, Method: semi.UDA{Classes: 10}, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: uda <nil>
}

// A contrastive loss on the images of the same batches, beside the one on labels.
func ExampleFixMatch_sum() {
	method := ssl.Sum{{Method: semi.FixMatch{Classes: 10}}, {Method: ssl.SimCLR{Hidden: 512}, Weight: .5}}
	recipe := kit.Recipe{Data: few, Encoder: small, Method: method, Steps: 2000, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: fixmatch+simclr <nil>
}
