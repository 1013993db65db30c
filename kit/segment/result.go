package segment

import (
	"fmt"

	"sslkit/kit/metric"
)

// Result is how well the pixels of images were told apart.
type Result struct {
	Protocol string   // In words, with every setting.
	Set      string   // The name of the images that were judged.
	Classes  []string // The names, by number.
	Summary  metric.SegmentationSummary
	// MeanIoU and PixelAccuracy are those of Summary with their 95 % intervals over the images, by
	// 1000 resamples of the images.
	MeanIoU, PixelAccuracy metric.Interval
	Encoder                string // The SHA-256 (hex) of the encoder's weights.
	// Masks are what was predicted, by image: a class a pixel, as data.Masks has them.
	Masks [][]uint8 `json:"-"`
}

// String is one line.
func (r Result) String() string {
	share := func(i metric.Interval) string {
		return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*i.Value, 100*i.Low, 100*i.High)
	}
	return fmt.Sprintf("mean IoU %s, pixel accuracy %s (%s), %d images, %d classes",
		share(r.MeanIoU), share(r.PixelAccuracy), r.Protocol, r.MeanIoU.N, len(r.Classes))
}

const resamples = 1000

// judge compares predicted masks with the true ones.
func judge(protocol string, set masked, predicted [][]uint8, hash string) (Result, error) {
	r := Result{Protocol: protocol, Set: set.Name(), Classes: set.MaskClasses(), Encoder: hash, Masks: predicted}
	var counts []metric.PixelCounts
	for i, mask := range predicted {
		one, err := metric.CountPixels(set.masks[i], mask, len(r.Classes))
		if err != nil {
			return Result{}, fmt.Errorf("image %d of %s: %w", i, set.Name(), err)
		}
		counts = append(counts, one)
	}
	var err error
	if r.Summary, err = metric.Segmentation(counts, nil); err != nil {
		return Result{}, err
	}
	interval := func(figure func(s metric.SegmentationSummary) float64) (metric.Interval, error) {
		return metric.BootstrapOf(len(counts), resamples, 1, func(images []int) (float64, error) {
			s, err := metric.Segmentation(counts, images)
			return figure(s), err
		})
	}
	if r.MeanIoU, err = interval(func(s metric.SegmentationSummary) float64 { return s.MeanIoU }); err != nil {
		return Result{}, err
	}
	r.PixelAccuracy, err = interval(func(s metric.SegmentationSummary) float64 { return s.PixelAccuracy })
	return r, err
}
