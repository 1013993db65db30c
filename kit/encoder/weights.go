package encoder

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Weights copies the encoder's variables in scope out of the device, under the names and with the
// layouts of timm and torchvision: the variable "layer1/0/conv1/weight" of shape [kh, kw, in, out]
// is "layer1.0.conv1.weight" of shape [out, in, kh, kw], and a linear layer's [in, out] is [out,
// in]. The variables must have been initialised.
func Weights(scope *model.Scope) ([]Tensor, error) {
	var weights []Tensor
	for v := range scope.IterVariables() {
		name := weightName(scope, v)
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("encoder: reading %s: %w", name, err)
		}
		if value.DType() != dtypes.Float32 {
			return nil, fmt.Errorf("encoder: %s is %s, not float32", name, value.DType())
		}
		data, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, fmt.Errorf("encoder: reading %s: %w", name, err)
		}
		shape := value.Shape().Dimensions
		axes := torchAxes(len(shape))
		weights = append(weights, Tensor{Name: name, Shape: permuted(shape, axes), Data: permute(data, shape, axes)})
	}
	if len(weights) == 0 {
		return nil, fmt.Errorf("encoder: no variables in scope %q", scope.Scope())
	}
	return weights, nil
}

// SetWeights gives the encoder's variables in scope the values of Weights: the inverse of it. The
// variables must have been created by building the encoder's graph once. A variable that is missing
// among the weights, or one of another shape, is an error that names it.
func SetWeights(scope *model.Scope, weights map[string]Tensor) error {
	for v := range scope.IterVariables() {
		name := weightName(scope, v)
		w, ok := weights[name]
		if !ok {
			return fmt.Errorf("encoder: the weights hold no %s", name)
		}
		shape := v.Shape().Dimensions
		axes := torchAxes(len(shape))
		if want := permuted(shape, axes); !slices.Equal(w.Shape, want) {
			return fmt.Errorf("encoder: %s has shape %v; this encoder has %v", name, w.Shape, want)
		} else if w.Integers != "" {
			return fmt.Errorf("encoder: %s is of %s; weights are of floating point", name, w.Integers)
		}
		data := permute(w.Data, w.Shape, inverse(axes))
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(data, shape...)); err != nil {
			return fmt.Errorf("encoder: setting %s: %w", name, err)
		}
	}
	return nil
}

// Hash names weights: the SHA-256 of all names, shapes and values, in the order of the names.
func Hash(weights []Tensor) string {
	weights = slices.SortedFunc(slices.Values(weights), func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	var buffer []byte
	for _, w := range weights {
		buffer = fmt.Appendf(buffer[:0], "%s%v", w.Name, w.Shape)
		for _, v := range w.Data {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		h.Write(buffer)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// weightName is the variable's path below scope, with dots.
func weightName(scope *model.Scope, v *model.Variable) string {
	return strings.ReplaceAll(strings.TrimPrefix(v.Path(), scope.Scope()+"/"), "/", ".")
}

// torchAxes says which of GoMLX's axes each of PyTorch's is: kernels [kh, kw, in, out] -> [out, in,
// kh, kw], matrices transposed, vectors as they are.
func torchAxes(rank int) []int {
	switch rank {
	case 4:
		return []int{3, 2, 0, 1}
	case 2:
		return []int{1, 0}
	default:
		axes := make([]int, rank)
		for i := range axes {
			axes[i] = i
		}
		return axes
	}
}

func inverse(axes []int) []int {
	inv := make([]int, len(axes))
	for to, from := range axes {
		inv[from] = to
	}
	return inv
}

func permuted(shape, axes []int) []int {
	out := make([]int, len(axes))
	for i, axis := range axes {
		out[i] = shape[axis]
	}
	return out
}

// permute transposes a row-major array: axis i of the result is axis axes[i] of data.
func permute(data []float32, shape, axes []int) []float32 {
	strides := make([]int, len(shape))
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = stride
		stride *= shape[i]
	}
	out := make([]float32, len(data))
	outShape := permuted(shape, axes)
	index := make([]int, len(shape))
	for i := range out {
		from := 0
		for j, axis := range axes {
			from += index[j] * strides[axis]
		}
		out[i] = data[from]
		for j := len(index) - 1; j >= 0; j-- { // The next index, as an odometer.
			if index[j]++; index[j] < outShape[j] {
				break
			}
			index[j] = 0
		}
	}
	return out
}
