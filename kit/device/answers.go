package device

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/kit/wholefile"
)

// Plugins have been released that compute wrong numbers without a word (such as with YNNPACK,
// https://github.com/jax-ml/jax/issues/39103). So each is asked on its first use what is known.

// checkOnce checks the answers of a plugin, unless an earlier process has done so with the same file
// under the same settings.
func (o *opened) checkOnce() error {
	passed, err := o.passedFile()
	if err == nil {
		if _, err := os.Stat(passed); err == nil {
			return nil
		}
	}
	if err := checkAnswers(o.backend); err != nil {
		return fmt.Errorf("PJRT plugin %s computes wrong numbers: %w\nInstall another version of it, or take out of XLA_FLAGS "+
			"(%q) what changes its kernels", o.plugin, err, os.Getenv("XLA_FLAGS"))
	}
	if passed != "" && os.MkdirAll(filepath.Dir(passed), wholefile.FolderPerms) == nil {
		// Where it can't be written the next process checks again.
		_ = wholefile.WriteBytes(passed, []byte(o.plugin+" computed what is known\n"))
	}
	return nil
}

// passedFile is there once the plugin has passed. Its name is that of the plugin's file, of the
// machine and of the flags.
func (o *opened) passedFile() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(o.plugin)
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("%s %d %s %d %s", o.plugin, info.Size(), info.ModTime(), runtime.NumCPU(), os.Getenv("XLA_FLAGS"))
	return filepath.Join(cache, "sslkit", "plugins", fmt.Sprintf("passed-%.16x", sha256.Sum256([]byte(key)))), nil
}

// answer is what an operation has to give.
type answer struct {
	operation string
	want      []float64
}

// allowedError is a share of an operation's largest value. All values are small whole numbers, so
// that a sound device is exact; some accelerators round products on the way.
const allowedError = 1e-3

// checkAnswers returns an error that names the operation that a backend gets wrong: a convolution and
// its two gradients, a matrix product, sums.
func checkAnswers(backend compute.Backend) error {
	image, kernel, weights := wholeNumbers(4, 12, 12, 16), wholeNumbers(3, 3, 16, 16), wholeNumbers(4, 12, 12, 16)
	left, right := wholeNumbers(64, 128), wholeNumbers(128, 96)
	outputs, err := CallOnceN(backend, func(in []*Node) []*Node {
		convolved := Convolve(in[0], in[1]).PadSame().Done()
		gradients := Gradient(ReduceAllSum(Mul(convolved, in[2])), in[0], in[1])
		return []*Node{
			convolved, gradients[0], gradients[1], Dot(in[3], in[4]).Product(), ReduceSum(in[3], 0), ReduceSum(in[3], 1),
		}
	}, image, kernel, weights, left, right)
	if err != nil {
		return err
	}
	answers := append(convolution(values(image), values(kernel), values(weights)), products(values(left), values(right))...)
	for i, answer := range answers {
		got := values(outputs[i])
		outputs[i].MustFinalizeAll()
		if err := answer.check(got); err != nil {
			return err
		}
	}
	return nil
}

// check returns an error where got is something else.
func (a answer) check(got []float64) error {
	if len(got) != len(a.want) {
		return fmt.Errorf("%s: %d numbers, want %d", a.operation, len(got), len(a.want))
	}
	var largest float64
	for _, want := range a.want {
		largest = max(largest, math.Abs(want))
	}
	for i, want := range a.want {
		if !(math.Abs(got[i]-want) <= allowedError*largest) { // Not a number is wrong too.
			return fmt.Errorf("%s: value %d is %g, want %g", a.operation, i, got[i], want)
		}
	}
	return nil
}

// wholeNumbers are from -4 to 4, without a pattern along an axis.
func wholeNumbers(dims ...int) *tensors.Tensor {
	size := 1
	for _, dim := range dims {
		size *= dim
	}
	flat := make([]float32, size)
	state := uint32(size)
	for i := range flat {
		state = state*1664525 + 1013904223 // Knuth's generator of Numerical Recipes.
		flat[i] = float32(state>>16%9) - 4
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// values are those of a float32 tensor.
func values(t *tensors.Tensor) []float64 {
	var all []float64
	for _, v := range tensors.MustCopyFlatData[float32](t) {
		all = append(all, float64(v))
	}
	return all
}

// convolution is that of checkAnswers, and its gradients where each output counts with its weight.
func convolution(image, kernel, weights []float64) []answer {
	const n, side, tap, channels = 4, 12, 3, 16
	out, toImage, toKernel := make([]float64, len(image)), make([]float64, len(image)), make([]float64, len(kernel))
	for p := range n * side * side * tap * tap {
		b, y, x, i, j := p/(side*side*tap*tap), p/(side*tap*tap)%side, p/(tap*tap)%side, p/tap%tap, p%tap
		row, column := y+i-tap/2, x+j-tap/2
		if row < 0 || row >= side || column < 0 || column >= side {
			continue
		}
		to, from, at := ((b*side+y)*side+x)*channels, ((b*side+row)*side+column)*channels, (i*tap+j)*channels*channels
		for in := range channels {
			for o := range channels {
				k := at + in*channels + o
				out[to+o] += image[from+in] * kernel[k]
				toImage[from+in] += weights[to+o] * kernel[k]
				toKernel[k] += weights[to+o] * image[from+in]
			}
		}
	}
	return []answer{
		{"a convolution", out}, {"a convolution's gradient to its input", toImage}, {"a convolution's gradient to its kernel", toKernel},
	}
}

// products are the matrix product and the sums of checkAnswers.
func products(left, right []float64) []answer {
	const rows, inner, columns = 64, 128, 96
	product, down, across := make([]float64, rows*columns), make([]float64, inner), make([]float64, rows)
	for r := range rows {
		for i := range inner {
			value := left[r*inner+i]
			down[i] += value
			across[r] += value
			for c := range columns {
				product[r*columns+c] += value * right[i*columns+c]
			}
		}
	}
	return []answer{{"a matrix product", product}, {"a sum over rows", down}, {"a sum over columns", across}}
}
