package main

import (
	"fmt"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/benchmarks/result"
	"sslkit/kit/device"
)

const (
	productSide = 1024 // Of the square matrices.
	products    = 8    // In one program, one after the other, so that calling it does not matter.
	productRuns = 10
)

// productFLOPs are the operations a second of a large float32 matrix product on the device: the
// most that a step can be expected to reach.
func productFLOPs() (float64, error) {
	fail := func(err error) (float64, error) { return 0, fmt.Errorf("measuring a matrix product: %w", err) }
	backend, err := device.Open()
	if err != nil {
		return fail(err)
	}
	exec, err := NewExec(backend, func(seed *Node) *Node {
		// Of entries that keep the products at about 1, and that XLA can't know beforehand.
		square := shapes.Make(dtypes.Float32, productSide, productSide)
		x := Add(DivScalar(Iota(seed.Graph(), square, 0), productSide*productSide), BroadcastToShape(seed, square))
		y := x
		for range products {
			y = Dot(x, y).Product()
		}
		return ReduceAllMax(y)
	})
	if err != nil {
		return fail(err)
	}
	defer exec.Finalize()
	var seconds []float64
	for range productRuns + 1 {
		began := time.Now()
		output, err := exec.Call1(float32(1. / productSide))
		if err != nil {
			return fail(err)
		}
		output.Value() // Waits for it.
		seconds = append(seconds, time.Since(began).Seconds())
		if err := output.FinalizeAll(); err != nil {
			return fail(err)
		}
	}
	return products * 2 * productSide * productSide * productSide / result.Median(seconds[1:]), nil // The first compiles.
}
