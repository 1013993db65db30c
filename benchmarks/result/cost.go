package result

import "sslkit/kit"

// Cost is what a training took.
type Cost struct {
	ImagesSeen      int     `json:"images_seen"`       // Images read, each counted once a step, in two views.
	Seconds         float64 `json:"seconds"`           // Of training, compilation included.
	ImagesPerSecond float64 `json:"images_per_second"` // ImagesSeen over Seconds.
	// FLOPs are those of all forward and backward passes, estimated from the encoder's
	// multiply-adds; 0 if unknown.
	FLOPs float64 `json:"flops,omitempty"`
	// PeakMemoryGiB is the largest resident memory of the process while it trained and was
	// evaluated; 0 if unknown.
	PeakMemoryGiB float64 `json:"peak_memory_gib,omitempty"`
}

// ImagesSeen is the number of images that a run read.
func ImagesSeen(run *kit.Run) int { return run.Recipe.Steps * run.Recipe.Batch }

// CostOf is what a run took that this process has trained since ResetPeakMemory.
func CostOf(run *kit.Run) (*Cost, error) {
	seconds, err := run.Seconds()
	if err != nil {
		return nil, err
	}
	seen := ImagesSeen(run)
	return &Cost{
		ImagesSeen: seen, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds, PeakMemoryGiB: PeakMemoryGiB(),
	}, nil
}

// MeanCost is the mean of what trainings of one recipe took.
func MeanCost(costs []*Cost) *Cost {
	var mean Cost
	n := float64(len(costs))
	for _, c := range costs {
		mean.ImagesSeen = c.ImagesSeen
		mean.Seconds += c.Seconds / n
		mean.PeakMemoryGiB += c.PeakMemoryGiB / n
	}
	mean.ImagesPerSecond = float64(mean.ImagesSeen) / mean.Seconds // Not the mean of ratios, which a quick run pulls up.
	return &mean
}
