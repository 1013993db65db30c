package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Metrics is what one training step reported: a line of metrics.jsonl.
type Metrics struct {
	Step         int      `json:"step"`              // Steps done, counted from 1.
	Epoch        float64  `json:"epoch"`             // Passes over the images done.
	Loss         float64  `json:"loss"`              // Of this batch.
	LearningRate float64  `json:"lr"`                // In force in this step.
	GradientNorm float64  `json:"grad_norm"`         // 2-norm of the whole gradient, before clipping.
	Seconds      float64  `json:"seconds"`           // Time of training so far, over all processes.
	Monitor      *Monitor `json:"monitor,omitempty"` // The collapse monitors after this step, where they were looked at.
	// Validation is the accuracy on the validation images, in [0, 1], where StopEarly looked at
	// them.
	Validation *float64 `json:"validation,omitempty"`
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
// while training goes on.
type MetricsLog struct{ file *os.File }

// OpenMetrics opens the log to go on behind a step, -1 for a new run; lines of later steps, which
// an interrupted run left, are cut off. It returns the seconds of training that the last line kept
// tells.
func (d Dir) OpenMetrics(step int) (log *MetricsLog, seconds float64, err error) {
	path := d.Path(MetricsFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s: %w", path, err)
	}
	var keep int64
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		var metrics Metrics
		if err != nil || json.Unmarshal(line, &metrics) != nil || metrics.Step > step {
			break
		}
		keep += int64(len(line))
		seconds = metrics.Seconds
	}
	if err := file.Truncate(keep); err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("cutting %s: %w", path, err)
	}
	if _, err := file.Seek(keep, io.SeekStart); err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("opening %s: %w", path, err)
	}
	return &MetricsLog{file}, seconds, nil
}

// Write appends a line.
func (l *MetricsLog) Write(metrics Metrics) error {
	line, err := json.Marshal(metrics)
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return nil
}

// Close closes the file.
func (l *MetricsLog) Close() { l.file.Close() }

// Metrics reads all whole lines of metrics.jsonl.
func (d Dir) Metrics() ([]Metrics, error) {
	path := d.Path(MetricsFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var all []Metrics
	for line := range bytes.Lines(content) {
		var metrics Metrics
		if err := json.Unmarshal(line, &metrics); err != nil {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break // The writer is in the middle of this line.
			}
			return nil, fmt.Errorf("reading %s, line %d: %w", path, len(all)+1, err)
		}
		all = append(all, metrics)
	}
	return all, nil
}
