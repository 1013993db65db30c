package kit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/corrupt"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
	"sslkit/kit/wholefile"
)

// Features are the trained encoder's representations of a split: of whole images, without
// augmentation, by the weights that the run evaluates (see Run.By). They are computed once and kept in the run directory; where the file there is
// damaged, or none can be written, they are computed again and a line says so.
func (r *Run) Features(split data.Split) (eval.Features, error) {
	return r.features(trained, r.Recipe.Data, split)
}

// InitialFeatures are those of the same encoder before training, with the random weights that the
// run began with: the baseline to beat.
func (r *Run) InitialFeatures(split data.Split) (eval.Features, error) {
	return r.features(initial, r.Recipe.Data, split)
}

// FeaturesOf are the trained encoder's representations of a split of another source, such as images
// under corruption or from elsewhere. They are kept in the run directory, by the fingerprint of the
// images. Errors: what the source cannot open, images of a size that the encoder does not take.
func (r *Run) FeaturesOf(source data.Source, split data.Split) (eval.Features, error) {
	return r.features(trained, source, split)
}

// when tells the weights that a training ends with from those that it began with.
type when bool

const (
	trained when = true
	initial when = false
)

// features represents a split.
func (r *Run) features(by when, source data.Source, split data.Split) (eval.Features, error) {
	extractor, err := r.extractor(by)
	if err != nil {
		return eval.Features{}, err
	}
	defer extractor.close()
	return extractor.features(source, split)
}

// CorruptedFeatures are the trained encoder's representations of the run's validation or test
// images under the given corruptions (all fifteen where none is given) at all five severities, for
// [eval.Robustness]. seed is that of [corrupt.Source]: runs that are to be compared take the same.
// The training split, which is not corrupted, is an error.
//
// Hendrycks and Dietterich 2019 (arXiv:1903.12261).
func (r *Run) CorruptedFeatures(split data.Split, seed uint64, corruptions ...corrupt.Corruption) (eval.Corrupted, error) {
	if split == data.Train {
		return nil, fmt.Errorf("corrupted features in %s: split is %s; it must be Validation or Test: training images are not "+
			"corrupted", r.Dir, split)
	}
	if len(corruptions) == 0 {
		corruptions = corrupt.All()
	}
	extractor, err := r.extractor(trained)
	if err != nil {
		return nil, err
	}
	defer extractor.close()
	all := eval.Corrupted{}
	for _, c := range corruptions {
		var severities [corrupt.Severities]eval.Features
		for s := range severities {
			source := corrupt.Source{From: r.Recipe.Data, Corruption: c, Severity: s + 1, Seed: seed}
			if severities[s], err = extractor.features(source, split); err != nil {
				return nil, err
			}
		}
		all[c] = severities
	}
	return all, nil
}

// extractor is an encoder that represents sets of images. It is compiled once for all those of one
// size, and only when features are not in the cache.
type extractor struct {
	run     *Run
	path    string // Of its weights.
	weights map[string]encoder.Tensor
	hash    string
	name    string         // Of the weights; "" for those before training.
	forward *train.Forward // Nil: not compiled yet.
	store   *model.Store   // Of forward's variables.
}

func (r *Run) extractor(by when) (*extractor, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	e := &extractor{run: r, path: filepath.Join(r.Dir, rundir.InitialFile)}
	if by == trained {
		w, err := r.weights()
		if err != nil {
			return nil, err
		}
		e.path, e.name = r.WeightsFile(), w.String()
	}
	var err error
	if e.weights, e.hash, err = rundir.ReadWeights(e.path); err != nil {
		return nil, fmt.Errorf("features in %s: %w", r.Dir, r.explain(err))
	}
	return e, nil
}

// explain says of the error of reading weights what to do where the run is from before they were
// kept.
func (r *Run) explain(err error) error {
	if w := r.Evaluated(); w == Teacher && errors.Is(err, os.ErrNotExist) && r.Finished() {
		return fmt.Errorf("%w: the run may be of an earlier version, which kept the student alone; take run.By(kit.Student)", err)
	}
	return err
}

// features represents a split of a source, or reads what an earlier call computed.
func (e *extractor) features(source data.Source, split data.Split) (eval.Features, error) {
	features, err := e.cached(source, split)
	if err != nil {
		return eval.Features{}, fmt.Errorf("features of %s's %s split in %s: %w", source.Name(), split, e.run.Dir, err)
	}
	return features, nil
}

