package compress

import (
	"bytes"
	"compress/gzip"
	"os"

	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/setting"
)

// Candidate is a trained encoder to be compared with others.
type Candidate struct {
	// Name is what the table calls it. Required.
	Name string
	// Encoder is its architecture. Required.
	Encoder encoder.Encoder
	// Weights is the path of its weights, such as a run's encoder.safetensors. Required.
	Weights string
	// Train and Test are its representations of labelled images, as Run.Features gives them, for
	// the accuracy of k-NN. The zero value of both leaves the accuracy out.
	Train, Test eval.Features
}

// Row is what Compare measured of a candidate.
type Row struct {
	Name         string       `json:"name"`               // The candidate's.
	Accuracy     *eval.Result `json:"accuracy,omitempty"` // Of eval.KNN{} on Test; nil where there are no features.
	Params       int64        `json:"params"`             // Trainable parameters, as encoder.Cost counts them.
	NonZero      int64        `json:"non_zero"`           // Values in the file that are not zero, norms' statistics among them.
	MultiplyAdds int64        `json:"multiply_adds"`      // Of one image, as encoder.Cost counts them: zeros count.
	FileBytes    int64        `json:"file_bytes"`         // Size of the file of weights.
	GzipBytes    int64        `json:"gzip_bytes"`         // Size of the same file compressed, where zeros take next to nothing.
	// Latency is the time that images take, for each of the batch sizes, in their order.
	Latency []Latency `json:"latency"`
}

// check returns an error where a field is missing.
func (c Candidate) check(height, width int) error {
	switch {
	case c.Name == "":
		return setting.Missing("compress.Candidate: Name", "a name of one's own for the row")
	case c.Encoder == nil:
		return setting.Missing("compress.Candidate: Encoder of "+c.Name, "an encoder.Encoder, such as encoder.ResNet{}")
	case c.Weights == "":
		return setting.Missing("compress.Candidate: Weights of "+c.Name, "the path of a file of weights")
	}
	return c.Encoder.Check(height, width)
}

// measure fills in all of a row but the latency.
func (c Candidate) measure(height, width int) (Row, error) {
	cost := c.Encoder.Cost(height, width)
	row := Row{Name: c.Name, Params: cost.Params, MultiplyAdds: cost.MultiplyAdds}
	if c.Train.N > 0 || c.Test.N > 0 {
		accuracy, err := eval.KNN{}.Evaluate(c.Train, c.Test)
		if err != nil {
			return row, err
		}
		row.Accuracy = &accuracy
	}
	weights, _, err := encoder.ReadSafetensors(c.Weights)
	if err != nil {
		return row, err
	}
	for _, w := range weights {
		for _, v := range w.Data {
			if v != 0 {
				row.NonZero++
			}
		}
	}
	content, err := os.ReadFile(c.Weights)
	if err != nil {
		return row, err
	}
	row.FileBytes = int64(len(content))
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(content); err != nil {
		return row, err
	}
	if err := w.Close(); err != nil {
		return row, err
	}
	row.GzipBytes = int64(zipped.Len())
	return row, nil
}
