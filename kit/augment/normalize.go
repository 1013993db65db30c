package augment

import (
	"errors"
	"image"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"
)

// Normalize subtracts a mean from each channel and divides by a standard deviation, in units of [0, 1]. It comes last in a
// pipeline. The zero value is CIFAR10.
type Normalize struct {
	// Mean and Std of red, green and blue. Both zero: those of CIFAR10. Std must be positive otherwise.
	Mean, Std [3]float64
}

var (
	// CIFAR10 normalises by the statistics of CIFAR-10's training images.
	CIFAR10 = Normalize{Mean: [3]float64{.4914, .4822, .4465}, Std: [3]float64{.2470, .2435, .2616}}
	// ImageNet normalises by the statistics that torchvision's and timm's ImageNet models expect.
	ImageNet = Normalize{Mean: [3]float64{.485, .456, .406}, Std: [3]float64{.229, .224, .225}}
)

// Check implements Transform.
func (n Normalize) Check(height, width int) error {
	n = orDefault(n, CIFAR10)
	if n.Std == [3]float64{} {
		return errors.New("Std is zero while Mean is set: must be positive")
	}
	return firstError(
		within("Mean[0]", n.Mean[0], 0, 1), within("Mean[1]", n.Mean[1], 0, 1), within("Mean[2]", n.Mean[2], 0, 1),
		positive("Std[0]", n.Std[0], math.Inf(1)), positive("Std[1]", n.Std[1], math.Inf(1)), positive("Std[2]", n.Std[2], math.Inf(1)))
}

// Draw returns nil: there is nothing random here.
func (n Normalize) Draw(r *Random, batch, height, width int) *Node { return nil }

// Apply implements Transform, but for its result's range.
func (n Normalize) Apply(images, _ *Node) *Node {
	n = orDefault(n, CIFAR10)
	perChannel := func(v [3]float64) *Node {
		c := ConvertDType(Const(images.Graph(), v[:]), images.DType())
		return BroadcastToDims(Reshape(c, 1, 3, 1, 1), images.Shape().Dimensions...)
	}
	return Div(Sub(images, perChannel(n.Mean)), perChannel(n.Std))
}

// Host returns a copy: 8 bits cannot hold normalised values, and the host twin is for looking at.
func (n Normalize) Host(img *image.NRGBA, _ []float32) *image.NRGBA { return imaging.Clone(img) }
