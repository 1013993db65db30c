package encoder

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

func TestResNetCostIsThePublishedOne(t *testing.T) {
	// Parameters with ImageNet's classifier of 1000 classes, and multiply-adds at 224 pixels
	// without it, as torchvision's model pages (https://pytorch.org/vision/stable/models.html) and
	// He et al. 2015 give them.
	for _, want := range []struct {
		depth            int
		params           int64
		gigaMultiplyAdds float64
	}{
		{18, 11_689_512, 1.814}, {34, 21_797_672, 3.664}, {50, 25_557_032, 4.089}, {101, 44_549_160, 7.801}, {152, 60_192_808, 11.514},
	} {
		r := ResNet{Depth: want.depth, Stem: ImageNetStem}
		cost := r.Cost(224, 224)
		classifier := int64(1000*r.Dim() + 1000)
		if got := cost.Params + classifier; got != want.params {
			t.Errorf("ResNet-%d has %d parameters, want %d", want.depth, got, want.params)
		}
		got := float64(cost.MultiplyAdds+int64(1000*r.Dim())) / 1e9
		if math.Abs(got/want.gigaMultiplyAdds-1) > .005 {
			t.Errorf("ResNet-%d takes %.3f billion multiply-adds, want %.3f", want.depth, got, want.gigaMultiplyAdds)
		}
	}
}

func TestResNetShapesAndParameters(t *testing.T) {
	for _, test := range []struct {
		resnet ResNet
		size   int
		side   int // Of the feature map.
	}{
		{ResNet{Depth: 10, Width: 4}, 32, 4},
		{ResNet{Depth: 18, Width: 4, Stem: HalfStem}, 32, 2},
		{ResNet{Depth: 26, Width: 2, Stem: ImageNetStem}, 64, 2},
		{ResNet{Depth: 10, Width: 4, Stem: HalfStem, Inner: []int{1, 5, 8, 40}}, 32, 2},
		{ResNet{Depth: 26, Width: 2, Stem: HalfStem, Inner: []int{1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}}, 32, 2},
	} {
		store, outputs := initialised(t, test.resnet, images(2, test.size), false)
		dim := test.resnet.Dim()
		if err := outputs[0].Shape().Check(dtypes.Float32, 2, dim); err != nil {
			t.Errorf("%s: pooled: %v", test.resnet.Name(), err)
		}
		if err := outputs[1].Shape().Check(dtypes.Float32, 2, test.side, test.side, dim); err != nil {
			t.Errorf("%s: map: %v", test.resnet.Name(), err)
		}
		var params int64
		for v := range store.Scope("/encoder").IterVariables() {
			if v.Trainable {
				params += int64(v.Shape().Size())
			}
		}
		if want := test.resnet.Cost(test.size, test.size).Params; params != want {
			t.Errorf("%s has %d trainable parameters, Cost says %d", test.resnet.Name(), params, want)
		}
	}
}

func TestInnerWidths(t *testing.T) {
	for _, test := range []struct {
		resnet ResNet
		want   []int
	}{
		{ResNet{Depth: 10, Width: 4}, []int{4, 8, 16, 32}},
		{ResNet{Depth: 26, Width: 1}, []int{1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8}},
		{ResNet{Depth: 10, Width: 4, Inner: []int{3, 2, 1, 9}}, []int{3, 2, 1, 9}},
	} {
		if got := test.resnet.InnerWidths(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.resnet.Name(), got, test.want)
		}
	}
	whole := ResNet{Depth: 10, Width: 4}
	given := whole
	given.Inner = whole.InnerWidths()
	if whole.Cost(32, 32) != given.Cost(32, 32) {
		t.Error("a network with its own inner widths costs other than the same without")
	}
}

func TestBlocksStartAsIdentity(t *testing.T) {
	store, _ := initialised(t, ResNet{Depth: 10, Width: 4}, images(2, 32), false)
	v := store.GetVariable("/encoder/layer2/0/bn2/weight")
	for _, gamma := range v.MustValue().Value().([]float32) {
		if gamma != 0 {
			t.Fatalf("the last norm of a block starts at %g, want 0", gamma)
		}
	}
}

