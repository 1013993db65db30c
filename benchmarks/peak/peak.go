// Package peak measures what the device can do at best: what a step can be compared with.
package peak

import (
	"fmt"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"sslkit/benchmarks/result"
	"sslkit/kit/device"
)

// ProductSide is that of the square matrices.
const ProductSide = 1024

const (
	products = 8 // In one program, one after the other, so that calling it does not matter.
	rows     = 64
	columns  = 1 << 19
	runs     = 10
)

// Product measures the operations a second of a large matrix product of a dtype on the device: the
// most that a step can be expected to reach.
func Product(dtype dtypes.DType) (flops float64, err error) {
	return product(dtype, ProductSide)
}

func product(dtype dtypes.DType, side int) (flops float64, err error) {
	of := float64(side)
	seconds, err := timed(tensors.FromValue(float32(1/of)), func(seed *Node) *Node {
		// Of entries that keep the products at about 1, and that XLA can't know beforehand.
		square := shapes.Make(dtypes.Float32, side, side)
		x := Add(DivScalar(Iota(seed.Graph(), square, 0), of*of), BroadcastToShape(seed, square))
		x = ConvertDType(x, dtype)
		y := x
		for range products {
			y = Dot(x, y).Product()
		}
		return ConvertDType(ReduceAllMax(y), dtypes.Float32)
	})
	if err != nil {
		return 0, fmt.Errorf("measuring a matrix product: %w", err)
	}
	return products * 2 * of * of * of / seconds, nil
}

// Bandwidth measures the bytes a second that the device reads from its memory, when it sums up 64 rows
// of 2 MiB.
func Bandwidth() (bytesPerSecond float64, err error) {
	numbers := tensors.FromShape(shapes.Make(dtypes.Float32, rows, columns))
	seconds, err := timed(numbers, func(x *Node) *Node { return ReduceAllMax(ReduceSum(x, 0)) })
	if err != nil {
		return 0, fmt.Errorf("measuring the bandwidth of memory: %w", err)
	}
	return 4 * rows * columns / seconds, nil
}

// timed is the median time of a program that gives one number. It uses the input up.
func timed(input *tensors.Tensor, build func(*Node) *Node) (seconds float64, err error) {
	backend, err := device.Open()
	if err != nil {
		return 0, err
	}
	defer input.FinalizeAll()
	exec, err := NewExec(backend, build)
	if err != nil {
		return 0, err
	}
	defer exec.Finalize()
	if err := input.MaterializeOnDevice(backend, false, 0); err != nil {
		return 0, err
	}
	var all []float64
	for range runs + 1 {
		began := time.Now()
		output, err := exec.Call1(input)
		if err != nil {
			return 0, err
		}
		output.Value() // Waits for it.
		all = append(all, time.Since(began).Seconds())
		if err := output.FinalizeAll(); err != nil {
			return 0, err
		}
	}
	return result.Median(all[1:]), nil // The first compiles.
}
