package train

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
)

// maskToken is the one variable of an encoder that a masked method has and the others don't: it may
// be left over.
const maskToken = "mask_token"

// start gives the encoder's variables in the store the values that are in the file Start. They must
// have been created.
func (p Plan) start(store *model.Store) error {
	weights, _, err := rundir.ReadWeights(p.Start)
	if err != nil {
		return fmt.Errorf("kit.Recipe: Start: %w", err)
	}
	if err := encoder.SetWeights(EncoderScope(store), weights); err != nil {
		return fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", p.Start, p.Encoder.Name(), err)
	}
	return nil
}

// checkStart returns an error where the file Start can't be read, lacks a variable of the encoder,
// has one of another shape, or has one that the encoder lacks: a deeper network's file holds all
// that a shallow one wants. Nothing is compiled.
func (p Plan) checkStart() error {
	if p.Start == "" {
		return nil
	}
	store := model.NewStore()
	scope := EncoderScope(store)
	if err := BuildEncoder(scope, p.Encoder, p.Height, p.Width); err != nil {
		return err
	}
	if err := fill(scope, "encoder", p.Start, maskToken); err != nil {
		return fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", p.Start, p.Encoder.Name(), err)
	}
	return nil
}
