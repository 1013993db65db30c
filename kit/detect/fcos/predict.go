package fcos

import (
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/ssl"
)

var _ ssl.Predicts = FCOS{}

// Predict is for each place the box that it says, x0, y0, x1, y1 in pixels and clipped to the image,
// and a score for each class in [0, 1]: the geometric mean of the probability of the class and of the
// centerness.
//
//	[batch, height, width, 3] -> [batch, Places × (4 + Classes)]
func (m FCOS) Predict(network ssl.Network, images *Node) *Node {
	said, p := m.detect(network, images), m.placesOf(images)
	scores := Sqrt(Mul(Sigmoid(said.logits), InsertAxes(Sigmoid(said.centred), -1))) // [batch, places, classes]
	boxes := decode(p, said.distance, images.Shape().Dim(1), images.Shape().Dim(2))
	return Reshape(Concatenate([]*Node{boxes, scores}, 2), images.Shape().Dim(0), -1)
}

// decode are the boxes whose sides are so far from the places, clipped to the image.
//
//	distance: left, upper, right, lower, [batch, places] each -> [batch, places, 4]
func decode(p places, distance [4]*Node, height, width int) *Node {
	g := distance[0].Graph()
	x, y := Reshape(Const(g, p.x), 1, -1), Reshape(Const(g, p.y), 1, -1)
	clip := func(v *Node, size int) *Node { return ClipScalar(v, 0, float64(size)) }
	return Stack([]*Node{
		clip(Sub(x, distance[0]), width), clip(Sub(y, distance[1]), height),
		clip(Add(x, distance[2]), width), clip(Add(y, distance[3]), height),
	}, 2)
}
