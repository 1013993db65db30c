package result

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/rundir"
)

// Cost is what a training took.
type Cost struct {
	ImagesSeen int `json:"images_seen"` // Images read, each counted once a step, in however many views.
	// Labelled is the number of training images whose labels the training saw; probes say
	// themselves how many they are given.
	Labelled        int     `json:"labelled_images"`
	Seconds         float64 `json:"seconds"`           // Of training, compilation included.
	ImagesPerSecond float64 `json:"images_per_second"` // ImagesSeen over Seconds.
	// FLOPs are those of all steps, counted in their graph: views, encoder, heads, teacher, loss and
	// gradient; 0 if unknown.
	FLOPs float64 `json:"flops,omitempty"`
	// PeakMemoryGiB is the largest resident memory of the process that trained, up to the end of the
	// training: of this one alone where the process trained no other; 0 if unknown.
	PeakMemoryGiB float64 `json:"peak_memory_gib,omitempty"`
}

// ImagesSeen is the number of images that a run read.
func ImagesSeen(run *kit.Run) int { return run.Recipe.Steps * run.Recipe.Batch }

// peakFile is that of the peak memory of a training, in its run directory.
const peakFile = "peak.json"

// peak is what peakFile holds.
type peak struct {
	GiB float64 `json:"gib"`
}

// Pretrain is kit.Pretrain, and keeps beside the run what memory the training takes.
func Pretrain(dir string, recipe kit.Recipe) (*kit.Run, error) {
	var run *kit.Run
	err := Metered(dir, func() (err error) {
		run, err = kit.Pretrain(dir, recipe)
		return err
	})
	return run, err
}

// Metered calls train, which trains in dir or loads what is there, and keeps beside the run what
// memory it takes: of a training that was interrupted, that of the process which took the most.
func Metered(dir string, train func() error) error {
	if (&kit.Run{Dir: dir}).Finished() {
		return train()
	}
	path := filepath.Join(dir, peakFile)
	earlier, err := ReadKept[peak](path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ResetPeakMemory()
	trained := train()
	_, begun := rundir.Dir(dir).Environment() // It fails where the training did not begin.
	if begun != nil {
		return trained
	}
	if err := rundir.WriteJSON(path, peak{max(earlier.GiB, PeakMemoryGiB())}); err != nil {
		return errors.Join(trained, fmt.Errorf("keeping the memory of a training: %w", err))
	}
	return trained
}

// CostOf is what a run took. Its memory is known where Pretrain or Metered trained it.
func CostOf(run *kit.Run) (*Cost, error) {
	seconds, err := run.Seconds()
	if err != nil {
		return nil, err
	}
	took, err := ReadKept[peak](filepath.Join(run.Dir, peakFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	flops, err := run.StepFLOPs()
	if err != nil {
		return nil, err
	}
	labelled, err := labelled(run)
	if err != nil {
		return nil, err
	}
	seen := ImagesSeen(run)
	return &Cost{
		ImagesSeen: seen, Labelled: labelled, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds,
		FLOPs: flops * float64(run.Recipe.Steps), PeakMemoryGiB: took.GiB,
	}, nil
}

// labelled is the number of training images whose labels the run's method sees.
func labelled(run *kit.Run) (int, error) {
	if _, sees := run.Recipe.Method.(seesLabels); !sees {
		return 0, nil
	}
	set, err := run.Recipe.Data.Open(data.Train)
	if err != nil {
		return 0, err
	}
	defer set.Close()
	n := 0
	for _, label := range data.Labels(set) {
		if label >= 0 {
			n++
		}
	}
	return n, nil
}

// seesLabels is a method that is told labels: it checks that they are its classes.
type seesLabels interface{ CheckLabels(classes []string) error }

// Plus is what two trainings took, one after the other, the second of which starts from the first.
func (c Cost) Plus(other Cost) Cost {
	sum := Cost{
		ImagesSeen: c.ImagesSeen + other.ImagesSeen, Labelled: max(c.Labelled, other.Labelled), Seconds: c.Seconds + other.Seconds,
		PeakMemoryGiB: max(c.PeakMemoryGiB, other.PeakMemoryGiB), FLOPs: c.FLOPs + other.FLOPs,
	}
	sum.ImagesPerSecond = float64(sum.ImagesSeen) / sum.Seconds
	return sum
}

// MeanCost is the mean of what trainings of one recipe took.
func MeanCost(costs []*Cost) *Cost {
	var mean Cost
	n := float64(len(costs))
	for _, c := range costs {
		mean.ImagesSeen, mean.Labelled = c.ImagesSeen, c.Labelled
		mean.FLOPs += c.FLOPs / n
		mean.Seconds += c.Seconds / n
		mean.PeakMemoryGiB += c.PeakMemoryGiB / n
	}
	mean.ImagesPerSecond = float64(mean.ImagesSeen) / mean.Seconds // Not the mean of ratios, which a quick run pulls up.
	return &mean
}
