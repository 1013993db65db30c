package kit

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

const (
	frozenScope = "frozen"             // Holds the encoder and the head of a network that a method learns from.
	headFile    = "method.safetensors" // The variables of Method.Embed, where Run.Frozen was asked for.
)

// Frozen is the trained encoder with what the method's Embed built on it, if it did, for a method that learns from both, as
// compress.Logits; compress.Features wants the encoder alone, but may have it. The first call writes the head's weights, from
// the last checkpoint, into the run directory.
func (r *Run) Frozen() (ssl.Frozen, error) {
	frozen := ssl.Frozen{
		Encoder: r.Recipe.Encoder, Weights: filepath.Join(r.Dir, encoderFile),
		Method: r.Recipe.Method, Head: filepath.Join(r.Dir, headFile),
	}
	if exists(frozen.Head) {
		return frozen, nil
	}
	headless, err := r.writeHead(frozen)
	if err != nil {
		return ssl.Frozen{}, fmt.Errorf("writing the head of the run in %s: %w", r.Dir, err)
	}
	if headless {
		frozen.Method, frozen.Head = nil, ""
	}
	return frozen, nil
}

// writeHead writes the variables of the method's Embed, unless it has none.
func (r *Run) writeHead(frozen ssl.Frozen) (headless bool, err error) {
	if !r.Finished() {
		return false, errors.New("the run is not finished")
	}
	store, _, err := r.checkpoint()
	if err != nil {
		return false, err
	}
	scope := store.Scope("/" + methodScope)
	if err := buildHead(scope, frozen); err != nil {
		return false, err
	}
	if len(slices.Collect(scope.IterVariables())) == 0 {
		return true, nil
	}
	weights, err := encoder.Weights(scope)
	if err != nil {
		return false, fmt.Errorf("method %s: %w", frozen.Method.Name(), err)
	}
	return false, encoder.WriteSafetensors(frozen.Head, weights, map[string]string{"method": frozen.Method.Name()})
}

// buildHead brings the variables of a frozen network's Embed into being, without values.
func buildHead(scope *model.Scope, frozen ssl.Frozen) error {
	return building(scope, func(g *Graph) {
		frozen.Method.Embed(scope, Parameter(g, "features", shapes.Make(dtypes.Float32, 2, frozen.Encoder.Dim())))
	})
}

// buildEncoder brings an encoder's variables into being, without values.
func buildEncoder(scope *model.Scope, e encoder.Encoder, height, width int) error {
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
	return exceptions.TryCatch[error](func() {
		g := NewGraph(backend, scope.Scope())
		defer g.Finalize()
		build(g)
	})
}

// fill gives the variables in scope the values of a file, and returns an error where it can't be read, lacks one of them, has
// one of another shape, or has one that is not among them but for those in spare; what is the name of what has the variables.
func fill(scope *model.Scope, what, path string, spare ...string) error {
	weights, _, err := readWeights(path)
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
	for _, name := range spare {
		delete(weights, name)
	}
	if len(weights) == 0 {
		return nil
	}
	left := slices.Sorted(maps.Keys(weights))
	return fmt.Errorf("the %s has no %s", what, strings.Join(left[:min(3, len(left))], ", "))
}

// freeze brings the network that the method learns from, if it does, into being in a store, with the weights of its files, and
// keeps the optimiser away from it. The images are of height × width pixels.
func (r Recipe) freeze(store *model.Store, height, width int) error {
	frozen, ok := ssl.FrozenOf(r.Method)
	if !ok {
		return nil
	}
	scope := store.Scope("/" + frozenScope)
	fail := func(file string, err error) error {
		return fmt.Errorf("%s learns from a frozen network: %s does not fit encoder %s: %w",
			r.Method.Name(), file, frozen.Encoder.Name(), err)
	}
	height, width = r.Method.Views(height, width)[0].OutputSize(height, width) // What it will be shown.
	if err := buildEncoder(scope.At(encoderScope), frozen.Encoder, height, width); err != nil {
		return err
	}
	if err := fill(scope.At(encoderScope), "encoder", frozen.Weights, maskToken); err != nil {
		return fail(frozen.Weights, err)
	}
	if frozen.Method != nil {
		if err := buildHead(scope.At(methodScope), frozen); err != nil {
			return fail(frozen.Head, err)
		}
		if err := fill(scope.At(methodScope), "head", frozen.Head); err != nil {
			return fail(frozen.Head, err)
		}
	}
	for v := range scope.IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}

// checkFrozen returns an error where the network that the method learns from does not fit its files or the images. Nothing is
// compiled.
func (r Recipe) checkFrozen(height, width int) error {
	frozen, ok := ssl.FrozenOf(r.Method)
	if !ok {
		return nil
	}
	for _, view := range r.Method.Views(height, width) {
		viewHeight, viewWidth := view.OutputSize(height, width)
		if err := frozen.Encoder.Check(viewHeight, viewWidth); err != nil {
			return fmt.Errorf("%s learns from a frozen network: %w", r.Method.Name(), err)
		}
	}
	return r.freeze(model.NewStore(), height, width)
}

// frozenHashes name the weights of a frozen network.
func frozenHashes(frozen ssl.Frozen) (map[string]any, error) {
	hashes := map[string]any{}
	for name, path := range map[string]string{"Weights": frozen.Weights, "Head": frozen.Head} {
		if path == "" {
			continue
		}
		_, hash, err := readWeights(path)
		if err != nil {
			return nil, err
		}
		hashes[name] = hash
	}
	return hashes, nil
}
