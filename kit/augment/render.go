package augment

import (
	"fmt"
	"image"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Render makes one view of each of n images on the backend and returns them to be looked at:
// Normalize is left out, all else is what Apply makes from the same state (see State). images is
// [n, height, width, 3], RGB.
func (p Pipeline) Render(backend compute.Backend, state [3]uint64, images []uint8, n, height, width int) ([]image.Image, error) {
	if err := p.Check(height, width); err != nil {
		return nil, err
	}
	if n < 1 || len(images) != n*height*width*3 {
		return nil, fmt.Errorf("augment: %d bytes for %d images of %d x %d x 3", len(images), n, height, width)
	}
	shown := p
	if last := len(p) - 1; last >= 0 {
		if _, ok := p[last].(Normalize); ok {
			shown = p[:last]
		}
	}
	input := tensors.FromFlatDataAndDimensions(images, n, height, width, 3)
	defer input.FinalizeAll()
	views, err := CallOnce(backend, func(state, images *Node) *Node {
		return shown.Apply(NewRandom(state), images)
	}, state[:], input)
	if err != nil {
		return nil, fmt.Errorf("augment: rendering %d views: %w", n, err)
	}
	defer views.FinalizeAll()

	height, width = p.OutputSize(height, width)
	rendered := make([]image.Image, n)
	err = tensors.ConstFlatData(views, func(values []float32) {
		for i := range rendered {
			size := height * width * 3
			rendered[i] = fromFloats(values[i*size:(i+1)*size], height, width)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("augment: reading %d views: %w", n, err)
	}
	return rendered, nil
}

// fromFloats makes an image of values in [0, 1], [height, width, 3].
func fromFloats(values []float32, height, width int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		for k := range 3 {
			img.Pix[4*i+k] = toByte(float64(values[3*i+k]))
		}
		img.Pix[4*i+3] = 255
	}
	return img
}
