package compress

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat/distuv"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
)

// Latency is how long an encoder takes from images on the host to representations on the host.
type Latency struct {
	Batch   int    `json:"batch"`   // Images at a time.
	Rounds  int    `json:"rounds"`  // Number of measurements.
	Seconds Spread `json:"seconds"` // Of one image: that of the batch over its size.
	// Speedup is how many times quicker it is than the first candidate. Each measurement is
	// compared with the first candidate's of the same round, which was taken within moments, so
	// that what else the machine does hits both.
	Speedup Spread `json:"speedup"`
}

// Spread is a median with what it may have been by chance, and how far the measurements went.
type Spread struct {
	Median float64 `json:"median"` // Of all measurements.
	// Low and High are the 95 % interval of the median, by order statistics: it assumes nothing but
	// that the measurements are alike. They are the smallest and the largest where there are fewer
	// than 6 measurements, which is less sure than 95 %.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Quarter and ThreeQuarters are the quartiles of the measurements.
	Quarter       float64 `json:"quarter"`
	ThreeQuarters float64 `json:"three_quarters"`
}

// spread describes measurements, of which there is at least one.
func spread(x []float64) Spread {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	at := func(q float64) float64 { // Between the neighbours.
		place := q * float64(n-1)
		below := int(place)
		return x[below] + (place-float64(below))*(x[min(below+1, n-1)]-x[below])
	}
	// The median lies between the k-th and the k-th last, counted from 0, but with probability 2
	// P(Binomial(n, 1/2) ≤ k): the largest k at which that is at most 5 %.
	k, binomial := 0, distuv.Binomial{N: float64(n), P: .5}
	for k+1 < n/2 && 2*binomial.CDF(float64(k+1)) <= .05 {
		k++
	}
	return Spread{Median: at(.5), Low: x[k], High: x[n-1-k], Quarter: at(.25), ThreeQuarters: at(.75)}
}

// runner runs one encoder on one batch size.
type runner struct {
	store  *model.Store
	exec   *model.Exec
	images *tensors.Tensor
}

// newRunner compiles the encoder as it is used after training, with the weights of a file.
func newRunner(e encoder.Encoder, path string, batch, height, width int) (*runner, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	weights, _, err := encoder.ReadSafetensors(path)
	if err != nil {
		return nil, err
	}
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node {
		scope.Store().SetTraining(images.Graph(), false)
		return e.Encode(scope.At("encoder"), images).Pooled
	})
	if err != nil {
		return nil, err
	}
	shape := shapes.Make(dtypes.Float32, batch, height, width, 3)
	if _, err := exec.Compile(shape); err != nil { // Brings the variables into being, which can then be set.
		return nil, err
	}
	if err := encoder.SetWeights(store.Scope("/encoder"), weights); err != nil {
		return nil, fmt.Errorf("%s does not fit encoder %s: %w", path, e.Name(), err)
	}
	pix := make([]float32, shape.Size())
	for i := range pix { // Any image: the time does not depend on it.
		pix[i] = float32(math.Sin(.37 * float64(i)))
	}
	return &runner{store, exec, tensors.FromFlatDataAndDimensions(pix, batch, height, width, 3)}, nil
}

// close gives the device memory back.
func (r *runner) close() {
	r.exec.Finalize()
	r.images.MustFinalizeAll()
	r.store.Finalize()
}

// run gives the time of that many passes in a row, by the pass.
func (r *runner) run(passes int) (time.Duration, error) {
	began := time.Now()
	for range passes {
		outputs, err := r.exec.Call(r.images)
		if err != nil {
			return 0, err
		}
		if _, err := tensors.CopyFlatData[float32](outputs[0]); err != nil { // Waits for the device.
			return 0, err
		}
		outputs[0].FinalizeAll()
	}
	return time.Since(began) / time.Duration(passes), nil
}
