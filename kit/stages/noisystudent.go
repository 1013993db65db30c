package stages

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/setting"
)

// NoisyStudent trains a teacher on the images that have labels, lets it label the others, trains a
// student on all that it is confident of, with noise, makes that student the next teacher, and so
// on. The noise is what the student has to learn to ignore: stronger augmentation than the
// teacher's, stochastic depth in an encoder.ViT, a larger encoder if you like.
//
//	stages.NoisyStudent{
//		Data:    data.Shapes{},
//		Labels:  data.Subset{PerClass: 10, Seed: 1},
//		Teacher: kit.Recipe{Encoder: small, Method: ssl.Supervised{Classes: 10}, Steps: 800, Batch: 50},
//		Student: kit.Recipe{
//			Encoder: small, Method: ssl.Supervised{Classes: 10}, Augment: []augment.Pipeline{semi.StrongView()},
//			Epochs:  20, Batch: 128,
//		},
//	}
//
// Xie et al. 2019, "Self-training with Noisy Student improves ImageNet classification",
// arXiv:1911.04252. The labels are hard: the most likely class; the paper's figures are with soft
// ones, which it finds about as good on images like the labelled ones.
type NoisyStudent struct {
	// Data are the images, with their labels. Required.
	Data data.Source
	// Labels are the images whose labels may be used. The zero value is all.
	Labels data.Subset
	// Teacher is trained first, on the labelled images alone. Its method's embedding must be the
	// classes' logits, as that of ssl.Supervised is. Its Data is left out.
	Teacher kit.Recipe
	// Student is trained in each round, on the labelled images and those that the teacher labelled.
	// Its Data is left out.
	Student kit.Recipe
	// Rounds is the number of students, at least 1. Default 3.
	Rounds int
	// Confidence is the probability in (0, 1) that a teacher must give its label for the image to
	// count. Default 0.3.
	Confidence float64
	// PerClass is the largest number of images of a class that count, those of the highest
	// confidence, so that no class takes over; at least 1. Default 0: no limit. The paper takes
	// 130,000.
	PerClass int
}

// WithDefaults fills in the settings that were left at zero.
func (n NoisyStudent) WithDefaults() NoisyStudent {
	n.Rounds = cmp.Or(n.Rounds, 3)
	n.Confidence = cmp.Or(n.Confidence, .3)
	return n
}

// TrainNoisyStudent trains the teacher, in the run directory dir/teacher, and the students, in
// dir/student-1 and on, and gives their runs in this order: the last is the result. What a teacher
// said is in dir/student-1-labels.json and on. Like Pretrain it is idempotent on dir: what is
// finished is loaded, what was interrupted goes on.
//
// Errors are those of Pretrain; bad settings of the student are told before the teacher is trained.
func TrainNoisyStudent(dir string, n NoisyStudent) ([]*kit.Run, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	n = n.WithDefaults()
	n.Teacher.Data = data.Labelled{From: n.Data, Subset: n.Labels}
	teacher, err := kit.Pretrain(filepath.Join(dir, "teacher"), n.Teacher)
	if err != nil {
		return nil, err
	}
	runs := []*kit.Run{teacher}
	for round := 1; round <= n.Rounds; round++ {
		name := filepath.Join(dir, fmt.Sprintf("student-%d", round))
		labels, err := n.labels(name+"-labels.json", runs[len(runs)-1])
		if err != nil {
			return runs, err
		}
		// Labelled leaves out the images that the teacher was not confident of.
		n.Student.Data = data.Labelled{From: data.Relabelled{From: n.Data, Labels: labels}}
		student, err := kit.Pretrain(name, n.Student)
		if err != nil {
			return runs, err
		}
		runs = append(runs, student)
	}
	return runs, nil
}

// check returns an error where a setting is out of range, without training.
func (n NoisyStudent) check() error {
	n = n.WithDefaults()
	switch {
	case n.Data == nil:
		return setting.Missing("stages.NoisyStudent: Data", "a data.Source, such as data.Shapes{}")
	case n.Teacher.Data != nil || n.Student.Data != nil:
		return errors.New("stages.NoisyStudent: Data of Teacher or Student is given; leave it out, it is the NoisyStudent's")
	}
	d := NoisyStudent{}.WithDefaults()
	if err := cmp.Or(
		setting.AtLeast(1, "stages.NoisyStudent: Rounds", n.Rounds, d.Rounds),
		setting.Fraction("stages.NoisyStudent: Confidence", n.Confidence, d.Confidence),
		setting.AtLeast(0, "stages.NoisyStudent: PerClass", n.PerClass, "no limit"),
	); err != nil {
		return err
	}
	n.Teacher.Data = data.Labelled{From: n.Data, Subset: n.Labels}
	if err := n.Teacher.Check(); err != nil {
		return fmt.Errorf("stages.NoisyStudent: Teacher: %w", err)
	}
	n.Student.Data = n.Data // As many images at most as it will see.
	if err := n.Student.Check(); err != nil {
		return fmt.Errorf("stages.NoisyStudent: Student: %w", err)
	}
	return nil
}
