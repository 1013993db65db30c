package kit

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/ssl"
)

// item is what the method reads for every image of a set. It is an error that names Data where the set can't give it.
func (r Recipe) item(set data.Set) (data.Item, error) {
	height, width := set.Size()
	reads := ssl.ReadsOf(r.Method, height, width)
	item := data.Item{Frames: reads.Frames, Instances: reads.Instances, Captions: reads.Captions}
	if item.Frames > 0 && item.Instances > 0 {
		return item, fmt.Errorf("kit.Recipe: Method %s reads clips of %d frames and %d images of an object; it must read one of them",
			r.Method.Name(), item.Frames, item.Instances)
	}
	if err := item.Check(set); err != nil && item.Captions && item.Frames == 0 {
		return item, fmt.Errorf("kit.Recipe: Method %s reads captions, so Data must be a source of images with captions, "+
			"as data.CaptionFile or data.Shapes: %w", r.Method.Name(), err)
	} else if err != nil {
		return item, fmt.Errorf("kit.Recipe: Method %s reads clips of %d frames, so Data must be a source of videos, "+
			"as data.FrameFolder{Frames: %[2]d} or data.Shapes: %[3]w", r.Method.Name(), item.Frames, err)
	}
	return item, nil
}

// itemImage is one image of each item.
//
//	items: [batch, height, width, 3], or [batch, images, height, width, 3] -> [batch, height, width, 3]
func itemImage(items *Node, image int) *Node {
	if items.Rank() == 4 {
		return items
	}
	return Squeeze(SliceAxis(items, 1, AxisElem(image)), 1)
}

// itemDims is the shape of a batch of items, without the axis of images where there is one of each.
func itemDims(batch, images, height, width int) []int {
	if images == 1 {
		return []int{batch, height, width, 3}
	}
	return []int{batch, images, height, width, 3}
}
