package train

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device"
	"sslkit/kit/ssl"
)

// Tokens are texts as the method reads them: int32 [len(texts), length]. It is an error where it
// reads no text, or not these.
func (m Model) Tokens(texts []string) (*tensors.Tensor, error) {
	reader, ok := ssl.Find[ssl.ReadsCaptions](m.Method)
	if !ok {
		return nil, fmt.Errorf("method %s reads no text; it must be an ssl.ReadsCaptions, such as ssl.CLIP", m.Method.Name())
	}
	tokens, length, err := reader.Tokens(texts)
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(tokens, len(texts), length), nil
}

// EmbedTexts runs the method's text encoder with the weights in a store: [len(texts), dim].
func (m Model) EmbedTexts(store *model.Store, texts []string) (x []float32, dim int, err error) {
	backend, err := device.Open()
	if err != nil {
		return nil, 0, err
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, tokens *Node) *Node {
		scope.Store().SetTraining(tokens.Graph(), false)
		reader, own, _ := ssl.FindIn[ssl.ReadsCaptions](m.Method, scope.At(methodScope))
		return reader.EmbedText(own, tokens)
	})
	if err != nil {
		return nil, 0, err
	}
	defer exec.Finalize()
	pass := make([]string, min(forwardBatch, len(texts)))
	for start := 0; start < len(texts); start += len(pass) {
		for i := range pass {
			pass[i] = texts[min(start+i, len(texts)-1)] // The last pass is filled up, so that all have one shape.
		}
		tokens, err := m.Tokens(pass)
		if err != nil {
			return nil, 0, err
		}
		var rows []float32
		if rows, dim, err = callOnce(exec, tokens); err != nil {
			return nil, 0, err
		}
		x = append(x, rows[:min(len(pass), len(texts)-start)*dim]...)
	}
	return x, dim, nil
}
