package kit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	// Validation is the accuracy on the validation images, in [0, 1], where StopEarly looked at them.
	Validation *float64 `json:"validation,omitempty"`
}

// metricsLog appends lines to metrics.jsonl. Each is written at once, so that the file can be read while training goes on.
type metricsLog struct{ file *os.File }

// openMetrics opens the log to go on behind a step, -1 for a new run; lines of later steps, which an interrupted run left,
// are cut off. It returns the seconds of training that the last line kept tells.
func openMetrics(dir string, step int) (log *metricsLog, seconds float64, err error) {
	path := filepath.Join(dir, metricsFile)
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
	return &metricsLog{file}, seconds, nil
}

// write appends a line.
func (l *metricsLog) write(metrics Metrics) error {
	line, err := json.Marshal(metrics)
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return nil
}

func (l *metricsLog) close() { l.file.Close() }

// readMetrics reads all whole lines of metrics.jsonl.
func readMetrics(dir string) ([]Metrics, error) {
	path := filepath.Join(dir, metricsFile)
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
