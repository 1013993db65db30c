package train

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
)

// start gives the encoder's variables in the store the values that are in the file Start, and says
// what of the file it has used. They must have been created.
func (p Plan) start(store *model.Store) error {
	loaded, err := p.loadStart(EncoderScope(store))
	if err != nil {
		return err
	}
	fmt.Printf("the encoder starts from %s: %s\n", p.Start, loaded)
	return nil
}

// loadStart gives the encoder's variables in scope the values that are in the file Start.
func (p Plan) loadStart(scope *model.Scope) (encoder.Loaded, error) {
	loaded, err := LoadEncoder(scope, p.Start)
	if err != nil {
		return loaded, fmt.Errorf("kit.Recipe: Start is %s, which does not fit encoder %s: %w", p.Start, p.Encoder.Name(), err)
	}
	return loaded, nil
}

// LoadEncoder gives an encoder's variables in scope the values of a file of weights, as
// [encoder.Load] does. The variables must have been created.
func LoadEncoder(scope *model.Scope, path string) (encoder.Loaded, error) {
	weights, _, err := rundir.ReadWeights(path)
	if err != nil {
		return encoder.Loaded{}, err
	}
	return encoder.Load(scope, weights)
}

// checkStart returns an error where the file Start can't be read, or its weights are not those of
// the encoder. Nothing is compiled.
func (p Plan) checkStart() error {
	if p.Start == "" {
		return nil
	}
	scope := EncoderScope(model.NewStore())
	if err := BuildEncoder(scope, p.Encoder, p.Height, p.Width); err != nil {
		return err
	}
	_, err := p.loadStart(scope)
	return err
}
