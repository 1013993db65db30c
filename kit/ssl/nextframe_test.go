package ssl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// frameLoss is FrameLoss in float64, pixel by pixel; x and y are [batch][height][width × 3].
func frameLoss(predicted, frames [][][]float64, weight float64) float64 {
	var squares, down, across mean
	edge := func(x [][]float64, i, j, k, l int) float64 { return math.Abs(x[i][j] - x[k][l]) }
	for b := range frames {
		x, y := predicted[b], frames[b]
		for row := range y {
			for at := range y[row] {
				squares.add((y[row][at] - x[row][at]) * (y[row][at] - x[row][at]))
				if row > 0 {
					down.add(math.Abs(edge(y, row, at, row-1, at) - edge(x, row, at, row-1, at)))
				}
				if at >= 3 {
					across.add(math.Abs(edge(y, row, at, row, at-3) - edge(x, row, at, row, at-3)))
				}
			}
		}
	}
	return squares.value() + weight*(down.value()+across.value())
}

// mean is a running one.
type mean struct{ sum, n float64 }

func (m *mean) add(v float64) { m.sum, m.n = m.sum+v, m.n+1 }
func (m mean) value() float64 { return m.sum / m.n }

func TestFrameLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	const batch, height, width = 2, 4, 5
	predicted, frames := maskedTokens(rng, batch, height, width*3), maskedTokens(rng, batch, height, width*3)
	for _, weight := range []float64{0, 1, .3} {
		loss, gradient := lossAndGradient[[][][]float64](t, func(in []*Node) *Node {
			images := func(x *Node) *Node { return Reshape(x, batch, height, width, 3) }
			return FrameLoss(images(in[0]), images(in[1]), weight)
		}, predicted, frames)
		near(t, "loss", loss, frameLoss(predicted, frames, weight), 1e-5)
		const h = 1e-5
		for _, at := range [][3]int{{0, 0, 0}, {1, 2, 7}, {1, 3, 14}} {
			x := &predicted[at[0]][at[1]][at[2]]
			*x += h
			above := frameLoss(predicted, frames, weight)
			*x -= 2 * h
			below := frameLoss(predicted, frames, weight)
			*x += h
			near(t, "gradient", gradient[at[0]][at[1]][at[2]], (above-below)/(2*h), 1e-4)
		}
	}
}

// nextFrameCall gives the losses of a method on clips, [batch, frames, size, size, 3]: as it
// begins, and with a predictor that foretells no change.
func nextFrameCall(t *testing.T, m NextFrame, clips []float32, batch, size int) (begins, copies float64) {
	t.Helper()
	m = resolved(m)
	backend := devicetest.Backend(t)
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, clips, state *Node) *Node {
		store.SetTraining(clips.Graph(), true)
		step := &Step{
			Network: Network{Encoder: nextFrameEncoder, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32},
			Random:  augment.NewRandom(state),
		}
		for f := range m.Frames() {
			step.Views = append(step.Views, Squeeze(SliceAxis(clips, 1, AxisElem(f)), 1))
		}
		return m.Loss(step)
	})
	if err != nil {
		t.Fatal(err)
	}
	loss := func() float64 {
		state := augment.State(1, 2)
		outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(clips, batch, m.Frames(), size, size, 3), state[:])
		if err != nil {
			t.Fatal(err)
		}
		return float64(outputs[0].Value().(float32))
	}
	begins = loss()
	for _, name := range []string{"weight", "bias"} { // Of the decoder's last layer.
		v := store.GetVariable("/method/decoder/1/" + name)
		if err := v.SetValue(tensors.FromShape(v.Shape())); err != nil {
			t.Fatal(err)
		}
	}
	return begins, loss()
}

var nextFrameEncoder = encoder.ViT{Patch: 4, Width: 8, Depth: 1, Heads: 1, Size: 8, Pool: encoder.MeanPatches}

func TestNextFrameCopiesTheLastFrameWhereItForetellsNoChange(t *testing.T) {
	const batch, size = 3, 8
	rng := rand.New(rand.NewPCG(5, 6))
	for _, context := range []int{1, 2, 3} {
		clips := make([]float32, batch*(context+1)*size*size*3)
		for i := range clips {
			clips[i] = float32(rng.NormFloat64())
		}
		frame := func(f int) [][][]float64 {
			rows := make([][][]float64, batch)
			for b := range rows {
				for row := range size {
					var values []float64
					at := ((b*(context+1)+f)*size + row) * size * 3
					for _, v := range clips[at : at+size*3] {
						values = append(values, float64(v))
					}
					rows[b] = append(rows[b], values)
				}
			}
			return rows
		}
		for _, weight := range []float64{0, 1} {
			// Whether a clip is mirrored makes no difference to this loss.
			m := resolved(NextFrame{Context: context, GradientDifference: &weight})
			begins, copies := nextFrameCall(t, m, clips, batch, size)
			want := frameLoss(frame(context-1), frame(context), weight)
			near(t, "loss of copying", copies, want, 1e-5)
			if math.Abs(begins-want) > .2*want {
				t.Errorf("the loss begins at %g, far from %g of copying", begins, want)
			}
		}
	}
	// Nothing moves: to foretell no change is right, whatever the weight.
	still := make([]float32, batch*3*size*size*3)
	for i := range still {
		still[i] = float32(i / (3 * size * size * 3)) // One shade a clip.
	}
	if _, copies := nextFrameCall(t, NextFrame{}, still, batch, size); copies != 0 {
		t.Errorf("the loss of still clips is %g, want 0", copies)
	}
}

