package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// BuildHead brings the variables of a method's Embed, on an encoder, into being in scope, without
// values, and tells how many numbers it gives.
func BuildHead(scope *model.Scope, method ssl.Method, e encoder.Encoder) (dim int, err error) {
	err = building(scope, func(g *Graph) {
		dim = method.Embed(scope, Parameter(g, "features", shapes.Make(dtypes.Float32, 2, e.Dim()))).Shape().Dim(-1)
	})
	return dim, err
}

// BuildEncoder brings an encoder's variables into being, without values.
func BuildEncoder(scope *model.Scope, e encoder.Encoder, height, width int) error {
	if err := building(scope, func(g *Graph) {
		e.Encode(scope, Parameter(g, "images", shapes.Make(dtypes.Float32, 2, height, width, 3)))
	}); err != nil {
		return fmt.Errorf("building encoder %s: %w", e.Name(), err)
	}
	return nil
}

// building makes a graph that is never compiled, for the variables that come into being with it.
func building(scope *model.Scope, build func(g *Graph)) error {
	backend, err := device.Open()
	if err != nil {
		return err
	}
	return Catch(func() error {
		g := NewGraph(backend, scope.Scope())
		defer g.Finalize()
		build(g)
		return nil
	})
}

// fill gives the variables of a head in scope the values of a file, and returns an error where it
// can't be read, lacks one of them, has one of another shape, or has one that is not among them.
func fill(scope *model.Scope, path string) error {
	weights, _, err := rundir.ReadWeights(path)
	if err != nil {
		return err
	}
	if err := encoder.SetWeights(scope, weights); err != nil {
		return err
	}
	have, err := encoder.Weights(scope)
	if err != nil {
		return err
	}
	for _, w := range have {
		delete(weights, w.Name)
	}
	if len(weights) == 0 {
		return nil
	}
	left := slices.Sorted(maps.Keys(weights))
	return fmt.Errorf("the head has no %s", strings.Join(left[:min(3, len(left))], ", "))
}

// loadFrozen brings the network that the method learns from, if it does, into being in a store, with
// the weights of its files, and keeps the optimiser away from it. What was left out of the
// encoder's is returned.
func (p Plan) loadFrozen(store *model.Store) (left []string, err error) {
	method, ok := ssl.Find[ssl.LearnsFromFrozen](p.Method)
	if !ok {
		return nil, nil
	}
	frozen := method.Frozen()
	scope := store.Scope("/" + frozenScope)
	fail := func(file string, err error) ([]string, error) {
		return nil, fmt.Errorf("%s learns from a frozen network: %s does not fit encoder %s: %w",
			p.Method.Name(), file, frozen.Encoder.Name(), err)
	}
	height, width := p.Views[0].OutputSize(p.Height, p.Width) // What it will be shown.
	if err := BuildEncoder(scope.At(encoderScope), frozen.Encoder, height, width); err != nil {
		return nil, err
	}
	loaded, err := LoadEncoder(scope.At(encoderScope), frozen.Weights)
	if err != nil {
		return fail(frozen.Weights, err)
	}
	if frozen.Method != nil {
		dim, err := BuildHead(scope.At(methodScope), frozen.Method, frozen.Encoder)
		if err != nil {
			return fail(frozen.Head, err)
		}
		if logits, ok := method.(ssl.LearnsFromLogits); ok {
			if err := logits.CheckLogits(dim); err != nil {
				return nil, err
			}
		}
		if err := fill(scope.At(methodScope), frozen.Head); err != nil {
			return fail(frozen.Head, err)
		}
	}
	for v := range scope.IterVariables() {
		v.SetTrainable(false)
	}
	return loaded.Left, nil
}

// freeze is loadFrozen for those who do not care what was left out.
func (p Plan) freeze(store *model.Store) error {
	_, err := p.loadFrozen(store)
	return err
}

// checkFrozen returns an error where the network that the method learns from does not fit its files
// or the images, or wants these normalised otherwise. Nothing is compiled.
func (p Plan) checkFrozen() error {
	method, ok := ssl.Find[ssl.LearnsFromFrozen](p.Method)
	if !ok {
		return nil
	}
	frozen := method.Frozen()
	for _, view := range p.Views {
		if err := frozen.Encoder.Check(view.OutputSize(p.Height, p.Width)); err != nil {
			return fmt.Errorf("%s learns from a frozen network: %w", p.Method.Name(), err)
		}
	}
	if err := p.freeze(model.NewStore()); err != nil {
		return err
	}
	_, _, err := p.checkShown(fmt.Sprintf("%s learns from a frozen network: Weights", p.Method.Name()), frozen.Weights)
	return err
}
