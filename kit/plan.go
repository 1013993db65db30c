package kit

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// plan decides what the recipe leaves open, for the training images in set: the recipe with all of
// it filled in, and the training that it asks for. It is an error where the two don't go together.
// Nothing is compiled.
func (r Recipe) plan(set data.Set) (Recipe, train.Plan, error) {
	fail := func(err error) (Recipe, train.Plan, error) { return Recipe{}, train.Plan{}, err }
	r, err := r.asValues()
	if err != nil {
		return fail(err)
	}
	height, width := set.Size()
	if r.Batch > set.Len() {
		return fail(fmt.Errorf("kit.Recipe: Batch is %d; %s has %d images, so it must be from 1 to %[3]d", r.Batch, set.Name(), set.Len()))
	}
	if err := cmp.Or(r.Encoder.Check(height, width), r.checkAugment(height, width)); err != nil {
		return fail(err)
	}
	if r, err = r.withDefaults(height, width); err != nil {
		return fail(err)
	}
	batch := ssl.Batch{Images: r.Batch, Height: height, Width: width, Views: r.Augment, Data: set.Len()}
	r.Method = ssl.ForBatch(r.Method, batch)
	if err := ssl.Check(r.Method, batch, r.Encoder, set.Classes()); err != nil {
		return fail(err)
	}
	item, sources, err := r.item(set)
	if err != nil {
		return fail(err)
	}
	if item.Captions {
		if r.Method, err = r.readCaptions(set); err != nil {
			return fail(err)
		}
	}
	order, err := r.order(set)
	if err != nil {
		return fail(err)
	}
	if r.Steps == 0 {
		perEpoch := set.Len() / (r.Batch - order.LabelledPart)
		if most := setting.MostSteps / perEpoch; r.Epochs > most {
			return fail(fmt.Errorf("kit.Recipe: Epochs is %d; with %d steps in each it must be at most %d", r.Epochs, perEpoch, most))
		}
		r.Steps, r.Epochs = r.Epochs*perEpoch, 0 // One of them, so that the recipe of a run is a recipe again.
	}
	if r.MonitorEvery == 0 {
		r.MonitorEvery = max(r.Steps/20, 1)
	}
	if r.CheckpointEvery == 0 {
		r.CheckpointEvery = max(r.Steps/20, 1)
	}
	plan := train.Plan{
		Model: r.model(),
		Data:  r.Data, Images: set.Len(), Height: height, Width: width, Item: item, Sources: sources, Order: order,
		Optimizer: r.Optimizer, Schedule: r.Schedule, Steps: r.Steps, Seed: r.Seed, Start: r.Start,
		MonitorEvery: r.MonitorEvery, CheckpointEvery: r.CheckpointEvery,
		StopOnCollapse: r.StopOnCollapse, StopEarly: r.StopEarly, OnlineProbe: r.OnlineProbe, ResumeElsewhere: r.ResumeElsewhere,
		Mesh: r.Mesh, MicroBatch: r.MicroBatch, Rematerialize: r.Rematerialize,
	}
	return r, plan, plan.Check()
}

// checkAugment returns an error where the recipe's own augmentations can't work on images of that
// size. Methods take it for granted that they can.
func (r Recipe) checkAugment(height, width int) error {
	for i, view := range r.Augment {
		if err := view.Check(height, width); err != nil {
			return fmt.Errorf("kit.Recipe: Augment[%d]: %w", i, err)
		}
	}
	return nil
}

// model is what a recipe with its defaults filled in trains.
func (r Recipe) model() train.Model {
	return train.Model{Method: r.Method, Encoder: r.Encoder, Precision: r.Precision.dtype(), Views: r.Augment, EMA: r.EMA}
}

// withDefaults fills in what was left out and depends on nothing but the size of the images.
func (r Recipe) withDefaults(height, width int) (Recipe, error) {
	filled := r.Method.WithDefaults()
	if reflect.TypeOf(filled) != reflect.TypeOf(r.Method) {
		return r, fmt.Errorf("kit.Recipe: Method is a %T, and its WithDefaults returns a %T: a type that embeds a method must have "+
			"a WithDefaults of its own", r.Method, filled)
	}
	r.Method = filled
	r.Mesh, r.OnlineProbe = r.Mesh.WithDefaults(), r.OnlineProbe.WithDefaults()
	if r.MicroBatch == r.Batch { // One way to write it.
		r.MicroBatch = 0
	}
	if r.Optimizer == nil {
		r.Optimizer = r.Method.Optimizer()
	}
	if r.Schedule == nil {
		r.Schedule = optim.WarmupCosine{Warmup: .1}
	}
	own := len(r.Augment) == 0
	var err error
	if r.Augment, err = ssl.ViewsOf(r.Method, r.Augment, height, width); err != nil {
		return r, fmt.Errorf("kit.Recipe: Augment: %w", err)
	}
	if own {
		r.Augment, err = normalizedFor(r.Start, r.Augment)
	}
	return r, err
}

