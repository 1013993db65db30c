package ssl_test

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

var (
	small   = encoder.ResNet{Depth: 18, Width: 16, Stem: encoder.HalfStem}
	patches = encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3}
	means   = encoder.ViT{Patch: 4, Width: 96, Depth: 4, Heads: 3, Pool: encoder.MeanPatches}
)

// What is out of range is told before anything is compiled.
func Example() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.SimCLR{Temperature: -1}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Check())
	recipe.Method = ssl.MoCoV2{Queue: 1000}
	fmt.Println(recipe.Check())
	recipe.Method = ssl.MAE{}
	fmt.Println(recipe.Check())
	recipe.Method, recipe.Encoder = ssl.IBOT{}, encoder.ViT{Patch: 4, Width: 96, Depth: 4, Projection: 64}
	fmt.Println(recipe.Check())
	// Output:
	// ssl.SimCLR: Temperature is -1; it must be above 0 and finite (0 means 0.5)
	// ssl.MoCoV2: Queue is 1000; it must be a multiple of the batch, 64 (0 means 32768, or fewer where the images are few)
	// ssl.MAE hides patches, and encoder resnet18-w16-3x3s2 has none; take an encoder.Masked, such as encoder.ViT
	// ssl.IBOT compares patches as it does representations, and encoder vit4-w96-h1-p4-proj64 projects the latter to 64 features; encoder.ViT: Projection must be 0
}

// A low temperature suits few images; a wide hidden layer suits a small encoder.
func ExampleSimCLR() {
	method := ssl.SimCLR{Temperature: .2, Hidden: 512}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: simclr <nil>
}

// Small batches, for which it was made.
func ExampleDCL() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.DCL{Hidden: 512}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: dcl <nil>
}

// The queue must be a multiple of the batch.
func ExampleMoCoV2() {
	method := ssl.MoCoV2{Hidden: 512, Queue: 2048}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: mocov2 <nil>
}

// The images of Shapes have captions of some fifty words: a small text encoder will do.
func ExampleCLIP() {
	method := ssl.CLIP{Out: 128, Text: encoder.Text{Width: 64, Depth: 2}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: clip <nil>
}

func ExampleMoCoV3() {
	method := ssl.MoCoV3{Hidden: 512, Temperature: .2}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: mocov3 <nil>
}

func ExampleNNCLR() {
	method := ssl.NNCLR{Hidden: 512, Queue: 2048}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: nnclr <nil>
}

// The images must have labels.
func ExampleSupCon() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.SupCon{Hidden: 512}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: supcon <nil>
}

func ExampleBYOL() {
	method := ssl.BYOL{Hidden: 512, Out: 128, Tau: .99}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: byol <nil>
}

func ExampleSimSiam() {
	method := ssl.SimSiam{Hidden: 512, Out: 512, Bottleneck: 128}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: simsiam <nil>
}

func ExampleBarlowTwins() {
	method := ssl.BarlowTwins{Hidden: 512, Out: 512}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: barlow <nil>
}

func ExampleVICReg() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.VICReg{Hidden: 512, Out: 512}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: vicreg <nil>
}

// Images are whitened in parts of twice as many as Out, which must divide the batch.
func ExampleWMSE() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.WMSE{Hidden: 512, Out: 32}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: wmse <nil>
}

// Two large crops and four small ones.
func ExampleSwAV() {
	method := ssl.SwAV{Hidden: 512, Prototypes: 100, Locals: 4}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: swav <nil>
}

func ExampleLeJEPA() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.LeJEPA{Hidden: 512}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: lejepa <nil>
}

// A short training wants a quicker teacher, and few images a sharper one.
func ExampleDINO() {
	method := ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: patches, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: dino <nil>
}

func ExampleIBOT() {
	method := ssl.IBOT{DINO: ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: patches, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: ibot <nil>
}

func ExampleDINOv2() {
	method := ssl.DINOv2{DINO: ssl.DINO{Hidden: 512, Prototypes: 1024, Tau: .99, TeacherTemperature: .04}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: patches, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: dinov2 <nil>
}

// More views of an image take its mean nearer to what they share.
func ExampleMMCR() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.MMCR{PerImage: 4}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: mmcr <nil>
}

// The teacher sees views that are cropped and flipped alone, and tells how like they are to earlier images.
func ExampleReSSL() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.ReSSL{Hidden: 512, Out: 128}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: ressl <nil>
}

// Its places are those of the feature map, of which a stem that keeps the size leaves more.
func ExampleDenseCL() {
	method := ssl.DenseCL{MoCo: ssl.MoCoV2{Hidden: 512}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: densecl <nil>
}

// A short training wants a quicker teacher.
func ExampleData2Vec() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: means, Method: ssl.Data2Vec{Tau: .99}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: data2vec <nil>
}

// A short training wants a quicker teacher.
func ExampleMSN() {
	method := ssl.MSN{Hidden: 512, Prototypes: 256, Tau: .99, Locals: 2}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: patches, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: msn <nil>
}

func ExampleMAE() {
	method := ssl.MAE{Decoder: encoder.Transformer{Width: 96, Depth: 2}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: patches, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: mae <nil>
}

func ExampleSimMIM() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: means, Method: ssl.SimMIM{}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: simmim <nil>
}

func ExampleIJEPA() {
	method := ssl.IJEPA{Predictor: encoder.Transformer{Width: 48, Depth: 2}, Tau: .99}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: means, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: ijepa <nil>
}

func ExampleInpainting() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.Inpainting{}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: inpainting <nil>
}

func ExampleRotation() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.Rotation{}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: rotation <nil>
}

func ExampleFlipping() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.Flipping{}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: flipping <nil>
}

// Four tiles of images enlarged to 48 pixels: every tile must be large enough for the encoder.
func ExampleJigsaw() {
	method := ssl.Jigsaw{Grid: 2}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	recipe.Augment = []augment.Pipeline{{augment.RandomResizedCrop{Size: 48}, augment.Normalize{}}}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: jigsaw <nil>
}

// Nine pieces of images enlarged to 72 pixels: every piece must be large enough for the encoder.
func ExampleRelativeLocation() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.RelativeLocation{}, Epochs: 10, Batch: 64}
	recipe.Augment = []augment.Pipeline{{augment.RandomResizedCrop{Size: 72}, augment.Normalize{}}}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: location <nil>
}

func ExampleColorization() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.Colorization{}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: colorization <nil>
}

func ExampleCPC() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.CPC{Grid: 3}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: cpc <nil>
}

// The baseline that is told the labels.
func ExampleSupervised() {
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: ssl.Supervised{Classes: 10}, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: supervised <nil>
}

// One encoder for two objectives: to tell the views of an image from those of others, and, at half
// the weight, how it is turned.
func ExampleSum() {
	method := ssl.Sum{{Method: ssl.SimCLR{Temperature: .2, Hidden: 512}}, {Method: ssl.Rotation{}, Weight: .5}}
	recipe := kit.Recipe{Data: data.Shapes{}, Encoder: small, Method: method, Epochs: 10, Batch: 64}
	fmt.Println(recipe.Method.Name(), recipe.Check())
	// Output: simclr+rotation <nil>
}
