package kit

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// Frozen is the trained encoder, with the weights that the run evaluates (see Run.By), and what the method's Embed built on it, if anything, for a method
// that learns from both, such as compress.Logits; compress.Features wants the encoder alone, but
// takes this too. The first call writes the weights of the head, from the checkpoint that the run
// gives, into the run directory. Errors: the run is not finished; nothing can be written there.
func (r *Run) Frozen() (ssl.Frozen, error) {
	if err := r.check(); err != nil {
		return ssl.Frozen{}, err
	}
	if !r.Finished() {
		return ssl.Frozen{}, fmt.Errorf("the run in %s is not finished: there is nothing to learn from yet", r.Dir)
	}
	w, err := r.weights()
	if err := cmp.Or(err, r.Recipe.model().CheckHead(w)); err != nil {
		return ssl.Frozen{}, err
	}
	frozen := ssl.Frozen{
		Encoder: r.Recipe.Encoder, Weights: r.WeightsFile(),
		Method: r.Recipe.Method, Head: rundir.Dir(r.Dir).Path(w.HeadFile()),
	}
	if _, _, err := encoder.ReadOwnSafetensors(frozen.Head); err == nil {
		return frozen, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		fmt.Printf("writing the head of the run in %s anew: %v\n", r.Dir, err)
	}
	headless, err := r.writeHead(frozen, w)
	if err != nil {
		return ssl.Frozen{}, fmt.Errorf("writing the head of the run in %s: %w", r.Dir, err)
	}
	if headless {
		frozen.Method, frozen.Head = nil, ""
	}
	return frozen, nil
}

// writeHead writes the variables of the method's Embed, unless it has none.
func (r *Run) writeHead(frozen ssl.Frozen, w Weights) (headless bool, err error) {
	store, _, err := rundir.Dir(r.Dir).Kept()
	if err != nil {
		return false, err
	}
	defer store.Finalize()
	scope := w.MethodScope(store)
	if _, err := train.BuildHead(scope, frozen.Method, frozen.Encoder); err != nil {
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
