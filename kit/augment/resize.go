package augment

import (
	"cmp"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Resize scales images so that their shorter side is Size, for evaluation. It is not random.
type Resize struct {
	// Size is the new length of the shorter side in pixels. 0: the size stays.
	Size int
	// Interpolation is Bilinear by default.
	Interpolation Interpolation
}

// Check implements Transform.
func (t Resize) Check(height, width int) error {
	return cmp.Or(
		setting.Pixels(0, "augment.Resize: Size", t.Size, "the image's own size"),
		t.Interpolation.check("augment.Resize: Interpolation"))
}

// OutputSize implements Geometric.
func (t Resize) OutputSize(height, width int) (int, int) {
	if t.Size == 0 {
		return height, width
	}
	scale := float64(t.Size) / float64(min(height, width))
	return int(math.Round(scale * float64(height))), int(math.Round(scale * float64(width)))
}

// Draw returns the box of the whole image, [batch, 4].
func (t Resize) Draw(r *Random, batch, height, width int) *Node {
	zero := r.constant(0, batch)
	return columns(zero, zero, r.constant(float64(height), batch), r.constant(float64(width), batch))
}

// Map implements Geometric.
func (t Resize) Map(params *Node, height, width int) *Node {
	height, width = t.OutputSize(height, width)
	return boxMap(params, height, width)
}

// HostMap implements Geometric.
func (t Resize) HostMap(params []float32, height, width int) AffineMap {
	height, width = t.OutputSize(height, width)
	return boxHostMap(params, height, width)
}

// Apply implements Transform.
func (t Resize) Apply(images, params *Node) *Node {
	height, width := t.OutputSize(images.Shape().Dim(2), images.Shape().Dim(3))
	return boxApply(images, params, height, width, t.Interpolation)
}

// Host implements Transform.
func (t Resize) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	height, width := t.OutputSize(img.Bounds().Dy(), img.Bounds().Dx())
	return boxHost(img, params, height, width, t.Interpolation)
}

// CenterCrop keeps the middle square of images, for evaluation. It is not random.
type CenterCrop struct {
	// Size is the square's side in pixels, at most the image's shorter side. 0: the shorter side.
	Size int
}

// Check implements Transform.
func (t CenterCrop) Check(height, width int) error {
	short := min(height, width)
	return setting.Must(t.Size >= 0 && t.Size <= short, "augment.CenterCrop: Size", t.Size,
		fmt.Sprintf("in [1, %d] for images of %d x %d", short, height, width), "the shorter side")
}

// OutputSize implements Geometric.
func (t CenterCrop) OutputSize(height, width int) (int, int) {
	size := cmp.Or(t.Size, min(height, width))
	return size, size
}

// Draw returns the box of the middle square, [batch, 4].
func (t CenterCrop) Draw(r *Random, batch, height, width int) *Node {
	size, _ := t.OutputSize(height, width)
	side := r.constant(float64(size), batch)
	return columns(r.constant(float64((height-size)/2), batch), r.constant(float64((width-size)/2), batch), side, side)
}

// Map implements Geometric.
func (t CenterCrop) Map(params *Node, height, width int) *Node {
	height, width = t.OutputSize(height, width)
	return boxMap(params, height, width)
}

// HostMap implements Geometric.
func (t CenterCrop) HostMap(params []float32, height, width int) AffineMap {
	height, width = t.OutputSize(height, width)
	return boxHostMap(params, height, width)
}

// Apply implements Transform.
func (t CenterCrop) Apply(images, params *Node) *Node {
	height, width := images.Shape().Dim(2), images.Shape().Dim(3)
	size, _ := t.OutputSize(height, width)
	top, left := (height-size)/2, (width-size)/2
	return Slice(images, AxisRange(), AxisRange(), AxisRange(top, top+size), AxisRange(left, left+size))
}

// Host implements Transform.
func (t CenterCrop) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	size := int(params[2])
	at := image.Pt(int(params[1]), int(params[0]))
	return imaging.Crop(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(size, size))})
}
