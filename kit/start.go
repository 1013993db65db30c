package kit

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

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
	store := model.NewStore()
	scope := store.Scope("/" + encoderScope)
	if err := buildEncoder(scope, r.Encoder, height, width); err != nil {
		return err
	}
	if err := fill(scope, "encoder", r.Start, maskToken); err != nil {
		return fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", r.Start, r.Encoder.Name(), err)
	}
	return nil
}