// TestBlockWithZeroBranchIsItsShortcut: the scale of the last norm starts at 0, and with it the
// branch is nothing. What is left is the input, or its 1×1 convolution where the block changes the
// shape, behind the ReLU.
func TestBlockWithZeroBranchIsItsShortcut(t *testing.T) {
	const n, side, channels = 2, 4, 8
	values := make([]float32, n*side*side*channels)
	for i := range values {
		values[i] = float32(math.Sin(float64(i) * .37)) // Of both signs.
	}
	for name, test := range map[string]struct {
		depth, out, stride int
		inner              []int
	}{
		"basic block, same shape":    {10, channels, 1, []int{3}},
		"basic block, wider":         {10, 12, 1, []int{3}},
		"basic block, smaller map":   {10, 2 * channels, 2, []int{3}},
		"bottleneck, same shape":     {26, channels, 1, []int{2, 3}},
		"bottleneck, of smaller map": {26, 2 * channels, 2, []int{2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			store := model.NewStore()
			got := tensors.MustCopyFlatData[float32](apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
				scope.Store().SetTraining(in[0].Graph(), false)
				return []*Node{ResNet{Depth: test.depth}.block(scope, in[0], test.inner, test.out, test.stride)}
			}, tensors.FromFlatDataAndDimensions(values, n, side, side, channels))[0])
			var weight []float32 // [1, 1, in, out]; nil: the input itself.
			if v := store.GetVariable("/encoder/downsample/0/weight"); v != nil {
				weight = tensors.MustCopyFlatData[float32](v.MustValue())
			}
			if (weight == nil) != (test.out == channels && test.stride == 1) {
				t.Fatalf("a convolution of %d weights in the shortcut", len(weight))
			}
			shorter := side / test.stride
			if want := n * shorter * shorter * test.out; len(got) != want {
				t.Fatalf("%d values, want %d", len(got), want)
			}
			for i := range got {
				out, place := i%test.out, i/test.out
				column, row, image := place%shorter, place/shorter%shorter, place/(shorter*shorter)
				x := values[((image*side+row*test.stride)*side+column*test.stride)*channels:][:channels]
				want := float64(x[out%channels])
				if weight != nil {
					want = 0
					for c, v := range x {
						want += float64(v) * float64(weight[c*test.out+out])
					}
					want /= math.Sqrt(1 + 1e-5) // The norm's running variance starts at 1.
				}
				if want = max(want, 0); math.Abs(float64(got[i])-want) > 1e-5 {
					t.Fatalf("image %d at (%d, %d), channel %d: %g, want %g", image, row, column, out, got[i], want)
				}
			}
		})
	}
}

