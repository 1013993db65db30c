package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// cpcBelow is InfoNCE in float64, place by place; x[(b × rows + row) × columns + column] are the
// patches.
func cpcBelow(predictions, targets [][]float64, batch, rows, columns, k int) float64 {
	dot := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum
	}
	var loss, n float64
	for b := range batch {
		for row := range rows - k {
			for column := range columns {
				p := predictions[(b*rows+row)*columns+column]
				var sum float64
				for _, target := range targets {
					sum += math.Exp(dot(p, target))
				}
				loss += math.Log(sum) - dot(p, targets[(b*rows+row+k)*columns+column])
				n++
			}
		}
	}
	return loss / n
}

func TestBelowNCEIsTheFormula(t *testing.T) {
	backend := devicetest.Backend(t)
	const batch, rows, columns, dim = 3, 4, 2, 5
	rng := rand.New(rand.NewPCG(1, 9))
	p, z := normal(rng, batch*rows*columns, dim), normal(rng, batch*rows*columns, dim)
	for k := 1; k < rows; k++ {
		outputs, err := CallOnceN(backend, func(p, z *Node) []*Node {
			loss := BelowNCE(Reshape(p, batch, rows, columns, dim), Reshape(z, batch, rows, columns, dim), k)
			return append([]*Node{loss}, Gradient(loss, p, z)...)
		}, p, z)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "loss", float64(outputs[0].Value().(float32)), cpcBelow(p, z, batch, rows, columns, k), 1e-5)
		for i, x := range [][][]float64{p, z} { // Gradients flow into both.
			near(t, "gradient", outputs[1+i].Value().([][]float64)[0][2],
				slope(func() float64 { return cpcBelow(p, z, batch, rows, columns, k) }, &x[0][2]), 1e-4)
		}
	}
}

func TestBelowNCEByHand(t *testing.T) {
	backend := devicetest.Backend(t)
	// Two images of two rows and one column; the patches are the unit vectors, and each prediction
	// is 3 times the patch below: one logit of 3 and three of 0.
	targets := [][][][]float32{{{{1, 0, 0, 0}}, {{0, 1, 0, 0}}}, {{{0, 0, 1, 0}}, {{0, 0, 0, 1}}}}
	predictions := [][][][]float32{{{{0, 3, 0, 0}}, {{9, 9, 9, 9}}}, {{{0, 0, 0, 3}}, {{9, 9, 9, 9}}}}
	output, err := CallOnce(backend, func(p, z *Node) *Node { return BelowNCE(p, z, 1) }, predictions, targets)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", float64(output.Value().(float32)), math.Log(1+3*math.Exp(-3)), 1e-5)
}

func TestOverlappingPatchesLieWhereTheyShould(t *testing.T) {
	backend := devicetest.Backend(t)
	const batch, height, width, grid = 2, 8, 12, 3 // Patches of 4 × 6, every 2 and 3 pixels.
	pixels := make([]float32, batch*height*width)
	for i := range pixels {
		pixels[i] = float32(i)
	}
	output, err := CallOnce(backend, func(x *Node) *Node { return OverlappingPatches(x, grid) },
		tensors.FromFlatDataAndDimensions(pixels, batch, height, width, 1))
	if err != nil {
		t.Fatal(err)
	}
	for i, patch := range output.Value().([][][][]float32) {
		b, row, column := i/(grid*grid), i/grid%grid, i%grid
		for y := range 4 {
			for x := range 6 {
				if want := float32((b*height+2*row+y)*width + 3*column + x); patch[y][x][0] != want {
					t.Fatalf("patch %d has %g at %d, %d, want %g", i, patch[y][x][0], y, x, want)
				}
			}
		}
	}
}

func TestCPCContextSeesNoRowBelow(t *testing.T) {
	backend := devicetest.Backend(t)
	const rows, columns, dim = 4, 3, 2
	z := make([]float32, rows*columns*dim)
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range z {
		z[i] = rng.Float32()
	}
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, z *Node) *Node {
		context := resolved(CPC{Hidden: 8}).context(scope, z)
		row := ReduceAllSum(Slice(context, AxisRange(), AxisElem(1))) // The second.
		return Gradient(row, z)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(z, 1, rows, columns, dim))
	if err != nil {
		t.Fatal(err)
	}
	for row, values := range outputs[0].Value().([][][][]float32)[0] {
		var sum float64
		for _, at := range values {
			for _, v := range at {
				sum += math.Abs(float64(v))
			}
		}
		if (sum > 0) != (row <= 1) {
			t.Errorf("the second row's context moves by %g with row %d", sum, row)
		}
	}
}

func TestCPCStartsAtChanceAndReachesTheEncoder(t *testing.T) {
	loss, gradients := negfreeStep(t, CPC{Grid: 3, Hidden: 8, Out: 8}, 0)
	if want := math.Log(8 * 9); math.Abs(loss-want) > .5 { // 8 images of 9 patches.
		t.Errorf("the first loss is %g, far from %g", loss, want)
	}
	for path, sum := range gradients {
		if sum == 0 && strings.HasPrefix(path, "/method/predict") {
			t.Errorf("no gradient reaches %s", path)
		}
	}
}

func TestCPCCheck(t *testing.T) {
	if err := checked(CPC{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]CPC{
		"Grid": {Grid: 4}, "Nearest": {Grid: 3, Nearest: 3}, "Furthest": {Nearest: 3, Furthest: 2}, "Hidden": {Hidden: -1},
		"Out": {Out: -1}, "Patch": {Patch: augment.Pipeline{augment.CenterCrop{Size: 9}}},
	} {
		if err := checked(bad, 4, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(CPC{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
	err := checkedWith(CPC{}, encoder.ResNet{Stem: encoder.HalfStem}, 32, 32)
	if err == nil || !strings.Contains(err.Error(), "8×8") {
		t.Errorf("error %v does not name the patches", err)
	}
	if err := checkedWith(CPC{}, encoder.ResNet{}, 32, 32); err != nil {
		t.Error(err)
	}
}
