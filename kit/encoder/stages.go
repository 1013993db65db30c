package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Staged is a convolutional Encoder that shows the feature map of each of its stages, for whoever
// needs what it sees at several resolutions, such as a detector.
type Staged interface {
	Encoder

	// Strides tells for each stage by how much it has divided the resolution: the side in pixels of a
	// place of its map, which doubles from one stage to the next.
	Strides() []int

	// EncodeStages are the maps behind the stages, the last of which is Output.Map: for each stride
	// [batch, height/stride, width/stride, channels].
	EncodeStages(scope *model.Scope, images *Node) []*Node
}

var (
	_ Staged = ResNet{}
	_ Staged = ConvNeXt{}
)

// stageStrides are those of four stages, each of half the resolution of the one before.
func stageStrides(first int) []int { return []int{first, 2 * first, 4 * first, 8 * first} }