func TestSmallMapsAreConvolvedAlike(t *testing.T) {
	for _, test := range []struct{ side, kernel, stride int }{{2, 3, 1}, {1, 3, 1}, {4, 3, 2}, {3, 3, 2}, {2, 7, 1}, {4, 7, 2}} {
		x := images(3, test.side)
		weight := tensors.FromFlatDataAndDimensions(make([]float32, test.kernel*test.kernel*3*5), test.kernel, test.kernel, 3, 5)
		weight.MustMutableFlatData(func(flat any) {
			for i := range flat.([]float32) {
				flat.([]float32)[i] = float32(math.Cos(float64(i)))
			}
		})
		pad := test.kernel / 2
		outputs, err := CallOnceN(devicetest.Backend(t), func(x, w *Node) (*Node, *Node) {
			product := convAsProduct(x, w, test.stride)
			convolution := Convolve(x, w).Strides(test.stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
			if !product.Shape().Equal(convolution.Shape()) {
				t.Fatalf("%+v: shapes %s and %s", test, product.Shape(), convolution.Shape())
			}
			return ReduceAllMax(Abs(Sub(product, convolution))), ReduceAllMax(Abs(convolution))
		}, x, weight)
		if err != nil {
			t.Fatal(err)
		}
		if far, largest := outputs[0].Value().(float32), outputs[1].Value().(float32); far > 1e-5*largest || largest == 0 {
			t.Errorf("%+v: they differ by %g, with values up to %g", test, far, largest)
		}
	}
}

func TestBatchNormIsTheFormula(t *testing.T) {
	const n, channels = 6, 3
	rows := make([][]float64, n)
	x := make([]float32, 0, n*channels)
	for i := range rows {
		for c := range channels {
			v := math.Cos(float64(3*i+c)) * float64(c+1)
			rows[i] = append(rows[i], v)
			x = append(x, float32(v))
		}
	}
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node {
		scope.Store().SetTraining(x.Graph(), true)
		return batchNorm(scope.At("bn"), x, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(x, n, channels))
	if err != nil {
		t.Fatal(err)
	}
	got := outputs[0].Value().([][]float32)
	runningMean := store.GetVariable("/bn/running_mean").MustValue().Value().([]float32)
	runningVar := store.GetVariable("/bn/running_var").MustValue().Value().([]float32)
	for c := range channels {
		var mean, variance float64
		for i := range n {
			mean += rows[i][c] / n
		}
		for i := range n {
			variance += (rows[i][c] - mean) * (rows[i][c] - mean) / n
		}
		for i := range n {
			want := (rows[i][c] - mean) / math.Sqrt(variance+1e-5)
			if math.Abs(float64(got[i][c])-want) > 1e-4 {
				t.Errorf("row %d, channel %d: %g, want %g", i, c, got[i][c], want)
			}
		}
		// PyTorch's running statistics after one batch: 0.9 of the start, 0.1 of the batch's, the
		// variance unbiased.
		if want := .1 * mean; math.Abs(float64(runningMean[c])-want) > 1e-5 {
			t.Errorf("running mean %g, want %g", runningMean[c], want)
		}
		if want := .9 + .1*variance*n/(n-1); math.Abs(float64(runningVar[c])-want) > 1e-4 {
			t.Errorf("running variance %g, want %g", runningVar[c], want)
		}
	}
}

func TestEncodingTwiceSharesWeights(t *testing.T) {
	e := ResNet{Depth: 10, Width: 2}
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) (*Node, *Node) {
		return e.Encode(scope.At("encoder"), x).Pooled, e.Encode(scope.At("encoder"), x).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(images(2, 32))
	if err != nil {
		t.Fatal(err)
	}
	if !outputs[0].Equal(outputs[1]) {
		t.Error("two applications in one graph differ")
	}
}

func TestBFloat16StaysClose(t *testing.T) {
	e := ResNet{Depth: 10, Width: 4}
	store, want := initialised(t, e, images(2, 32), false)
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node {
		return ConvertDType(e.Encode(scope.At("encoder"), ConvertDType(x, dtypes.BFloat16)).Pooled, dtypes.Float32)
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Call(images(2, 32))
	if err != nil {
		t.Skipf("the backend has no bfloat16: %v", err)
	}
	a, b := want[0].Value().([][]float32), got[0].Value().([][]float32)
	for i := range a {
		for j := range a[i] {
			if math.Abs(float64(a[i][j]-b[i][j])) > .03*(1+math.Abs(float64(a[i][j]))) {
				t.Fatalf("feature %d of image %d: %g in bfloat16, %g in float32", j, i, b[i][j], a[i][j])
			}
		}
	}
}

func TestResNetCheck(t *testing.T) {
	for field, bad := range map[string]ResNet{
		"Depth": {Depth: 19}, "Width": {Width: -1}, "Stem.Kernel": {Stem: Stem{Kernel: 4, Stride: 1}}, "Stem.Stride": {Stem: Stem{Kernel: 3}},
	} {
		if err := bad.Check(32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	for what, inner := range map[string][]int{"holds 2 numbers": {4, 4}, "Inner[2] is 0; it must be at least 1": {4, 4, 0, 4}, "Inner holds 0 numbers": {}} {
		if err := (ResNet{Depth: 10, Inner: inner}).Check(32, 32); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("Inner is %v: error %v", inner, err)
		}
	}
	if err := (ResNet{Stem: ImageNetStem}).Check(16, 16); err == nil {
		t.Error("images smaller than the network's stride are accepted")
	}
}
