package metric

import (
	"errors"
	"fmt"
	"math"
)

// ignoredPixel is the true class of a pixel that does not count, as in PASCAL VOC and ADE20K;
// data.IgnoredPixel is the same.
const ignoredPixel = 255

// PixelCounts are what the figures of [Segmentation] need to know of one image, in pixels by class;
// pixels whose true class is 255 are left out. Make them by [CountPixels].
type PixelCounts struct {
	True      []int // Of the class.
	Predicted []int // Predicted to be of it.
	Shared    []int // Both.
}

// CountPixels counts the pixels of an image. truth and predicted hold one class a pixel, in
// [0, classes), truth 255 for what does not count. classes is at most 255. Its errors are a length or
// class out of range.
func CountPixels(truth, predicted []uint8, classes int) (PixelCounts, error) {
	if err := checkPixels("CountPixels", truth, predicted, classes, classes); err != nil {
		return PixelCounts{}, err
	}
	c := PixelCounts{True: make([]int, classes), Predicted: make([]int, classes), Shared: make([]int, classes)}
	for i, t := range truth {
		if t == ignoredPixel {
			continue
		}
		c.True[t]++
		c.Predicted[predicted[i]]++
		if t == predicted[i] {
			c.Shared[t]++
		}
	}
	return c, nil
}

// ConfusePixels counts the pixels by true class, and in each row by predicted class; those whose
// true class is 255 are left out. The predicted ones may be others than the true ones, such as
// clusters: see [Assign].
func ConfusePixels(truth, predicted []uint8, classes, predictedClasses int) ([][]int, error) {
	if err := checkPixels("ConfusePixels", truth, predicted, classes, predictedClasses); err != nil {
		return nil, err
	}
	counts := make([][]int, classes)
	for t := range counts {
		counts[t] = make([]int, predictedClasses)
	}
	for i, t := range truth {
		if t != ignoredPixel {
			counts[t][predicted[i]]++
		}
	}
	return counts, nil
}

// Jaccard is the intersection over union of two binary masks, in [0, 1]: what is not 0 is inside, and
// pixels where truth is 255 are left out. Its errors are masks of two lengths, and [ErrUndefined]
// where nothing is inside either.
func Jaccard(truth, predicted []uint8) (float64, error) {
	if len(truth) != len(predicted) {
		return 0, fmt.Errorf("metric.Jaccard: truth holds %d pixels and predicted %d; they must hold the same", len(truth), len(predicted))
	}
	var shared, either int
	for i, t := range truth {
		if t == ignoredPixel {
			continue
		}
		if t != 0 && predicted[i] != 0 {
			shared++
		}
		if t != 0 || predicted[i] != 0 {
			either++
		}
	}
	if either == 0 {
		return 0, fmt.Errorf("metric.Jaccard: no pixel is inside: %w", ErrUndefined)
	}
	return float64(shared) / float64(either), nil
}

// SegmentationSummary are the figures of a semantic segmentation, each in [0, 1].
type SegmentationSummary struct {
	// MeanIoU is the mean over classes of the intersection over union, which counts pixels of all
	// images together. A class that is in none of the images, neither truly nor predicted, is left out.
	MeanIoU float64
	// MeanDice is the mean over the same classes of 2·shared / (true + predicted).
	MeanDice float64
	// PixelAccuracy is the share of right pixels.
	PixelAccuracy float64
	// MeanAccuracy is the mean over the classes that are there of the share of right pixels.
	MeanAccuracy float64
	// FrequencyWeightedIoU weights the classes' intersection over union by their true pixels.
	FrequencyWeightedIoU float64
	// Classes is by class; NaN stands for what is left out of the mean.
	Classes []ClassSegmentation
}

// ClassSegmentation is of one class.
type ClassSegmentation struct {
	IoU, Dice, Accuracy float64
	Pixels              int // That are truly of it.
}

