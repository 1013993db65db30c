package segment

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"sslkit/data"
	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Training trains a head on the patches of a frozen encoder, and measures it on the test split.
//
// It follows the training of the linear head in facebookresearch/dinov3, eval/segmentation (train.py,
// configs/config-ade20k-linear-training.yaml): AdamW at 0.001 with a decay of 0.001, whose rate rises
// for 1,500 of 40,000 steps and then falls along a cosine, 16 images a step, weights that begin at a
// deviation of 0.01, and the cross-entropy at the masks' own resolution, to which the scores are
// enlarged bilinearly; pixels of data.IgnoredPixel count in neither loss nor figures. Seven things
// differ: the rate is chosen among LR by training images that are held out; patches are represented
// once, of images without augmentation; their features are standardised by the training patches, where
// a batch norm is learned there, and none are dropped out; the loss is the mean over the pixels that
// count, where the others enlarge its denominator there; biases have no decay; the figure is that of
// the last step, where the best of eight looks at the test images is reported there; and images are judged
// whole, in the size that the set has, not in windows.
type Training struct {
	Frozen Frozen      // The encoder. Required.
	Data   data.Source // Images with masks. Required.
	Head   Head        // Default Linear{}.
	// LR are the candidates for the highest rate, each above 0. One is taken as it is, and nothing is
	// held out. Default: 0.0001, 0.001, 0.01.
	LR []float64
	// HeldOut is the fraction of the training images, in (0, 1), that the rate is chosen by. Default
	// 0.1.
	HeldOut float64
	// Epochs is how often the images are seen, at least 1. Default 32: about as often as 40,000 steps
	// see ADE20K.
	Epochs int
	// Batch is the number of images a step, at least 1. Default 16, or all where there are fewer.
	Batch int
	// Seed decides the initial weights, the order, and the images that are held out.
	Seed uint64
}

// Rate is a candidate for the learning rate.
type Rate struct {
	LR      float64
	MeanIoU float64 // Of the images that were held out, in [0, 1].
}

// TrainedHead is how well a head segments the test split.
type TrainedHead struct {
	Result
	LR    float64 // That was chosen.
	Rates []Rate  // All that were tried; none where LR was one.
}

// WithDefaults fills in the settings that were left at zero.
func (t Training) WithDefaults() Training {
	if t.Head == nil {
		t.Head = Linear{}
	}
	if len(t.LR) == 0 {
		t.LR = []float64{1e-4, 1e-3, 1e-2}
	}
	t.HeldOut = cmp.Or(t.HeldOut, .1)
	t.Epochs = cmp.Or(t.Epochs, 32)
	t.Batch = cmp.Or(t.Batch, 16)
	return t
}

func (t Training) check() error {
	d := Training{}.WithDefaults()
	t = t.WithDefaults()
	if t.Data == nil {
		return setting.Missing("segment.Training: Data", "a data.Source with masks, such as data.Shapes{}")
	}
	for i, lr := range t.LR {
		if err := setting.Positive(fmt.Sprintf("segment.Training: LR[%d]", i), lr); err != nil {
			return err
		}
	}
	return cmp.Or(
		t.Head.Check(),
		setting.Steps(1, "segment.Training: Epochs", t.Epochs, d.Epochs),
		setting.AtLeast(1, "segment.Training: Batch", t.Batch, d.Batch),
		setting.Fraction("segment.Training: HeldOut", t.HeldOut, d.HeldOut),
	)
}

// TrainHead trains for each candidate, and with the chosen rate on all training images. It computes
// all anew at each call, in memory. Its errors are those of [Frozen.Patches], a setting out of range, a
// HeldOut of no image, a source without masks or without one of the two splits, splits of other sizes
// or classes, and a loss that is not finite.
func TrainHead(t Training) (TrainedHead, error) {
	fail := func(err error) (TrainedHead, error) {
		return TrainedHead{}, fmt.Errorf("training a head for segmentation: %w", err)
	}
	if err := t.check(); err != nil {
		return fail(err)
	}
	t = t.WithDefaults()
	set, test, err := openBoth(t.Data)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	defer test.Close()
	patches, err := t.Frozen.Patches(set)
	if err != nil {
		return fail(err)
	}
	trained := TrainedHead{LR: t.LR[0]}
	all := indices(set.Len())
	if len(t.LR) > 1 {
		if trained.Rates, err = t.choose(patches, set, all); err != nil {
			return fail(err)
		}
		trained.LR = slices.MaxFunc(trained.Rates, func(a, b Rate) int { return cmp.Compare(a.MeanIoU, b.MeanIoU) }).LR
	}
	net, err := t.fit(patches, set, all, trained.LR)
	if err != nil {
		return fail(err)
	}
	defer net.close()
	judged, err := t.Frozen.Patches(test)
	if err != nil {
		return fail(err)
	}
	masks, err := net.predict(judged, indices(test.Len()))
	if err != nil {
		return fail(err)
	}
	if trained.Result, err = judge(t.protocol(trained.LR), test, masks, judged.Encoder); err != nil {
		return fail(err)
	}
	return trained, nil
}

// choose tries the candidates on the images that are not held out, and measures them on the others.
func (t Training) choose(patches Patches, set masked, all []int) ([]Rate, error) {
	order := rand.New(rand.NewPCG(t.Seed, 1)).Perm(len(all))
	held := int(t.HeldOut * float64(len(all)))
	if held < 1 {
		return nil, fmt.Errorf("segment.Training: HeldOut is %g of %d images, which is none; give more, or one LR", t.HeldOut, len(all))
	}
	var rates []Rate
	for _, lr := range t.LR {
		net, err := t.fit(patches, set, order[held:], lr)
		if err != nil {
			return nil, err
		}
		masks, err := net.predict(patches, order[:held])
		net.close()
		if err != nil {
			return nil, err
		}
		var counts []metric.PixelCounts
		for i, mask := range masks {
			one, err := metric.CountPixels(set.masks[order[i]], mask, len(set.MaskClasses()))
			if err != nil {
				return nil, err
			}
			counts = append(counts, one)
		}
		s, err := metric.Segmentation(counts, nil)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("judging the rate %g by %d images that are held out", lr, held), err)
		}
		rates = append(rates, Rate{lr, s.MeanIoU})
	}
	return rates, nil
}

func (t Training) protocol(lr float64) string {
	how := "fixed"
	if len(t.LR) > 1 {
		how = fmt.Sprintf("of %d, by %g of the images", len(t.LR), t.HeldOut)
	}
	return fmt.Sprintf("%s head on frozen patches, %d epochs, rate %g %s", t.Head.Name(), t.Epochs, lr, how)
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
