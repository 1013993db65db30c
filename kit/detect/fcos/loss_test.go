package fcos

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
	"sslkit/kit/device/devicetest"
)

// golden is testdata/fcos.json, which benchmarks/peers/dense/fcos_golden.py writes with torchvision.
type golden struct {
	Classes, Height, Width         int
	Boxes                          [][][4]float32
	Labels                         [][]int32
	Matched                        [][]int // For each place, which of the boxes; -1 for none.
	Logits, Distances, Centred     []float32
	ClassLoss, BoxLoss, CentreLoss float64
	FocalAt                        []float32
	Focal                          []struct {
		There       float32
		Loss, Slope []float64
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/fcos.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// padded are boxes and classes as a batch holds them.
func padded(boxes [][][4]float32, labels [][]int32, most int) (all [][][]float32, classes [][]int32) {
	for i := range boxes {
		b, c := make([][]float32, most), make([]int32, most)
		for k := range most {
			b[k], c[k] = make([]float32, 4), data.NoObject
			if k < len(boxes[i]) {
				copy(b[k], boxes[i][k][:])
				c[k] = labels[i][k]
			}
		}
		all, classes = append(all, b), append(classes, c)
	}
	return all, classes
}

// TestTargetsAndLossesAgreeWithTorchvision: with levels as there.
func TestTargetsAndLossesAgreeWithTorchvision(t *testing.T) {
	t.Parallel()
	golden := readGolden(t)
	m := FCOS{Classes: golden.Classes, Finest: 8, Levels: 3, Reach: 8}.WithDefaults().(FCOS)
	p := m.places(golden.Height, golden.Width)
	n, images := len(p.x), len(golden.Boxes)
	boxes, classes := padded(golden.Boxes, golden.Labels, 7)
	out, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
		targets := assign(p, in[0], in[1])
		said := output{logits: Reshape(in[2], images, n, m.Classes), centred: Reshape(in[4], images, n)}
		for k := range said.distance {
			said.distance[k] = Squeeze(SliceAxis(Reshape(in[3], images, n, 4), 2, AxisElem(k)), 2)
		}
		ofClasses, ofBoxes, ofCentres := losses(said, targets)
		return append([]*Node{targets.class, ofClasses, ofBoxes, ofCentres}, targets.distance[:]...)
	}, boxes, classes, golden.Logits, golden.Distances, golden.Centred)
	if err != nil {
		t.Fatal(err)
	}
	class := out[0].Value().([][]int32)
	for i, matched := range golden.Matched {
		if len(matched) != n {
			t.Fatalf("image %d: torchvision has %d places, want %d", i, len(matched), n)
		}
		for k, box := range matched {
			want, distances := int32(data.NoObject), [4]float32{}
			if box >= 0 {
				b := golden.Boxes[i][box]
				want, distances = golden.Labels[i][box], [4]float32{p.x[k] - b[0], p.y[k] - b[1], b[2] - p.x[k], b[3] - p.y[k]}
			}
			if class[i][k] != want {
				t.Errorf("image %d, place %d: class %d, want %d", i, k, class[i][k], want)
			}
			for d, want := range distances {
				if got := out[4+d].Value().([][]float32)[i][k]; math.Abs(float64(got-want)) > 1e-4 {
					t.Errorf("image %d, place %d: distance %d is %g, want %g", i, k, d, got, want)
				}
			}
		}
	}
	for i, c := range []struct {
		name string
		want float64
	}{{"classes", golden.ClassLoss}, {"boxes", golden.BoxLoss}, {"centerness", golden.CentreLoss}} {
		near(t, "the loss of "+c.name, float64(out[1+i].Value().(float32)), c.want, 1e-5)
	}
}

// near fails where a number is not the wanted one, by more than a share of it, or of 1 if that is
// more.
func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(1, math.Abs(want))) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// TestFocalAgreesWithTorchvision: value and slope, of logits from -30 to 30.
func TestFocalAgreesWithTorchvision(t *testing.T) {
	t.Parallel()
	golden := readGolden(t)
	for _, c := range golden.Focal {
		out, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
			loss := focal(in[0], MulScalar(OnesLike(in[0]), c.There))
			return []*Node{loss, Gradient(ReduceAllSum(loss), in[0])[0]}
		}, golden.FocalAt)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range golden.FocalAt {
			if x == 0 {
				continue // The slope of the larger of 0 and x.
			}
			near(t, "the loss", float64(out[0].Value().([]float32)[i]), c.Loss[i], 1e-6)
			near(t, "its slope", float64(out[1].Value().([]float32)[i]), c.Slope[i], 1e-5)
		}
	}
}

// slowGIoU is the formula, of boxes given by the distances of their sides from one place.
func slowGIoU(a, b [4]float64) float64 {
	area := func(d [4]float64) float64 { return (d[0] + d[2]) * (d[1] + d[3]) }
	var inner, outer [4]float64
	for k := range a {
		inner[k], outer[k] = min(a[k], b[k]), max(a[k], b[k])
	}
	union := area(a) + area(b) - area(inner)
	return 1 - area(inner)/union + (area(outer)-union)/area(outer)
}

// TestGIoU: by hand, and against the formula with its slope by differences.
func TestGIoU(t *testing.T) {
	t.Parallel()
	pairs := [][2][4]float64{
		{{3, 4, 5, 6}, {3, 4, 5, 6}}, // Equal: 0.
		{{1, 1, 1, 1}, {2, 2, 2, 2}}, // One in the middle of the other: 1 - 4/16.
		{{1, 2, 1, 2}, {2, 1, 2, 1}}, // A cross: 1 - 4/12 + (16-12)/16.
	}
	want := []float64{0, .75, 1 - 4./12 + 4./16}
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var pair [2][4]float64
		for i := range pair {
			for k := range pair[i] {
				pair[i][k] = .1 + 20*random.Float64()
			}
		}
		pairs, want = append(pairs, pair), append(want, slowGIoU(pair[0], pair[1]))
	}
	sides := make([][]float64, 8) // Of a and b: [8, pairs].
	for _, pair := range pairs {
		for k := range 8 {
			sides[k] = append(sides[k], pair[k/4][k%4])
		}
	}
	out, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
		var d [8]*Node
		for k := range d {
			d[k] = Squeeze(SliceAxis(in[0], 0, AxisElem(k)), 0)
		}
		loss := giou([4]*Node(d[:4]), [4]*Node(d[4:]))
		return []*Node{loss, Gradient(ReduceAllSum(loss), in[0])[0]}
	}, sides)
	if err != nil {
		t.Fatal(err)
	}
	loss, slopes := out[0].Value().([]float64), out[1].Value().([][]float64)
	for i, pair := range pairs {
		near(t, "the loss", loss[i], want[i], 1e-7)
		if i < 3 {
			continue // At an equal side the slope is of one of the two.
		}
		for k := range 8 {
			const h = 1e-6
			above, below := pair, pair
			above[k/4][k%4] += h
			below[k/4][k%4] -= h
			slope := (slowGIoU(above[0], above[1]) - slowGIoU(below[0], below[1])) / (2 * h)
			near(t, "a slope", slopes[k][i], slope, 1e-5)
		}
	}
}
