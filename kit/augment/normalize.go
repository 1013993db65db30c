package augment

import (
	"cmp"
	"fmt"
	"image"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Normalize subtracts a mean from each channel and divides by a standard deviation, in units of [0,
// 1]. It comes last in a pipeline. The zero value is CIFAR10.
type Normalize struct {
	// Mean and Std of red, green and blue. Both zero: those of CIFAR10. Std must be positive
	// otherwise.
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
	n = n.WithDefaults()
	const zero = "CIFAR10's, where Mean and Std are all 0"
	for i := range n.Mean {
		if err := cmp.Or(
			setting.Within(0, 1, fmt.Sprintf("augment.Normalize: Mean[%d]", i), n.Mean[i]),
			setting.Divisor(fmt.Sprintf("augment.Normalize: Std[%d]", i), n.Std[i], zero),
		); err != nil {
			return err
		}
	}
	return nil
}

// Draw returns nil: there is nothing random here.
func (n Normalize) Draw(r *Random, batch, height, width int) *Node { return nil }

// Apply implements Transform, but for its result's range.
func (n Normalize) Apply(images, _ *Node) *Node {
	n = n.WithDefaults()
	perChannel := func(v [3]float64) *Node {
		c := ConvertDType(Const(images.Graph(), v[:]), images.DType())
		return BroadcastToDims(Reshape(c, 1, 3, 1, 1), images.Shape().Dimensions...)
	}
	return Div(Sub(images, perChannel(n.Mean)), perChannel(n.Std))
}

// Host returns a copy: 8 bits cannot hold normalised values, and the host twin is for looking at.
func (n Normalize) Host(img *image.NRGBA, _ []float32) *image.NRGBA { return imaging.Clone(img) }
