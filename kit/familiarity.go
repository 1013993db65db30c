package kit

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/metric"
)

// Familiarity is whether an encoder knows the images it was pretrained on better than others: how near two views of an image
// are to each other in the embedding, as the monitors' alignment is, for images that were trained on and for held-out ones.
type Familiarity struct {
	Seen float64 `json:"seen"` // Seen is how often training saw each image.
	// Train is the alignment of training images, 0 (the same) to 4, over up to 256 of them.
	Train   metric.Interval `json:"train"`
	HeldOut metric.Interval `json:"held_out"` // HeldOut is that of images that were not trained on.
	// Gap is HeldOut less Train: above 0, views of training images are nearer. 95 % of Welch's normal approximation, over images.
	Gap     metric.Interval `json:"gap"`
	Warning string          `json:"warning,omitempty"` // Warning is in words; empty where there is none.
}

// When pretraining counts as one that memorises its images.
const (
	seenOften      = 50 // times that each image was seen
	familiarFactor = .1 // of HeldOut, the least Gap
)

// Familiarity measures it at the last checkpoint, with the views of the monitors, drawn alike for both. It is an error where
// the run has no checkpoint.
func (r *Run) Familiarity() (Familiarity, error) {
	var f Familiarity
	caught := exceptions.TryCatch[error](func() {
		var err error
		if f, err = r.familiarity(); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return Familiarity{}, fmt.Errorf("familiarity of %s's images in %s: %w", r.Recipe.Data.Name(), r.Dir, caught)
	}
	return f, nil
}

func (r *Run) familiarity() (Familiarity, error) {
	backend, err := device.Open()
	if err != nil {
		return Familiarity{}, err
	}
	store := model.NewStore()
	if found, err := restoreCheckpoint(r.Dir, store); err != nil || !found {
		return Familiarity{}, fmt.Errorf("no checkpoint to look at (%v)", err)
	}
	metrics, err := r.Metrics()
	if err != nil {
		return Familiarity{}, err
	}
	set, err := r.Recipe.Data.Open(data.Train)
	if err != nil {
		return Familiarity{}, err
	}
	defer set.Close()
	onTrain, err := monitorsOf(backend, store, r.Recipe, set)
	if err != nil {
		return Familiarity{}, err
	}
	onHeldOut, err := newMonitors(backend, store, r.Recipe)
	if err != nil {
		return Familiarity{}, err
	}
	near, err := onTrain.distances()
	if err != nil {
		return Familiarity{}, err
	}
	far, err := onHeldOut.distances()
	if err != nil {
		return Familiarity{}, err
	}
	f := Familiarity{}
	if len(metrics) > 0 {
		f.Seen = metrics[len(metrics)-1].Epoch
	}
	if f.Train, err = metric.MeanInterval(near); err != nil {
		return Familiarity{}, err
	}
	if f.HeldOut, err = metric.MeanInterval(far); err != nil {
		return Familiarity{}, err
	}
	half := 1.96 * math.Sqrt(stat.Variance(near, nil)/float64(len(near))+stat.Variance(far, nil)/float64(len(far)))
	gap := f.HeldOut.Value - f.Train.Value
	f.Gap = metric.Interval{Value: gap, Low: gap - half, High: gap + half, N: len(near) + len(far)}
	if f.Seen >= seenOften && f.Gap.Low > 0 && gap >= familiarFactor*f.HeldOut.Value {
		f.Warning = fmt.Sprintf("memorised: pretraining saw each image %.0f times, and views of training images are nearer to "+
			"each other "+
			"(%.3f) than those of others (%.3f): more images, or fewer steps, or stronger views", f.Seen, f.Train.Value, f.HeldOut.Value)
	}
	return f, nil
}

// distances are the squared distances between the directions of two views' embeddings, one an image: their mean is the
// alignment.
func (m *monitors) distances() ([]float64, error) {
	z, zPrime, dim, err := m.embed()
	if err != nil {
		return nil, err
	}
	distances := make([]float64, m.dims[0])
	for i := range distances {
		var dot, a, b float64
		for j := i * dim; j < (i+1)*dim; j++ {
			dot += float64(z[j]) * float64(zPrime[j])
			a += float64(z[j]) * float64(z[j])
			b += float64(zPrime[j]) * float64(zPrime[j])
		}
		if distances[i] = 2 - 2*dot/math.Sqrt(a*b); !finite(distances[i]) {
			return nil, fmt.Errorf("an embedding is at the origin or not a number")
		}
	}
	return distances, nil
}
