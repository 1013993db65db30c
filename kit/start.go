package kit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
)

// maskToken is the one variable of an encoder that a masked method has and the others don't: it may be left over.
const maskToken = "mask_token"

// start gives the encoder's variables in the store the values that are in the file Start. They must have been created.
func (r Recipe) start(store *model.Store) error {
	weights, _, err := readWeights(r.Start)
	if err != nil {
		return fmt.Errorf("kit.Recipe: Start: %w", err)
	}
	if err := encoder.SetWeights(store.Scope("/"+encoderScope), weights); err != nil {
		return fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", r.Start, r.Encoder.Name(), err)
	}
	return nil
}

// checkStart returns an error where the file Start can't be read, lacks a variable of the encoder, has one of another shape,
// or has one that the encoder lacks: a deeper network's file holds all that a shallow one wants. Nothing is compiled.
func (r Recipe) checkStart(height, width int) error {
	if r.Start == "" {
		return nil
	}
	backend, err := device.Open()
	if err != nil {
		return err
	}
	store := model.NewStore()
	scope := store.Scope("/" + encoderScope)
	if err := exceptions.TryCatch[error](func() { // Building the encoder brings its variables into being, without values.
		g := NewGraph(backend, "start")
		defer g.Finalize()
		r.Encoder.Encode(scope, Parameter(g, "images", shapes.Make(dtypes.Float32, 2, height, width, 3)))
	}); err != nil {
		return fmt.Errorf("building encoder %s: %w", r.Encoder.Name(), err)
	}
	if err := r.start(store); err != nil {
		return err
	}
	have, err := encoder.Weights(scope)
	if err != nil {
		return err
	}
	weights, _, err := readWeights(r.Start)
	if err != nil {
		return err
	}
	for _, w := range have {
		delete(weights, w.Name)
	}
	delete(weights, maskToken)
	if len(weights) == 0 {
		return nil
	}
	left := slices.Sorted(maps.Keys(weights))
	return fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: the encoder has no %s",
		r.Start, r.Encoder.Name(), strings.Join(left[:min(3, len(left))], ", "))
}
