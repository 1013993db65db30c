package fcos

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/ssl"
)

const (
	headDeviation = .01 // Of the head's initial weights.
	prior         = .01 // How likely an object of a class is at a place, to begin with.
	// mostExponent keeps distances finite: 22,000 strides.
	mostExponent = 10
)

// output is what the head says of each place.
type output struct {
	logits   *Node    // [batch, places, classes]
	distance [4]*Node // [batch, places]: to the left, upper, right and lower side of the box, in pixels, above 0.
	centred  *Node    // [batch, places]: the logit of centerness.
}

// detect is the whole network on images.
//
//	images: [batch, height, width, 3]
func (m FCOS) detect(network ssl.Network, images *Node) output {
	var levels []output
	for level, x := range m.pyramid(network, images) {
		levels = append(levels, m.head(network.Scope.At("head"), x, level))
	}
	// of puts one of the outputs of all levels one behind another.
	of := func(get func(o output) *Node) *Node {
		var parts []*Node
		for _, o := range levels {
			parts = append(parts, get(o))
		}
		return Concatenate(parts, 1)
	}
	all := output{logits: of(func(o output) *Node { return o.logits }), centred: of(func(o output) *Node { return o.centred })}
	for k := range all.distance {
		all.distance[k] = of(func(o output) *Node { return o.distance[k] })
	}
	return all
}

// head is what is said of the places of one level. All levels share its weights, but for a factor
// of the exponents of distances.
//
//	x: [batch, rows, columns, channels]
func (m FCOS) head(scope *model.Scope, x *Node, level int) output {
	g, batch := x.Graph(), x.Shape().Dim(0)
	tower := func(scope *model.Scope) *Node {
		x := x
		for i := range m.Convolutions {
			scope := scope.At("%d", i)
			x = relu(groupNorm(scope.At("norm"), convolve(scope, x, m.Channels, 3, 1, headDeviation, 0)))
		}
		return x
	}
	ofClasses, ofBoxes := tower(scope.At("classes")), tower(scope.At("boxes"))

	logits := convolve(scope.At("class"), ofClasses, m.Classes, 3, 1, headDeviation, math.Log(prior/(1-prior)))
	centred := convolve(scope.At("centerness"), ofBoxes, 1, 3, 1, headDeviation, 0)
	factor := scope.At("factor").At("%d", level).WithInitializer(initializer.One).
		VariableWithShape("weight", shapes.Make(dtypes.Float32)).NodeValue(g)
	exponents := Mul(convolve(scope.At("distance"), ofBoxes, 4, 3, 1, headDeviation, 0), factor)
	distances := MulScalar(Exp(MinScalar(exponents, mostExponent)), float64(m.stride(level)))

	flat := output{logits: Reshape(logits, batch, -1, m.Classes), centred: Reshape(centred, batch, -1)}
	for k := range flat.distance {
		flat.distance[k] = Reshape(SliceAxis(distances, 3, AxisElem(k)), batch, -1)
	}
	return flat
}
