// Package fcos is the anchor-free detector FCOS as an ssl.Method: the graph of its feature pyramid,
// its head and its losses. Package detect trains and measures it.
//
// It follows Tian et al. 2019 (arXiv:1904.01355) with the improvements of the journal version
// (arXiv:2006.09214), as in tianzhi0549/FCOS (fcos_core/modeling/rpn/fcos, with the settings of
// fcos_imprv_R_50_FPN_1x.yaml): each place of each map of the pyramid says of each class whether it
// is near the middle of an object, how far away the four sides of its box are, and how well centred
// it is itself. It is made for images of 64 to 256 pixels, and differs so:
//
//   - The pyramid begins at stride 4 and not 8, has three levels and not five, and 64 channels and
//     not 256; the towers of the head have two convolutions and not four.
//   - A level finds boxes whose sides are up to 4 strides away, not 8, so that small images make
//     use of all levels.
//   - Distances are in strides, as in that file, but the exponential of what the head says, where
//     that file has a rectifier.
//   - The intersection over union in the loss of boxes is plain, as in torchvision.ops, where the
//     authors add 1, a square of the stride, to intersection and union.
//   - Places within the box of a crowd are no background: they don't count in the loss of classes.
package fcos

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// FCOS is the detector, on any encoder.Staged, such as encoder.ResNet, and on a ViT.
type FCOS struct {
	// Classes is the number of classes of objects, at least 1. Required.
	Classes int
	// Finest is the stride of the finest level in pixels, at least 1. Default 4. The encoder must
	// have a stage of that stride, or patches of 1, 2 or 4 times it or of a part of it.
	Finest int
	// Levels is the number of levels, from 1 to 8; the stride doubles from one to the next, and the
	// sides of images must be multiples of the last. Default 3.
	Levels int
	// Channels of the pyramid and of the head, at least 8 and a multiple of 8. Default 64.
	Channels int
	// Convolutions of each of the head's two towers, from 1 on. Default 2.
	Convolutions int
	// Reach is how many strides away the farthest side of a box may be for a level to find it, above
	// 0, but for the coarsest level, which finds all that are larger. Default 4; the authors take 8.
	Reach float64
}

var (
	_ ssl.ReadsObjects = FCOS{}
	_ ssl.NeedsEncoder = FCOS{}
)

// WithDefaults fills in the settings that were left at zero.
func (m FCOS) WithDefaults() ssl.Method {
	m.Finest = cmp.Or(m.Finest, 4)
	m.Levels = cmp.Or(m.Levels, 3)
	m.Channels = cmp.Or(m.Channels, 64)
	m.Convolutions = cmp.Or(m.Convolutions, 2)
	m.Reach = cmp.Or(m.Reach, 4)
	return m
}

// Name is "fcos".
func (m FCOS) Name() string { return "fcos" }

// Check returns an error where a field is out of range, or where the images or the views are no
// multiple of the coarsest stride.
func (m FCOS) Check(batch ssl.Batch) error {
	d := FCOS{}.WithDefaults().(FCOS)
	if err := cmp.Or(
		setting.Features(1, "fcos.FCOS: Classes", m.Classes),
		setting.Pixels(1, "fcos.FCOS: Finest", m.Finest, d.Finest),
		setting.Within(1, 8, "fcos.FCOS: Levels", float64(m.Levels), d.Levels),
		setting.Features(1, "fcos.FCOS: Channels", m.Channels, d.Channels),
		setting.Must(m.Channels%groupChannels == 0, "fcos.FCOS: Channels", m.Channels, fmt.Sprintf("a multiple of %d", groupChannels), d.Channels),
		setting.Repeats(1, "fcos.FCOS: Convolutions", m.Convolutions, d.Convolutions),
		setting.Positive("fcos.FCOS: Reach", m.Reach, d.Reach),
	); err != nil {
		return err
	}
	coarsest := m.stride(m.Levels - 1)
	whole := func(what string, height, width int) error {
		if height%coarsest == 0 && width%coarsest == 0 {
			return nil
		}
		return fmt.Errorf("fcos.FCOS: %s are %d×%d; their sides must be multiples of %d, the stride of the last of %d levels",
			what, height, width, coarsest, m.Levels)
	}
	viewHeight, viewWidth := batch.ViewSize(0)
	return cmp.Or(whole("images", batch.Height, batch.Width), whole("views", viewHeight, viewWidth))
}

// CheckEncoder returns an error where no pyramid can stand on the encoder.
func (m FCOS) CheckEncoder(e encoder.Encoder, _ ssl.Batch) error {
	_, err := m.pyramidOn(e)
	return err
}

// CheckObjects returns an error where the objects have another number of classes than Classes.
func (m FCOS) CheckObjects(classes []string) error {
	if len(classes) != m.Classes {
		return fmt.Errorf("fcos.FCOS: Classes is %d; the objects of the training images have %d classes, and it must be that number",
			m.Classes, len(classes))
	}
	return nil
}

// Views is one view: flip and normalise, as the authors do. A crop in its place moves the boxes.
func (m FCOS) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
}

// Loss is that of classes, boxes and centerness, each at weight 1.
func (m FCOS) Loss(step *ssl.Step) *Node {
	places := m.placesOf(step.Views[0])
	targets := assign(places, step.Boxes[0], step.BoxClasses[0])
	ofClasses, ofBoxes, ofCentres := losses(m.detect(step.Network, step.Views[0]), targets)
	return Add(ofClasses, Add(ofBoxes, ofCentres))
}

// Embed returns representations as they are: FCOS compares no images.
func (m FCOS) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is that of the authors: SGD at a rate of 0.01 for 16 images.
func (m FCOS) Optimizer() optim.Optimizer { return optim.SGD{LR: .16, Momentum: .9, WeightDecay: 1e-4} }

// stride is the side in pixels of a place of a level.
func (m FCOS) stride(level int) int { return m.Finest << level }
