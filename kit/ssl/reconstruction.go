package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
)

// Reconstructs is a Method that tells pixels which it does not show to its encoder, or shows spoilt.
type Reconstructs interface {
	Method

	// Reconstruct hides or spoils parts of images as Loss does, and tells what they were.
	//
	//	images: [batch, height, width, 3] as the encoder takes them
	Reconstruct(network Network, random *augment.Random, images *Node) Reconstruction
}

// Reconstruction is what was shown of images and what was made of it, both as the encoder takes images:
// float32 [batch, height, width, 3].
type Reconstruction struct {
	// Shown is 0 where nothing is shown, which is the mean colour of normalised images.
	Shown *Node
	// Told is the prediction of what was hidden or spoilt, and the image itself everywhere else.
	Told *Node
}

// reconstruction puts predicted patches in the places of those that were hidden.
//
//	told: [batch, patches, patch² × 3]; hidden: bool or 0 and 1 [batch, patches]
func reconstruction(images, told, hidden *Node, patch int) Reconstruction {
	seen := ConvertDType(pixelPatches(images, patch), dtypes.Float32)
	lost := BroadcastToShape(InsertAxes(ConvertDType(hidden, dtypes.Bool), -1), told.Shape())
	assemble := func(x *Node) *Node { // [batch, patches, patch² × 3] -> [batch, height, width, 3]
		rows, columns := images.Shape().Dim(1)/patch, images.Shape().Dim(2)/patch
		return augment.Assemble(Reshape(x, x.Shape().Dim(0), rows*columns, patch, patch, 3), rows, columns)
	}
	return Reconstruction{
		Shown: assemble(Where(lost, ZerosLike(seen), seen)),
		Told:  assemble(Where(lost, told, seen)),
	}
}
