package rundir

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"sslkit/kit/wholefile"
)

// Metrics is what one training step reported: a line of metrics.jsonl.
type Metrics struct {
	Step         int      `json:"step"`              // Steps done, counted from 1.
	Epoch        float64  `json:"epoch"`             // Passes over the images done.
	Loss         float64  `json:"loss"`              // Of this batch.
	LearningRate float64  `json:"lr"`                // In force in this step.
	GradientNorm float64  `json:"grad_norm"`         // 2-norm of the whole gradient, before clipping.
	Seconds      float64  `json:"seconds"`           // Time of training so far, over all processes.
	Waited       float64  `json:"waited,omitempty"`  // Seconds of these in which the training waited for images to be read.
	Monitor      *Monitor `json:"monitor,omitempty"` // The collapse monitors after this step, where they were looked at.
	// Validation is the accuracy on the validation images, in [0, 1], where StopEarly looked at
	// them.
	Validation *float64 `json:"validation,omitempty"`
	// Probe is what the probe said after this step, where it looked.
	Probe *Probe `json:"probe,omitempty"`
}

// Probe is a look at the representation by two classifiers, fitted on the features of labelled
// training images and judged on validation images.
type Probe struct {
	KNN     float64 `json:"knn"`     // Accuracy of k-NN with K 20, in [0, 1].
	Linear  float64 `json:"linear"`  // Accuracy of a linear classifier, in [0, 1].
	Weights string  `json:"weights"` // Of which weights the features are, such as "student".
	Labels  int     `json:"labels"`  // Training images.
	Judged  int     `json:"judged"`  // Validation images.
}

// Monitor is a look at whether the representation collapses, on images that are not trained on,
// with the encoder as it is used (running statistics). See package metric for the definitions.
type Monitor struct {
	// EmbeddingStd is the mean over dimensions of the standard deviation of the l2-normalised
	// embeddings: 1/√dim when they spread over the sphere, 0 when all are the same.
	EmbeddingStd float64 `json:"embedding_std"`
	// EmbeddingDim is the number of dimensions of the embedding, for that comparison.
	EmbeddingDim int `json:"embedding_dim"`
	// RankMe is the effective rank of the embeddings: from 1 to the smaller of images and
	// dimensions.
	RankMe float64 `json:"rank_me"`
	// Alignment is the mean squared distance of two views of an image in the embedding, or, for a
	// method that reads several images of an object or a clip, of views of two of these: from 0 to
	// 4, lower is closer.
	Alignment float64 `json:"alignment"`
	// Uniformity is the logarithm of the mean Gaussian potential of pairs of images: at most 0,
	// which is collapse.
	Uniformity float64 `json:"uniformity"`
}

// Looks are the lines that hold a look at the monitors.
func Looks(all []Metrics) []Metrics {
	var with []Metrics
	for _, m := range all {
		if m.Monitor != nil {
			with = append(with, m)
		}
	}
	return with
}

// MetricsLog appends lines to metrics.jsonl. Each is written at once, so that the file can be read
// while training goes on, and ends with a sum of itself.
type MetricsLog struct{ file *os.File }

// OpenMetrics opens the log to go on behind a step, -1 for a new run; lines of later steps, which
// an interrupted run left, are cut off. It returns the lines that stay. It is an error where one of
// them is missing or damaged.
func (d Dir) OpenMetrics(step int) (log *MetricsLog, earlier []Metrics, err error) {
	path := d.Path(MetricsFile)
	if step < -1 {
		return nil, nil, fmt.Errorf("opening %s to go on behind step %d: it must be at least -1", path, step)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, wholefile.FilePerms)
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", path, err)
	}
	fail := func(err error) (*MetricsLog, []Metrics, error) {
		file.Close()
		return nil, nil, fmt.Errorf("opening %s to go on behind step %d: %w", path, step, err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return fail(err)
	}
	all, ends, broken := parseMetrics(content, true)
	if len(all) <= step {
		return fail(cmp.Or(broken, fmt.Errorf("steps %d to %d are missing", len(all), step)))
	}
	keep := int64(0)
	if step >= 0 {
		keep = int64(ends[step])
	}
	if err := file.Truncate(keep); err != nil {
		return fail(err)
	}
	if _, err := file.Seek(keep, io.SeekStart); err != nil {
		return fail(err)
	}
	return &MetricsLog{file}, all[:step+1], nil
}

