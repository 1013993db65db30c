package detect

import (
	"cmp"
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/detect/fcos"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// Detection trains a detector, fcos.FCOS on an encoder that was pretrained or has random weights, on
// the boxes of some images.
type Detection struct {
	// Data are the images, with boxes: its sets are data.Objects. Required.
	Data data.Source
	// Images is the number of training images whose boxes may be used, at least 1; see data.Fewer.
	// Default 0: all.
	Images int
	// Sample decides which Images these are; those of more Images hold those of fewer.
	Sample uint64
	// Encoder is the network to train. Required.
	Encoder encoder.Encoder
	// Start is the path of a file of weights, such as a run's encoder.safetensors. Default "": random
	// weights.
	Start string
	// Detector are the settings of the detector. Its Classes are those of Data where they are 0.
	Detector fcos.FCOS
	// View is the augmentation, which moves the boxes too. Default: a crop of at least 0.3 of the
	// image, flip and normalise.
	View augment.Pipeline
	// Optimizer updates the weights. Default: AdamW at a rate of 0.001 whatever the batch, with a
	// decay of 0.05 and the gradient's norm at most 10.
	Optimizer optim.Optimizer
	// LayerDecay is the factor in (0, 1] from one layer's learning rate to that of the layer before
	// it; see optim.LayerDecay. Default 1: all are the same.
	LayerDecay float64
	// Steps is the number of batches, at least 1. Default 2000.
	Steps int
	// Batch is the number of images a step, at least 1. Default: all images that are trained on, but
	// at most 16.
	Batch int
	// Seed decides the initial weights of the detector (and of the encoder without Start), the order
	// and the augmentation.
	Seed uint64
}

// WithDefaults fills in the settings that were left at zero, but for View, Batch and those of
// Detector, which depend on the images.
func (d Detection) WithDefaults() Detection {
	d.LayerDecay = cmp.Or(d.LayerDecay, 1)
	d.Steps = cmp.Or(d.Steps, 2000)
	if d.Optimizer == nil {
		d.Optimizer = optim.AdamW{LR: .001, Scaling: optim.Unscaled, WeightDecay: .05, ClipNorm: 10}
	}
	return d
}

// Train trains in the run directory dir. Like kit.Pretrain it is idempotent on dir: a finished
// detector is loaded at once, an interrupted one goes on. Its errors are those of kit.Pretrain, a
// setting out of range, which is named, and Data without boxes.
func Train(dir string, d Detection) (*Detector, error) {
	recipe, classes, err := d.recipe()
	if err != nil {
		return nil, fmt.Errorf("training a detector in %s: %w", dir, err)
	}
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return nil, err
	}
	return &Detector{Run: run, Classes: classes}, nil
}

// recipe is the training, and the names of the classes of its objects.
func (d Detection) recipe() (kit.Recipe, []string, error) {
	fail := func(err error) (kit.Recipe, []string, error) { return kit.Recipe{}, nil, err }
	if err := d.check(); err != nil {
		return fail(err)
	}
	d = d.WithDefaults()
	if d.Images > 0 {
		d.Data = data.Fewer{From: d.Data, Images: d.Images, Seed: d.Sample}
	}
	set, err := d.Data.Open(data.Train)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return fail(fmt.Errorf("detect.Detection: Data: %w", err))
	}
	classes := objects.ObjectClasses()
	d.Detector.Classes = cmp.Or(d.Detector.Classes, len(classes))
	if d.View == nil {
		height, width := set.Size()
		d.View = view(height, width)
	}
	if d.LayerDecay < 1 {
		d.Optimizer = optim.PerVariable{Optimizer: d.Optimizer, Rates: optim.LayerDecay{Factor: d.LayerDecay}}
	}
	return kit.Recipe{
		Data: d.Data, Encoder: d.Encoder, Start: d.Start, Method: d.Detector, Augment: []augment.Pipeline{d.View},
		Optimizer: d.Optimizer, Steps: d.Steps, Batch: cmp.Or(d.Batch, min(set.Len(), 16)), Seed: d.Seed, MonitorEvery: d.Steps,
	}, classes, nil
}

// view is the default augmentation. Crops are square, so that only square images are cropped.
func view(height, width int) augment.Pipeline {
	flips := augment.Pipeline{augment.Flip{}, augment.Normalize{}}
	if height != width {
		return flips
	}
	return append(augment.Pipeline{augment.RandomResizedCrop{Size: height, Scale: [2]float64{.3, 1}}}, flips...)
}

// check returns an error where a setting is out of range that kit.Recipe does not know of.
func (d Detection) check() error {
	w := Detection{}.WithDefaults()
	if d.Data == nil {
		return setting.Missing("detect.Detection: Data", "a data.Source, such as data.Scenes{}")
	}
	return cmp.Or(
		setting.AtLeast(0, "detect.Detection: Images", d.Images, "all"),
		setting.Must(d.LayerDecay >= 0 && d.LayerDecay <= 1, "detect.Detection: LayerDecay", d.LayerDecay, "in (0, 1]", w.LayerDecay),
		setting.Steps(0, "detect.Detection: Steps", d.Steps, w.Steps),
		setting.AtLeast(0, "detect.Detection: Batch", d.Batch, "all images, but at most 16"),
	)
}
