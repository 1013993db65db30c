package kit

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// Probing trains a classifier on a frozen encoder by SGD on augmented images: the linear protocol
// that papers report, so that figures compare with theirs. eval.Linear, which is convex and sees no
// augmentation, is quicker and has no rate to choose.
//
//	probed, err := kit.Probe("runs/simclr-linear", kit.Probing{
//		Data: data.CIFAR10{}, Encoder: run.Recipe.Encoder, Start: filepath.Join(run.Dir, "encoder.safetensors"),
//	})
//	fmt.Println(probed.Result)
//
// It is that of facebookresearch/dino, eval_linear.py: random crops and flips, SGD with a momentum
// of .9 and no decay, a rate that falls along a cosine without a warm-up, 100 epochs, no norm
// before the classifier. Five things differ: the rate is chosen among LR by training images that
// are held out, where papers choose by the validation set that they report; the last classifier is
// measured, and not the best of all epochs; an image is evaluated whole, not its middle; the
// classifier starts as PyTorch's linear layers do; and a step has 256 images, where the command
// there has 1024.
type Probing struct {
	// Data are the images, with their labels. Required.
	Data data.Source
	// Labels are the training images whose labels may be used, those of HeldOut among them. The
	// zero value is all.
	Labels data.Subset
	// Encoder is the trained network. Required.
	Encoder encoder.Encoder
	// Start is the path of the file of its weights, such as a run's encoder.safetensors. Required.
	Start string
	// Blocks is the number of last blocks whose representations the classifier sees; Patches adds
	// the mean of the patches: see encoder.Probed. Default 1; DINO takes 4 for a ViT-S.
	Blocks  int
	Patches bool
	// Attentive puts an ssl.AttentiveProbe in place of the linear classifier, by its optimiser but
	// for LR. Encoder must be an encoder.ViT then, and the images square.
	Attentive bool
	// LR are the candidates for the highest rate, for 256 images a step, each above 0. One is taken
	// as it is, and nothing is held out. Default: 0.001, 0.01, 0.1, 1, 10; with Attentive 0.0001,
	// 0.0003, 0.001, 0.003.
	LR []float64
	// HeldOut is the fraction of the labels, in (0, 1), that the rate is chosen by. Default 0.1.
	HeldOut float64
	// View is the augmentation. Default: crops of at least 8 % of the image, and flips, normalised as
	// the weights of Start want, where they say so.
	View augment.Pipeline
	// Epochs is how often the images are seen, at least 1. Default 100; with Attentive 20, as in
	// V-JEPA.
	Epochs int
	// Batch is the number of images a step. Default: 256, or all where there are fewer.
	Batch int
	// Seed decides the initial weights of the classifier, the order, the augmentation and the images
	// that are held out.
	Seed uint64
}

// Probed is what Probe gives.
type Probed struct {
	FineTuned
	LR    float64 // That was chosen.
	Rates []Rate  // All that were tried; none where LR was one.
}

// Rate is a candidate for the learning rate.
type Rate struct {
	LR       float64
	Accuracy float64 // On the labels that were held out, in [0, 1].
}

// WithDefaults fills in the settings that were left at zero.
func (p Probing) WithDefaults() Probing {
	p.Blocks = cmp.Or(p.Blocks, 1)
	p.HeldOut = cmp.Or(p.HeldOut, .1)
	p.Batch = cmp.Or(p.Batch, 256)
	if p.Attentive {
		p.Epochs = cmp.Or(p.Epochs, 20)
	}
	p.Epochs = cmp.Or(p.Epochs, 100)
	switch {
	case len(p.LR) > 0:
	case p.Attentive:
		p.LR = []float64{1e-4, 3e-4, 1e-3, 3e-3}
	default:
		p.LR = []float64{1e-3, 1e-2, 1e-1, 1, 10}
	}
	return p
}

// Probe trains in folders of dir, one for each candidate and one for the chosen rate on all labels,
// and measures on the test split. Like Pretrain it is idempotent on these. Its errors are those of
// Pretrain, and a setting out of range, which is named.
func Probe(dir string, p Probing) (Probed, error) {
	if err := p.check(); err != nil {
		return Probed{}, err
	}
	p = p.WithDefaults()
	probed := Probed{LR: p.LR[0]}
	if len(p.LR) > 1 {
		for _, lr := range p.LR {
			accuracy, err := p.heldOut(filepath.Join(dir, fmt.Sprintf("lr-%g", lr)), lr)
			if err != nil {
				return Probed{}, err
			}
			probed.Rates = append(probed.Rates, Rate{lr, accuracy})
		}
		probed.LR = slices.MaxFunc(probed.Rates, func(a, b Rate) int { return cmp.Compare(a.Accuracy, b.Accuracy) }).LR
	}
	recipe, labelled, err := p.recipe(probed.LR, 0)
	if err != nil {
		return Probed{}, err
	}
	probed.FineTuned, err = classifier(filepath.Join(dir, "probe"), recipe, labelled, p.protocol(probed.LR))
	return probed, err
}

