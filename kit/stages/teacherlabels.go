package stages

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/rundir"
)

// teacherLabels are what a teacher says of all training images, as a file beside the runs of a
// NoisyStudent holds it.
type teacherLabels struct {
	Teacher    string  `json:"teacher"`    // Hash of its encoder.
	Images     string  `json:"images"`     // Their fingerprint, with the labels that are known.
	Confidence float64 `json:"confidence"` // As NoisyStudent.Confidence.
	PerClass   int     `json:"per_class"`  // As NoisyStudent.PerClass.
	Labels     []int   `json:"labels"`     // Of each image, -1 for none.
}

// labels are the true labels of the images that have one, and the teacher's of those that it is
// confident of. They are read from the file at path where they were made with this teacher and
// these settings, so that they don't depend on the machine that reads them.
func (n NoisyStudent) labels(path string, teacher *kit.Run) ([]int, error) {
	set, err := data.PartlyLabelled{From: n.Data, Subset: n.Labels}.Open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	hash, err := rundir.HashWeights(teacher.WeightsFile())
	if err != nil {
		return nil, err
	}
	made := teacherLabels{Teacher: hash, Images: set.Fingerprint(), Confidence: n.Confidence, PerClass: n.PerClass}
	var there teacherLabels
	if err := rundir.ReadJSON(path, &there); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Printf("the teacher labels the images anew: %v\n", err)
	} else if err == nil {
		made.Labels, there.Labels = there.Labels, nil
		if there.equal(made) && len(made.Labels) == set.Len() {
			return made.Labels, nil
		}
	}

	logits, err := teacher.EmbeddingsOf(n.Data, data.Train)
	if err != nil {
		return nil, err
	}
	if classes := len(set.Classes()); logits.Dim != classes {
		return nil, fmt.Errorf("stages.NoisyStudent: the teacher's embedding has %d values for %d classes; it must be their logits, "+
			"as that of ssl.Supervised is", logits.Dim, classes)
	}
	made.Labels = confident(logits.X, logits.Dim, data.Labels(set), n.Confidence, n.PerClass)
	return made.Labels, rundir.WriteJSON(path, made)
}

// equal compares all but the labels.
func (l teacherLabels) equal(other teacherLabels) bool {
	return l.Teacher == other.Teacher && l.Images == other.Images &&
		l.Confidence == other.Confidence && l.PerClass == other.PerClass
}

// confident are the known labels, and for the images without one (-1) the most likely class, where
// its probability is at least the confidence, else -1. Of each class, those beyond perClass images,
// the known ones counted, lose their labels again, the least confident first; 0 is no limit.
//
//	logits: [n, classes] row by row; known: [n] -> [n]
func confident(logits []float32, classes int, known []int, confidence float64, perClass int) []int {
	labels := slices.Clone(known)
	said := make([][]int, classes) // The images that the teacher labelled, by class.
	count := make([]int, classes)  // The known ones.
	probability := make([]float64, len(known))
	for i, label := range known {
		if label >= 0 {
			count[label]++
			continue
		}
		class, p := mostLikely(logits[i*classes : (i+1)*classes])
		if p >= confidence {
			labels[i], probability[i] = class, p
			said[class] = append(said[class], i)
		}
	}
	if perClass == 0 {
		return labels
	}
	for class, images := range said {
		slices.SortStableFunc(images, func(a, b int) int {
			return cmp.Compare(probability[b], probability[a])
		})
		for _, i := range images[min(max(perClass-count[class], 0), len(images)):] {
			labels[i] = -1
		}
	}
	return labels
}

// mostLikely is the class of the largest logit, the first of equal ones, and its probability.
func mostLikely(logits []float32) (class int, probability float64) {
	for c, v := range logits {
		if v > logits[class] {
			class = c
		}
	}
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v) - float64(logits[class]))
	}
	return class, 1 / sum
}
