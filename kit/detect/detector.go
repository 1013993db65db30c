package detect

import (
	"fmt"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/detect/fcos"
	"sslkit/kit/metric"
	"sslkit/kit/ssl"
)

// Detector is a trained one in its run directory.
type Detector struct {
	Run     *kit.Run
	Classes []string // The names of the classes of objects.
}

// Open gives the detector in a directory, finished or not. Its errors are those of kit.Open, and a
// run of another method.
func Open(dir string, own ...any) (*Detector, error) {
	run, err := kit.Open(dir, own...)
	if err != nil {
		return nil, err
	}
	if _, ok := ssl.Find[fcos.FCOS](run.Recipe.Method); !ok {
		return nil, fmt.Errorf("opening the detector in %s: the run there is of method %s, and not of fcos.FCOS", dir, run.Recipe.Method.Name())
	}
	set, err := run.Recipe.Data.Open(data.Train)
	if err != nil {
		return nil, fmt.Errorf("opening the detector in %s: %w", dir, err)
	}
	defer set.Close()
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return nil, fmt.Errorf("opening the detector in %s: %w", dir, err)
	}
	return &Detector{run, objects.ObjectClasses()}, nil
}

// Detect finds the objects of each image of a split, from the surest to the least sure: at most 100,
// of a score of at least 0.05, and of boxes of a class that overlap by more than 0.6 the surest.
// Errors: that there is no such split or no checkpoint.
func (d *Detector) Detect(split data.Split) ([][]Found, error) {
	return d.DetectIn(d.Run.Recipe.Data, split)
}

// DetectIn is Detect for a split of another source, whose images need no boxes. Errors: what the
// source cannot open, images of a size that the detector does not take, that there is no checkpoint.
func (d *Detector) DetectIn(source data.Source, split data.Split) ([][]Found, error) {
	var all [][]Found
	err := d.Run.Predictions(source, split, func(set data.Set, image int, row []float32) error {
		found, err := decode(row, len(d.Classes))
		if err != nil {
			return fmt.Errorf("image %d of %s: %w", image, set.Name(), err)
		}
		all = append(all, found)
		return nil
	})
	return all, err
}

// Result is how well a detector finds the objects of a split.
type Result struct {
	metric.DetectionSummary                 // COCO's twelve figures, and the average precision of each class.
	Interval                metric.Interval // Of AP, over the images.
	Classes                 []string        // The names of ClassAP.
	Set                     string          // Whose objects were to be found.
	Images                  int             // In it.
	Trained                 string          // The images that were trained on.
	TrainedImages           int             // Their number.
	Found                   [][]Found       `json:"-"` // By image.
}

// String is such as "mAP 31.2 % [29.8, 32.5], AP50 55.0 %, AP75 30.1 % on 2000 images of scenes/test".
func (r Result) String() string {
	return fmt.Sprintf("mAP %.1f %% [%.1f, %.1f], AP50 %.1f %%, AP75 %.1f %% on %d images of %s", 100*r.AP, 100*r.Interval.Low,
		100*r.Interval.High, 100*r.AP50, 100*r.AP75, r.Images, r.Set)
}

// resamples of the bootstrap over images.
const resamples = 1000

// Evaluate measures the detector on a split of its own data. Its errors are those of Detect, and
// images without an object.
func (d *Detector) Evaluate(split data.Split) (Result, error) {
	return d.EvaluateOn(d.Run.Recipe.Data, split)
}

// EvaluateOn is Evaluate for another source, whose objects must have the same classes.
func (d *Detector) EvaluateOn(source data.Source, split data.Split) (Result, error) {
	result, matches, err := d.measure(source, split)
	if err == nil {
		result.Interval, err = metric.BootstrapOf(matches.Len(), resamples, 1, matches.AP)
	}
	if err != nil {
		return Result{}, fmt.Errorf("measuring the detector in %s: %w", d.Run.Dir, err)
	}
	return result, nil
}

// Summary is the figures of EvaluateOn without the interval, which takes seconds where a detector finds
// much: for a comparison whose intervals are over seeds. Its errors are the same.
func (d *Detector) Summary(source data.Source, split data.Split) (metric.DetectionSummary, error) {
	result, _, err := d.measure(source, split)
	if err != nil {
		return metric.DetectionSummary{}, fmt.Errorf("measuring the detector in %s: %w", d.Run.Dir, err)
	}
	return result.DetectionSummary, nil
}

// measure is a Result but for its interval, and what was found beside the truth.
func (d *Detector) measure(source data.Source, split data.Split) (Result, *metric.DetectionMatches, error) {
	fail := func(err error) (Result, *metric.DetectionMatches, error) { return Result{}, nil, err }
	set, err := source.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	objects, err := data.ObjectsIn(set)
	if err != nil {
		return fail(err)
	}
	if got := objects.ObjectClasses(); !slices.Equal(got, d.Classes) {
		return fail(fmt.Errorf("the objects of %s are of the classes %v; the detector was trained on %v", set.Name(), got, d.Classes))
	}
	found, err := d.DetectIn(source, split)
	if err != nil {
		return fail(err)
	}
	images := make([]metric.DetectionImage, len(found))
	for i := range images {
		if images[i].Objects, err = Truth(objects, i, metric.ByBox); err != nil {
			return fail(err)
		}
		for _, f := range found[i] {
			images[i].Detections = append(images[i].Detections, metric.Detection{Class: f.Class, Score: f.Score, Box: Box(f.Box)})
		}
	}
	matches, err := metric.MatchDetections(images, len(d.Classes), metric.ByBox)
	if err != nil {
		return fail(err)
	}
	result := Result{Classes: d.Classes, Set: set.Name(), Images: set.Len(), Found: found}
	if result.DetectionSummary, err = matches.Summary(nil); err != nil {
		return fail(err)
	}
	trained, err := d.Run.Recipe.Data.Open(data.Train)
	if err != nil {
		return fail(err)
	}
	defer trained.Close()
	result.Trained, result.TrainedImages = trained.Name(), trained.Len()
	return result, matches, nil
}