// heldOut is the accuracy on held-out labels after a training with a rate on the others.
func (p Probing) heldOut(dir string, lr float64) (float64, error) {
	recipe, _, err := p.recipe(lr, p.HeldOut)
	if err != nil {
		return 0, err
	}
	run, err := Pretrain(dir, recipe)
	if err != nil {
		return 0, err
	}
	all, err := run.Metrics()
	if err != nil {
		return 0, err
	}
	if last := all[len(all)-1]; last.Validation != nil {
		return *last.Validation, nil
	}
	return 0, fmt.Errorf("the run in %s says no accuracy on the labels that are held out", dir)
}

// recipe is a training, and what its labels are.
func (p Probing) recipe(lr, heldOut float64) (Recipe, eval.Features, error) {
	fail := func(err error) (Recipe, eval.Features, error) { return Recipe{}, eval.Features{}, err }
	of := encoder.Probed{Of: p.Encoder, Blocks: p.Blocks, Patches: p.Patches}
	f := FineTuning{Data: p.Data, Labels: p.Labels, Start: p.Start, View: p.View, HeldOut: heldOut, Batch: p.Batch, Seed: p.Seed,
		Optimizer: optim.SGD{LR: lr, Momentum: .9}}
	if p.Attentive {
		adam := ssl.AttentiveProbe{}.Optimizer().(optim.AdamW)
		adam.LR, adam.Scaling = lr, optim.Linear256
		f.Optimizer = adam
	}
	recipe, labelled, err := f.recipe()
	if err != nil {
		return fail(err)
	}
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	height, width := set.Size()
	if p.Attentive {
		vit, ok := p.Encoder.(encoder.ViT)
		if !ok || height != width {
			return fail(fmt.Errorf("kit.Probing: Attentive is true; Encoder must be an encoder.ViT and the images square, "+
				"not %s and %d×%d", p.Encoder.Name(), height, width))
		}
		of.Tokens = height / vit.PatchSize() * (width / vit.PatchSize())
		recipe.Method = ssl.AttentiveProbe{Classes: len(labelled.Classes), Tokens: of.Tokens}
	}
	if err := of.Check(height, width); err != nil {
		return fail(fmt.Errorf("kit.Probing: Encoder: %w", err))
	}
	if p.View == nil {
		if recipe.Augment, err = normalizedFor(p.Start, []augment.Pipeline{{
			augment.RandomResizedCrop{Size: min(height, width)}, augment.Flip{}, augment.Normalize{},
		}}); err != nil {
			return fail(err)
		}
	}
	recipe.Encoder, recipe.Schedule = of, optim.WarmupCosine{}
	recipe.Batch = min(p.Batch, set.Len())
	recipe.Steps = p.Epochs * (set.Len() / recipe.Batch)
	recipe.MonitorEvery = recipe.Steps
	if heldOut > 0 {
		recipe.StopEarly = StopEarly{Every: recipe.Steps}
	}
	return recipe, labelled, nil
}

// check returns an error where a setting is out of range that Recipe does not know of.
func (p Probing) check() error {
	switch {
	case p.Data == nil:
		return setting.Missing("kit.Probing: Data", "a data.Source, such as data.Shapes{}")
	case p.Encoder == nil:
		return setting.Missing("kit.Probing: Encoder", "the encoder.Encoder that was trained")
	case p.Start == "":
		return setting.Missing("kit.Probing: Start", "the path of a file of weights, such as a run's encoder.safetensors")
	case p.Attentive && (p.Blocks > 1 || p.Patches):
		return errors.New("kit.Probing: Attentive is true, which reads the patches of the last block; Blocks must be 1 and Patches false")
	}
	d := Probing{}.WithDefaults()
	for i, lr := range p.LR {
		if err := setting.Positive(fmt.Sprintf("kit.Probing: LR[%d]", i), lr); err != nil {
			return err
		}
	}
	return cmp.Or(
		setting.Steps(0, "kit.Probing: Epochs", p.Epochs, d.Epochs),
		setting.AtLeast(0, "kit.Probing: Batch", p.Batch, d.Batch),
		setting.Below(1, "kit.Probing: HeldOut", p.HeldOut, d.HeldOut),
	)
}

// protocol says in words what was done.
func (p Probing) protocol(lr float64) string {
	name, how := "linear probe by SGD on augmented images", "fixed"
	if p.Attentive {
		name = "attentive probe"
	}
	if len(p.LR) > 1 {
		how = fmt.Sprintf("of %d, by %g of the labels", len(p.LR), p.HeldOut)
	}
	seen := fmt.Sprintf("%d epochs", p.Epochs)
	if p.Blocks > 1 {
		seen += fmt.Sprintf(", last %d blocks", p.Blocks)
	}
	if p.Patches {
		seen += ", mean of the patches"
	}
	return fmt.Sprintf("%s (%s, rate %g %s)", name, seen, lr, how)
}
