package semi

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// firstPixel is an encoder whose representation is the colour of the first pixel.
type firstPixel struct{ encoder.ResNet }

func (firstPixel) Encode(_ *model.Scope, images *Node) encoder.Output {
	pixel := Slice(images, AxisRange(), AxisElem(0), AxisElem(0))
	return encoder.Output{Pooled: Reshape(pixel, -1, 3)}
}

func TestOnePassGivesWhatEachViewGives(t *testing.T) {
	backend := devicetest.Backend(t)
	const batch, labelled, classes = 5, 2, 4
	view := func(from float32) [][][][]float32 { // Images of one pixel.
		var images [][][][]float32
		for i := range batch {
			v := from + float32(i)
			images = append(images, [][][]float32{{{v, v * v, -v}}})
		}
		return images
	}
	exec, err := model.NewExec(backend, model.NewStore(), func(scope *model.Scope, weak, strong *Node) []*Node {
		step := &ssl.Step{
			Network: ssl.Network{
				Encoder: firstPixel{}, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
			},
			Views: []*Node{weak, strong},
		}
		first, rest, strongRest := encodeWeakStrong(step, classes, func(int) int { return labelled })
		of := func(view *Node) *Node { return classify(step.Scope, step.Encode(view).Pooled, classes) }
		return []*Node{first, rest, strongRest, of(weak), of(strong)}
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(view(1), view(-3))
	if err != nil {
		t.Fatal(err)
	}
	rows := func(i int) [][]float32 { return outputs[i].Value().([][]float32) }
	for what, pair := range map[string][2][][]float32{
		"the labelled images": {rows(0), rows(3)[:labelled]},
		"the weak views":      {rows(1), rows(3)[labelled:]},
		"the strong views":    {rows(2), rows(4)[labelled:]},
	} {
		if len(pair[0]) != len(pair[1]) {
			t.Errorf("%s are %d, want %d", what, len(pair[0]), len(pair[1]))
			continue
		}
		for i := range pair[1] {
			for c := range pair[1][i] {
				near(t, "a logit of "+what, float64(pair[0][i][c]), float64(pair[1][i][c]), 1e-6)
			}
		}
	}
}
