package fcos

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// small are encoders of one kind each, of which images of 32 pixels are enough.
var small = map[string]struct {
	e encoder.Encoder
	m FCOS
}{
	"stages and a level beyond":     {encoder.ResNet{Depth: 10, Width: 4}, FCOS{Classes: 2, Channels: 8}},
	"two levels beyond":             {encoder.ResNet{Depth: 10, Width: 4}, FCOS{Classes: 2, Channels: 8, Levels: 4}},
	"fewer levels than stages":      {encoder.ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{4, 6, 8, 10}, Stem: 1}, FCOS{Classes: 2, Channels: 8, Finest: 2, Levels: 2}},
	"patches of 16, enlarged by 4":  {encoder.ViT{Patch: 16, Width: 16, Depth: 1, Heads: 2, Size: 32}, FCOS{Classes: 2, Channels: 8}},
	"patches of 4, reduced by 2, 4": {encoder.ViT{Patch: 4, Width: 16, Depth: 1, Heads: 2, Size: 32}, FCOS{Classes: 2, Channels: 8}},
}

// TestNetworks: of every kind of pyramid the levels have their size, an object is unlikely anywhere
// to begin with, and the gradient reaches all of it, and the encoder down to its first layer. (Not
// all of the encoder: the blocks of a ResNet start as the identity.)
func TestNetworks(t *testing.T) {
	t.Parallel()
	const side = 32
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := c.m.WithDefaults().(FCOS)
			if err := ssl.Check(m, ssl.BatchOf(m, 2, side, side), c.e, nil); err != nil {
				t.Fatal(err)
			}
			store := model.NewStore()
			if err := store.SetRNGStateFromSeed(7); err != nil {
				t.Fatal(err)
			}
			var names []string
			exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, in []*Node) []*Node {
				scope.Store().SetTraining(in[0].Graph(), true)
				network := ssl.Network{Encoder: c.e, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
				for level, x := range m.pyramid(network, in[0]) {
					if want := []int{2, side / m.stride(level), side / m.stride(level), m.Channels}; !slices.Equal(x.Shape().Dimensions, want) {
						t.Errorf("level %d is %v, want %v", level, x.Shape(), want)
					}
				}
				predicted := m.Predict(network, in[0])
				step := &ssl.Step{Network: network, Views: in[:1], Boxes: in[1:2], BoxClasses: in[2:3]}
				out := []*Node{predicted, m.Loss(step)}
				for v := range store.IterVariables() {
					if v.Trainable {
						names = append(names, v.Path())
					}
				}
				for _, gradient := range scope.BuildTrainableVariablesGradientsGraph(out[1]) {
					out = append(out, ReduceAllSum(Abs(gradient)))
				}
				return out
			})
			if err != nil {
				t.Fatal(err)
			}
			images := make([][][][]float32, 2)
			for i := range images {
				images[i] = make([][][]float32, side)
				for y := range side {
					for x := range side {
						images[i][y] = append(images[i][y], []float32{float32(x*y%7) - 3, float32(i + y%5), float32(x % 3)})
					}
				}
			}
			boxes := [][][]float32{{{2, 3, 30, 31}, {4, 4, 12, 15}}, {{10, 1, 29, 9}, {1, 8, 15, 31}}}
			out, err := exec.Call(images, boxes, [][]int32{{1, 0}, {1, 0}})
			if err != nil {
				t.Fatal(err)
			}
			rows := out[0].Value().([][]float32)
			if want := m.Places(side, side) * (4 + m.Classes); len(rows[0]) != want {
				t.Fatalf("%d numbers are predicted, want %d", len(rows[0]), want)
			}
			for at := 0; at < len(rows[0]); at += 4 + m.Classes {
				b, scores := rows[0][at:at+4], rows[0][at+4:at+4+m.Classes]
				if min(b[0], b[1]) < 0 || max(b[2], b[3]) > side || b[0] >= b[2] || b[1] >= b[3] {
					t.Fatalf("a box is %v", b)
				}
				for _, score := range scores { // √(0.01 · 0.5) = 0.07
					near(t, "a score", float64(score), .07, .02)
				}
			}
			if loss := out[1].Value().(float32); !(loss > 0 && loss < 20) {
				t.Errorf("the loss is %g", loss)
			}
			if len(names) != len(out)-2 {
				t.Fatalf("%d gradients of %d variables", len(out)-2, len(names))
			}
			found := false
			for i, name := range names {
				first := slices.Contains([]string{"/encoder/conv1/weight", "/encoder/stem/0/weight", "/encoder/patch_embed/proj/weight"}, name)
				level := strings.HasPrefix(name, "/method/head/factor/") && name != "/method/head/factor/0/weight" // It may have no object.
				if g := out[2+i].Value().(float32); (first || strings.HasPrefix(name, "/method/") && !level) && !(g > 0) {
					t.Errorf("the gradient of %s is %g", name, g)
				}
				found = found || first
			}
			if !found {
				t.Errorf("the first layer of the encoder is not among %v", names)
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	resnet := encoder.ResNet{Depth: 10, Width: 4}
	for name, c := range map[string]struct {
		m    FCOS
		e    encoder.Encoder
		side int
		want string
	}{
		"no classes":   {FCOS{}, resnet, 32, "fcos.FCOS: Classes is 0; it must be at least 1"},
		"levels":       {FCOS{Classes: 1, Levels: 9}, resnet, 32, "fcos.FCOS: Levels is 9; it must be in [1, 8] (0 means 3)"},
		"channels":     {FCOS{Classes: 1, Channels: 12}, resnet, 32, "fcos.FCOS: Channels is 12; it must be a multiple of 8 (0 means 64)"},
		"finest":       {FCOS{Classes: 1, Finest: -1}, resnet, 32, "fcos.FCOS: Finest is -1"},
		"convolutions": {FCOS{Classes: 1, Convolutions: -1}, resnet, 32, "fcos.FCOS: Convolutions is -1"},
		"reach":        {FCOS{Classes: 1, Reach: -1}, resnet, 32, "fcos.FCOS: Reach is -1"},
		"side":         {FCOS{Classes: 1}, resnet, 40, "images are 40×40; their sides must be multiples of 16, the stride of the last of 3 levels"},
		"no stage":     {FCOS{Classes: 1, Finest: 3, Levels: 1}, resnet, 33, "Finest is 3; the stages of encoder resnet10-w4 have strides [1 2 4 8]"},
		"patches":      {FCOS{Classes: 1, Finest: 2}, encoder.ViT{Patch: 16, Size: 32}, 32, "fcos.FCOS: Finest is 2; it must be the patch size of encoder"},
		"no maps":      {FCOS{Classes: 1}, encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}, 32, "needs maps of known strides, and encoder igpt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := c.m.WithDefaults().(FCOS)
			err := ssl.Check(m, ssl.BatchOf(m, 2, c.side, c.side), c.e, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; the error must say %q", err, c.want)
			}
		})
	}
	m := FCOS{Classes: 2}.WithDefaults().(FCOS)
	if err := m.CheckObjects([]string{"a"}); err == nil || !strings.Contains(err.Error(), "Classes is 2; the objects of the training images have 1 classes") {
		t.Error(err)
	}
	batch := ssl.BatchOf(m, 2, 32, 32)
	batch.Views = []augment.Pipeline{{augment.CenterCrop{Size: 24}, augment.Normalize{}}}
	if err := m.Check(batch); err == nil || !strings.Contains(err.Error(), "views are 24×24") {
		t.Error(err)
	}
}