// normalizedFor are default augmentations, which normalise by CIFAR-10's statistics, with those that
// the file of weights start wants, where it says so.
func normalizedFor(start string, views []augment.Pipeline) ([]augment.Pipeline, error) {
	if start == "" {
		return views, nil
	}
	wanted, _, known, err := encoder.PreprocessingOf(start)
	if err != nil {
		return nil, fmt.Errorf("kit.Recipe: Start: %w", err)
	}
	if !known {
		return views, nil
	}
	views = slices.Clone(views)
	for i, view := range views {
		views[i] = slices.Clone(view)
		for j, transform := range view {
			if _, ok := transform.(augment.Normalize); ok {
				views[i][j] = augment.Normalize{Mean: wanted.Mean, Std: wanted.Std}
			}
		}
	}
	return views, nil
}

// item is what the method reads for every image of a set, and for each view which of the item's
// images it is made from. It is an error that names Data where the set can't give it.
func (r Recipe) item(set data.Set) (item data.Item, sources []int, err error) {
	height, width := set.Size()
	reads := ssl.ReadsOf(r.Method, height, width)
	item = data.Item{Frames: reads.Frames, Instances: reads.Instances, Captions: reads.Captions}
	if reads.Objects {
		if item.Objects, err = r.mostObjects(set, item); err != nil {
			return item, nil, err
		}
	}
	if item.Frames > 0 && item.Instances > 0 {
		return item, nil, fmt.Errorf("kit.Recipe: Method %s reads clips of %d frames and %d images of an object; it must read one of them",
			r.Method.Name(), item.Frames, item.Instances)
	}
	if err := item.Check(set); err != nil && item.Captions && item.Frames == 0 {
		return item, nil, fmt.Errorf("kit.Recipe: Method %s reads captions, so Data must be a source of images with captions, "+
			"such as data.CaptionFile or data.Shapes: %w", r.Method.Name(), err)
	} else if err != nil {
		return item, nil, fmt.Errorf("kit.Recipe: Method %s reads clips of %d frames, so Data must be a source of videos, "+
			"such as data.FrameFolder{Frames: %[2]d} or data.Shapes: %[3]w", r.Method.Name(), item.Frames, err)
	}
	return item, reads.Sources, nil
}

// mostObjects is how many objects an image of the set has room for. It is an error where the method
// can't learn from them.
func (r Recipe) mostObjects(set data.Set, item data.Item) (int, error) {
	if item.Images() > 1 {
		return 0, fmt.Errorf("kit.Recipe: Method %s reads objects, and %d images of each; boxes are known of one alone",
			r.Method.Name(), item.Images())
	}
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return 0, fmt.Errorf("kit.Recipe: Method %s reads objects, so Data must be a source of images with boxes, "+
			"such as data.Scenes: %w", r.Method.Name(), err)
	}
	for method := range ssl.Each[ssl.ReadsObjects](r.Method) {
		if err := method.CheckObjects(objects.ObjectClasses()); err != nil {
			return 0, err
		}
	}
	return max(objects.MostObjects(), 1), nil
}

// readCaptions is the method with what it takes from the captions of the training images, such as a
// vocabulary: the same method for the same images. It is an error where it can't read a caption.
func (r Recipe) readCaptions(set data.Set) (ssl.Method, error) {
	captions, err := data.Captions(set)
	if err != nil {
		return nil, fmt.Errorf("kit.Recipe: Method %s reads captions, so Data must have one for every image: %w", r.Method.Name(), err)
	}
	var all []string
	for _, ofImage := range captions {
		all = append(all, ofImage...)
	}
	return ssl.ForCaptions(r.Method, all)
}

// order is the order in which the recipe reads a set. It is an error where the method needs
// labelled images and there are none, or as many in a batch as there can't be.
func (r Recipe) order(set data.Set) (data.Order, error) {
	order := data.Order{Len: set.Len(), Batch: r.Batch, Seed: r.Seed}
	methods := slices.Collect(ssl.Each[ssl.SemiSupervised](r.Method))
	if len(methods) == 0 {
		return order, nil
	}
	order.LabelledPart = methods[0].LabelledOf(r.Batch)
	if order.LabelledPart < 1 || order.LabelledPart >= r.Batch {
		return order, fmt.Errorf("kit.Recipe: Method %s wants %d labelled images in a batch of %d; it must be from 1 to %d",
			r.Method.Name(), order.LabelledPart, r.Batch, r.Batch-1)
	}
	for _, method := range methods[1:] {
		if part := method.LabelledOf(r.Batch); part != order.LabelledPart {
			return order, fmt.Errorf("kit.Recipe: terms of Method %s want %d and %d labelled images in a batch; it must be one number",
				r.Method.Name(), order.LabelledPart, part)
		}
	}
	for i := range set.Len() {
		if set.Label(i) >= 0 {
			order.Labelled = append(order.Labelled, i)
		}
	}
	if len(order.Labelled) == 0 {
		return order, fmt.Errorf("kit.Recipe: Method %s needs labelled images, and none of %s has a label",
			r.Method.Name(), set.Name())
	}
	return order, nil
}