// Write appends a line.
func (l *MetricsLog) Write(metrics Metrics) error {
	line, err := json.Marshal(metrics)
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	if _, err := l.file.Write(withSum(line)); err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return nil
}

// Sync makes the lines durable, so that a checkpoint never outlasts those that lead to it.
func (l *MetricsLog) Sync() error {
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return nil
}

// Close makes the lines durable and closes the file.
func (l *MetricsLog) Close() error {
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil {
		return fmt.Errorf("closing %s: %w", l.file.Name(), err)
	}
	return nil
}

// A line ends with the beginning of the SHA-256 of what stands before: ,"sum":"0123456789abcdef"}
const (
	sumKey    = `,"sum":"`
	sumDigits = 16
	sumLength = len(sumKey) + sumDigits + len(`"}`)
)

// withSum is a line of JSON with its sum, and the end of the line.
func withSum(line []byte) []byte {
	body := line[:len(line)-len("}")]
	return fmt.Appendf(nil, "%s%s%s\"}\n", body, sumKey, sumOfBytes(body)[:sumDigits])
}

// checkSum returns an error where a line does not end with its sum. One without a sum is accepted
// where the run is from before there were any.
func checkSum(line []byte, required bool) error {
	line = bytes.TrimSuffix(line, []byte("\n"))
	at := max(len(line)-sumLength, 0)
	if !bytes.HasPrefix(line[at:], []byte(sumKey)) {
		if required {
			return fmt.Errorf("it is %w: there is no sum at its end", ErrDamaged)
		}
		return nil
	}
	if !bytes.Equal(line[at+len(sumKey):], []byte(sumOfBytes(line[:at])[:sumDigits]+`"}`)) {
		return fmt.Errorf("it is %w: it does not fit its sum", ErrDamaged)
	}
	return nil
}

// parseMetrics reads lines of the steps 0, 1, 2 and so on, each with the offset of its end. It
// stops at the first line that is damaged or of another step, with an error; the last line may be
// without its end, which is no error: its writer may be in the middle of it.
func parseMetrics(content []byte, sums bool) (all []Metrics, ends []int, err error) {
	end := 0
	for line := range bytes.Lines(content) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		end += len(line)
		var metrics Metrics
		if err := cmp.Or(checkSum(line, sums), json.Unmarshal(line, &metrics)); err != nil {
			return all, ends, fmt.Errorf("line %d, that of step %d: %w", len(all)+1, len(all), err)
		}
		if metrics.Step != len(all) {
			return all, ends, fmt.Errorf("%w: it goes on with step %d, so steps %d to %d are missing",
				ErrDamaged, metrics.Step, len(all), metrics.Step-1)
		}
		all, ends = append(all, metrics), append(ends, end)
	}
	return all, ends, nil
}

// Metrics reads all whole lines of metrics.jsonl, one for each step from 0 on. Where one is missing
// or damaged, it returns those before it with an error that says which.
func (d Dir) Metrics() ([]Metrics, error) {
	path := d.Path(MetricsFile)
	fail := func(all []Metrics, err error) ([]Metrics, error) {
		return all, fmt.Errorf("reading %s: %w", path, err)
	}
	// The sums first: those of a run that ends meanwhile are of lines that were not there before.
	written, err := readSums(string(d))
	none := errors.Is(err, os.ErrNotExist)
	if err != nil && !none {
		return fail(nil, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fail(nil, err)
	}
	all, _, err := parseMetrics(content, !none)
	if err != nil {
		return fail(all, err)
	}
	if written.match(string(d), MetricsFile, sumOfBytes(content)) != nil {
		return fail(all, fmt.Errorf("%w: the run is finished, and the steps from %d on are missing", ErrDamaged, len(all)))
	}
	return all, nil
}