// Segmentation sums up the counts of some images, of all with nil; an image may be named more than
// once, as the resamples of a bootstrap do:
//
//	iou, err := metric.BootstrapOf(len(counts), 1000, 1, func(images []int) (float64, error) {
//		s, err := metric.Segmentation(counts, images)
//		return s.MeanIoU, err
//	})
//
// The figures agree with torchmetrics' multiclass_jaccard_index (macro and weighted) and F1, which
// leave out absent classes as mmsegmentation's intersect_and_union does. Its errors are counts of
// unequal numbers of classes, an index outside [0, len(counts)), and [ErrUndefined] where no pixel
// counts.
func Segmentation(counts []PixelCounts, images []int) (SegmentationSummary, error) {
	fail := func(err error) (SegmentationSummary, error) {
		return SegmentationSummary{}, fmt.Errorf("metric.Segmentation: %w", err)
	}
	if len(counts) == 0 {
		return fail(errors.New("counts is empty"))
	}
	if images == nil {
		images = indices(len(counts))
	}
	classes := len(counts[0].True)
	sum := PixelCounts{True: make([]int, classes), Predicted: make([]int, classes), Shared: make([]int, classes)}
	for i, image := range images {
		if image < 0 || image >= len(counts) {
			return fail(fmt.Errorf("images[%d] is %d; it must be in [0, %d)", i, image, len(counts)))
		}
		c := counts[image]
		if len(c.True) != classes || len(c.Predicted) != classes || len(c.Shared) != classes {
			return fail(fmt.Errorf("counts[%d] is of %d, %d and %d classes; each must be %d", image, len(c.True), len(c.Predicted), len(c.Shared), classes))
		}
		for class := range classes {
			sum.True[class] += c.True[class]
			sum.Predicted[class] += c.Predicted[class]
			sum.Shared[class] += c.Shared[class]
		}
	}
	var s SegmentationSummary
	var iou, dice, accuracy average
	var pixels, right int
	for class, there := range sum.True {
		shared, found := sum.Shared[class], sum.Predicted[class]
		c := ClassSegmentation{IoU: math.NaN(), Dice: math.NaN(), Accuracy: math.NaN(), Pixels: there}
		if there+found > 0 {
			c.IoU = float64(shared) / float64(there+found-shared)
			c.Dice = float64(2*shared) / float64(there+found)
			iou.add(c.IoU)
			dice.add(c.Dice)
		}
		if there > 0 {
			c.Accuracy = float64(shared) / float64(there)
			accuracy.add(c.Accuracy)
			s.FrequencyWeightedIoU += float64(there) * c.IoU
		}
		pixels, right = pixels+there, right+shared
		s.Classes = append(s.Classes, c)
	}
	if pixels == 0 {
		return fail(fmt.Errorf("no pixel of these images counts: %w", ErrUndefined))
	}
	s.FrequencyWeightedIoU /= float64(pixels)
	s.PixelAccuracy = float64(right) / float64(pixels)
	s.MeanIoU, s.MeanDice, s.MeanAccuracy = iou.mean(), dice.mean(), accuracy.mean()
	return s, nil
}

func checkPixels(name string, truth, predicted []uint8, classes, predictedClasses int) error {
	for _, n := range []int{classes, predictedClasses} {
		if n < 1 || n > ignoredPixel {
			return fmt.Errorf("metric.%s: classes is %d; it must be in [1, 255]", name, n)
		}
	}
	if len(truth) != len(predicted) || len(truth) == 0 {
		return fmt.Errorf("metric.%s: truth holds %d pixels and predicted %d; they must hold the same, at least 1", name, len(truth), len(predicted))
	}
	for i, t := range truth {
		if t == ignoredPixel {
			continue
		}
		if int(t) >= classes {
			return fmt.Errorf("metric.%s: truth[%d] is %d; it must be in [0, %d), or 255 for a pixel that does not count", name, i, t, classes)
		}
		if p := predicted[i]; int(p) >= predictedClasses {
			return fmt.Errorf("metric.%s: predicted[%d] is %d; it must be in [0, %d)", name, i, p, predictedClasses)
		}
	}
	return nil
}
