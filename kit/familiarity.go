package kit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit/metric"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// Familiarity is whether an encoder knows the images it was pretrained on better than others: how
// near two views of an image are to each other in the embedding, as the monitors' alignment is, for
// images that were trained on and for held-out ones.
type Familiarity struct {
	Seen float64 `json:"seen"` // Seen is how often training saw each image.
	// Train is the alignment of training images, 0 (the same) to 4, over up to 256 of them.
	Train   metric.Interval `json:"train"`
	HeldOut metric.Interval `json:"held_out"` // HeldOut is that of images that were not trained on.
	// Gap is HeldOut less Train: above 0, views of training images are nearer. 95 % of Welch's
	// normal approximation, over images.
	Gap     metric.Interval `json:"gap"`
	Warning string          `json:"warning,omitempty"` // Warning is in words; empty where there is none.
}

// When pretraining counts as one that memorises its images.
const (
	SeenOften      = 50 // SeenOften is how many times each image was seen, at least.
	familiarFactor = .1 // of HeldOut, the least Gap
)

// Familiarity measures it at the weights that the run gives, with the views of the monitors, drawn
// alike for both. It is an error where the run has no checkpoint.
func (r *Run) Familiarity() (Familiarity, error) {
	if err := r.check(); err != nil {
		return Familiarity{}, err
	}
	var f Familiarity
	err := train.Catch(func() (err error) {
		f, err = r.familiarity()
		return err
	})
	if err != nil {
		return Familiarity{}, fmt.Errorf("familiarity of %s's images in %s: %w", r.Recipe.Data.Name(), r.Dir, err)
	}
	return f, nil
}

func (r *Run) familiarity() (Familiarity, error) {
	store, _, err := rundir.Dir(r.Dir).Kept()
	if err != nil {
		return Familiarity{}, err
	}
	defer release(store)
	metrics, err := r.Metrics()
	if err != nil {
		return Familiarity{}, err
	}
	set, err := r.Recipe.Data.Open(data.Train)
	if err != nil {
		return Familiarity{}, err
	}
	defer set.Close()
	_, plan, err := r.Recipe.plan(set)
	if err != nil {
		return Familiarity{}, err
	}
	onTrain, err := plan.Monitors(store, set)
	if err != nil {
		return Familiarity{}, err
	}
	defer onTrain.Close()
	onHeldOut, err := plan.HeldOutMonitors(store)
	if err != nil {
		return Familiarity{}, err
	}
	defer onHeldOut.Close()
	near, err := onTrain.Distances()
	if err != nil {
		return Familiarity{}, err
	}
	far, err := onHeldOut.Distances()
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
	if f.Seen >= SeenOften && f.Gap.Low > 0 && gap >= familiarFactor*f.HeldOut.Value {
		f.Warning = fmt.Sprintf("memorised: pretraining saw each image %.0f times, and two views of a training image are nearer to "+
			"each other (%.3f) than two views of a held-out image (%.3f). Try more images, fewer steps or stronger views", f.Seen, f.Train.Value, f.HeldOut.Value)
	}
	return f, nil
}
