package augment

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"sslkit/kit/device/devicetest"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func open(t *testing.T) compute.Backend {
	t.Helper()
	backend := devicetest.Backend(t)
	return backend
}

// batch is n images of a colour gradient with noise, [n, height, width, 3].
func batch(n, height, width int) []uint8 {
	random := rand.New(rand.NewPCG(1, 2))
	pix := make([]uint8, 0, n*height*width*3)
	for range n {
		for y := range height {
			for x := range width {
				for _, smooth := range [3]int{255 * x / width, 255 * y / height, 255 * (x + y) / (width + height)} {
					pix = append(pix, uint8(min(255, max(0, smooth+random.IntN(121)-60))))
				}
			}
		}
	}
	return pix
}

// picture is image i of a batch.
func picture(pix []uint8, i, height, width int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for at := range height * width {
		copy(img.Pix[4*at:4*at+3], pix[3*(i*height*width+at):])
		img.Pix[4*at+3] = 255
	}
	return img
}

// apply runs a pipeline on a batch and returns its views, [n, height', width', 3].
func apply(t *testing.T, p Pipeline, state [3]uint64, pix []uint8, n, height, width int) []float32 {
	t.Helper()
	return viewer(t, p, n, height, width)(state, pix)
}

// applyParams runs one transform with the given parameters, a row an image.
func applyParams(t *testing.T, tr Transform, params [][]float32, pix []uint8, n, height, width int) []float32 {
	t.Helper()
	return run(t, func(params, images *Node) *Node { return Pipeline{tr}.ApplyParams(images, []*Node{params}) },
		params, tensors.FromFlatDataAndDimensions(pix, n, height, width, 3))
}

// drawParams draws a transform's parameters, a row an image.
func drawParams(t *testing.T, tr Transform, state [3]uint64, n, height, width int) [][]float32 {
	t.Helper()
	flat := run(t, func(state *Node) *Node { return tr.Draw(NewRandom(state), n, height, width) }, state[:])
	return rows(flat, n)
}

// viewer makes views of batches of one shape, compiled once.
func viewer(t *testing.T, p Pipeline, n, height, width int) func(state [3]uint64, pix []uint8) []float32 {
	t.Helper()
	exec, err := NewExec(open(t), func(state, images *Node) *Node { return p.Apply(NewRandom(state), images) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return func(state [3]uint64, pix []uint8) []float32 {
		t.Helper()
		out, err := exec.Call1(state[:], tensors.FromFlatDataAndDimensions(pix, n, height, width, 3))
		if err != nil {
			t.Fatal(err)
		}
		return values(t, out)
	}
}

func run[F ExecGraphFnOneOutput](t *testing.T, f F, args ...any) []float32 {
	t.Helper()
	out, err := CallOnce(open(t), f, args...)
	if err != nil {
		t.Fatal(err)
	}
	return values(t, out)
}

// values reads a tensor and frees it.
func values(t *testing.T, out *tensors.Tensor) []float32 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](out)
	if err := errors.Join(err, out.FinalizeAll()); err != nil {
		t.Fatal(err)
	}
	return flat
}

// wordsOf is a state as GoMLX takes it.
func wordsOf(state [3]uint64) []uint64 { return state[:] }

func rows(flat []float32, n int) [][]float32 {
	k := len(flat) / n
	out := make([][]float32, n)
	for i := range out {
		out[i] = flat[i*k : (i+1)*k]
	}
	return out
}

// columnOf is parameter i of every image.
func columnOf(params [][]float32, i int) []float64 {
	out := make([]float64, len(params))
	for r, row := range params {
		out[r] = float64(row[i])
	}
	return out
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// difference returns the mean and the greatest absolute difference of two lists, in units of 1/255.
func difference(a, b []float32) (average, most float64) {
	for i := range a {
		d := 255 * math.Abs(float64(a[i])-float64(b[i]))
		average += d / float64(len(a))
		most = max(most, d)
	}
	return average, most
}

// floats are an image's values in [0, 1], [height, width, 3].
func floats(img *image.NRGBA) []float32 {
	var out []float32
	for i := 0; i < len(img.Pix); i += 4 {
		for k := range 3 {
			out = append(out, float32(img.Pix[i+k])/255)
		}
	}
	return out
}

// several runs a graph of several outputs and returns each as float32, flat.
func several[F ExecGraphFn](t *testing.T, f F, args ...any) [][]float32 {
	t.Helper()
	outputs, err := CallOnceN(open(t), f, args...)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float32, len(outputs))
	for i, output := range outputs {
		out[i] = values(t, output)
	}
	return out
}

func float(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }

func sum(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}