func TestNextFrameMirrorsAllFramesOfAClipAlike(t *testing.T) {
	backend := devicetest.Backend(t)
	const batch, size = 64, 2
	images := make([]float32, batch*size*size*3)
	for i := range images {
		images[i] = float32(i)
	}
	state := augment.State(3, 4)
	outputs, err := CallOnceN(backend, func(state, images *Node) []*Node {
		m := resolved(NextFrame{})
		return m.mirror(augment.NewRandom(state), []*Node{images, AddScalar(images, 10_000)})
	}, state[:], tensors.FromFlatDataAndDimensions(images, batch, size, size, 3))
	if err != nil {
		t.Fatal(err)
	}
	first, second := tensors.MustCopyFlatData[float32](outputs[0]), tensors.MustCopyFlatData[float32](outputs[1])
	mirrored := 0
	for i := range first {
		if second[i] != first[i]+10_000 {
			t.Fatalf("the frames differ at %d: %g and %g", i, first[i], second[i])
		}
		if i%(size*size*3) == 0 && first[i] != images[i] {
			mirrored++
		}
	}
	if mirrored < batch/4 || mirrored > 3*batch/4 {
		t.Errorf("%d of %d clips are mirrored, want about half", mirrored, batch)
	}
}

func TestAroundIsTheNeighbourhood(t *testing.T) {
	backend := devicetest.Backend(t)
	for _, size := range [][2]int{{3, 4}, {1, 1}, {1, 3}} {
		h, w := size[0], size[1]
		x := make([]float32, h*w)
		for i := range x {
			x[i] = float32(i + 1)
		}
		output, err := CallOnce(backend, around, tensors.FromFlatDataAndDimensions(x, 1, h, w, 1))
		if err != nil {
			t.Fatal(err)
		}
		for row, columns := range output.Value().([][][][]float32)[0] {
			for column, got := range columns {
				for k, v := range got { // Three columns, each of three rows.
					y, x := row+k%3-1, column+k/3-1
					want := float32(0)
					if y >= 0 && y < h && x >= 0 && x < w {
						want = float32(y*w + x + 1)
					}
					if v != want {
						t.Errorf("map of %d × %d: neighbour %d of %d, %d is %g, want %g", h, w, k, row, column, v, want)
					}
				}
			}
		}
	}
}

func TestNextFrameTrainsEncoderAndPredictor(t *testing.T) {
	_, norms := maskedStep(t, NextFrame{}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/method/predictor/", "/method/decoder/")
}

func TestNextFrameCheck(t *testing.T) {
	if err := checked(NextFrame{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string][]NextFrame{
		"Context": {{Context: -1}}, "Hidden": {{Hidden: -1}},
		"GradientDifference": {
			{GradientDifference: new(-1.)}, {GradientDifference: new(math.NaN())}, {GradientDifference: new(math.Inf(1))},
		},
		"Clip": {{Clip: augment.Pipeline{augment.Grey{}}}, {Clip: augment.Pipeline{augment.Flip{P: 2}}}},
	} {
		for _, bad := range bad {
			if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), "ssl.NextFrame: "+field) {
				t.Errorf("%+v: error %v does not name %s", bad, err, field)
			}
		}
	}
	err := checked(NextFrame{}, 16, 32, 32, augment.Pipeline{augment.CenterCrop{Size: 1}})
	if err == nil || !strings.Contains(err.Error(), "ssl.NextFrame: the views") {
		t.Errorf("views of a pixel: error %v", err)
	}
	if err := checked(NextFrame{Clip: augment.Pipeline{augment.Flip{}, augment.VerticalFlip{}}}, 16, 32, 32); err != nil {
		t.Error(err)
	}
}

// From two frames of a clip the third is to be foretold.
func ExampleNextFrame() {
	method := NextFrame{}.WithDefaults().(NextFrame) // On data.FrameFolder{Path: "videos"}.
	fmt.Println(method.Name(), len(method.Views(32, 32)), "views of", method.Frames(), "frames")
	// Output: nextframe 3 views of 3 frames
}

// What Forecast gives is what Loss compares with the last frame, where nothing is mirrored.
func TestNextFrameForecastIsWhatIsCompared(t *testing.T) {
	const batch, size = 2, 8
	backend, m := devicetest.Backend(t), resolved(NextFrame{Clip: augment.Pipeline{}, GradientDifference: new(.3)})
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, clips, state *Node) []*Node {
		step := &Step{
			Network: Network{Encoder: nextFrameEncoder, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32},
			Random:  augment.NewRandom(state),
		}
		for f := range m.Frames() {
			step.Views = append(step.Views, Squeeze(SliceAxis(clips, 1, AxisElem(f)), 1))
		}
		loss := m.Loss(step)
		forecast := m.Forecast(step.Network, step.Views[:m.Context])
		first, last := step.Views[0], step.Views[1]
		backwards := Sub(m.Motion(step.Network, []*Node{first, last}), m.Motion(step.Network, []*Node{last, first}))
		return []*Node{loss, FrameLoss(forecast, step.Views[m.Context], .3), ReduceAllMean(Square(Sub(forecast, last))), backwards}
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 9))
	clips := make([]float32, batch*3*size*size*3)
	for i := range clips {
		clips[i] = float32(rng.NormFloat64())
	}
	state := augment.State(1, 2)
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(clips, batch, 3, size, size, 3), state[:])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the loss of the forecast", float64(outputs[1].Value().(float32)), float64(outputs[0].Value().(float32)), 1e-6)
	if change := outputs[2].Value().(float32); change == 0 {
		t.Error("the forecast is the last frame")
	}
	for i, row := range outputs[3].Value().([][]float32) { // [batch, hidden]
		if len(row) != nextFrameEncoder.Dim() || !slices.ContainsFunc(row, func(v float32) bool { return math.Abs(float64(v)) > 1e-4 }) {
			t.Errorf("the motion of clip %d backwards is that of forwards: it differs by %v", i, row)
		}
	}
}
