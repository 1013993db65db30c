package main

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// embedder is a method with a head behind the encoder that gives the embedding.
type embedder interface {
	Embed(scope *model.Scope, features *Node) *Node
}

// countParameters are those that are trained of the encoder and of the method's head, where it has
// one that gives an embedding, by the variables of their graphs.
func countParameters(e encoder.Encoder, method ssl.Method, side int) (count int64, err error) {
	backend, err := device.Open()
	if err != nil {
		return 0, fmt.Errorf("counting parameters: %w", err)
	}
	store := model.NewStore()
	defer store.Finalize()
	err = train.Catch(func() error {
		g := NewGraph(backend, "parameters")
		defer g.Finalize()
		scope := store.RootScope()
		out := e.Encode(scope.At("encoder"), Parameter(g, "images", shapes.Make(dtypes.Float32, 2, side, side, 3)))
		if head, ok := method.WithDefaults().(embedder); ok {
			head.Embed(scope.At("method"), out.Pooled)
		}
		for v := range store.IterVariables() {
			if v.Trainable {
				count += int64(v.Shape().Size())
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("counting parameters of %s: %w", e.Name(), err)
	}
	return count, nil
}