func (e *extractor) cached(source data.Source, split data.Split) (eval.Features, error) {
	set, err := source.Open(split)
	if err != nil {
		return eval.Features{}, err
	}
	defer set.Close()
	sayLeftOut(set, false)
	features := describe(set)
	features.Dim, features.Encoder, features.Weights = e.run.Recipe.Encoder.Dim(), e.hash, e.name
	features.Rehash = func() (string, error) { return rundir.HashWeights(e.path) }
	// The fingerprint of a part of a set begins as that of the whole does.
	images := sha256.Sum256([]byte(set.Fingerprint()))
	cache := filepath.Join(e.run.Dir, rundir.FeaturesDir, fmt.Sprintf("%s-%.12s-%.12x.safetensors", split, e.hash, images))
	if kept, err := readFeatures(cache, features.N, features.Dim); err == nil {
		features.X = kept
		return features, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		fmt.Printf("computing features of %s anew: %v\n", set.Name(), err)
	}
	err = train.Catch(func() error {
		features.X, err = e.represent(set)
		return err
	})
	if err != nil {
		return eval.Features{}, err
	}
	e.keep(cache, features)
	return features, nil
}

// readFeatures reads features that keep wrote. It is an error where they are not as they were
// written.
func readFeatures(path string, n, dim int) ([]float32, error) {
	stored, _, err := encoder.ReadOwnSafetensors(path)
	if err != nil {
		return nil, err
	}
	if got := stored["features"].Shape; !slices.Equal(got, []int{n, dim}) {
		return nil, fmt.Errorf("%s holds features of shape %v, want [%d %d]", path, got, n, dim)
	}
	return stored["features"].Data, nil
}

// keep writes features to the run directory. They are right also where that fails, as on a file
// system that is read-only or full: then they are computed again next time.
func (e *extractor) keep(path string, features eval.Features) {
	stored := encoder.Tensor{Name: "features", Shape: []int{features.N, features.Dim}, Data: features.X}
	err := os.Mkdir(filepath.Dir(path), wholefile.FolderPerms)
	if err == nil || errors.Is(err, os.ErrExist) {
		err = encoder.WriteSafetensors(path, []encoder.Tensor{stored}, nil)
	}
	if err != nil {
		fmt.Printf("the features of %s are not kept, and will be computed again next time: %v\n", features.Name, err)
	}
}

// represent computes the representations of a set: [set.Len(), dim].
func (e *extractor) represent(set data.Set) ([]float32, error) {
	height, width := set.Size()
	if e.forward == nil || !e.forward.Takes(set.Len(), height, width) {
		e.close()
		if err := e.run.Recipe.Encoder.Check(height, width); err != nil {
			return nil, err
		}
		store := model.NewStore()
		forward, err := train.NewForward(store, set.Len(), height, width, e.run.Recipe.model().Features)
		if err != nil {
			return nil, err
		}
		e.forward, e.store = forward, store
		if err := encoder.SetWeights(train.EncoderScope(store), e.weights); err != nil {
			return nil, err
		}
	}
	x, dim, err := e.forward.Over(set)
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("value %d of image %d is %g: the weights in %s are of no use", i%dim, i/dim, v, e.path)
		}
	}
	return x, err
}

// close gives the memory of the network back, if it was compiled.
func (e *extractor) close() {
	if e.forward != nil {
		e.forward.Close()
		release(e.store)
		e.forward, e.store = nil, nil
	}
}

// release gives the memory of a network's variables back, and then what compiling it has left. What
// was compiled is to be closed before.
func release(store *model.Store) {
	store.Finalize()
	device.Trim()
}

// describe says of which images features are: how many, their labels, classes and subgroups. The
// features themselves are left to the caller.
func describe(set data.Set) eval.Features {
	features := eval.Features{N: set.Len(), Classes: set.Classes(), Name: set.Name()}
	if features.Classes != nil {
		features.Labels = data.Labels(set)
	}
	if grouped, ok := set.(data.Grouped); ok {
		features.GroupNames, features.Groups = grouped.Groups(), make([]int, set.Len())
		for i := range features.Groups {
			features.Groups[i] = grouped.Group(i)
		}
	}
	return features
}
