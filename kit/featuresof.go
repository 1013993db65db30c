package kit

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
	"sslkit/kit/corrupt"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
)

// FeaturesOf are the trained encoder's representations of a split of another source, as of images under corruption or from
// elsewhere. They are kept in the run directory, by the fingerprint of the images. Errors: what the source cannot open,
// images of a size that the encoder does not take.
func (r *Run) FeaturesOf(source data.Source, split data.Split) (eval.Features, error) {
	return r.features(encoderFile, source, split)
}

// CorruptedFeatures are the trained encoder's representations of the run's validation or test images under the given
// corruptions (all fifteen where none is given) at all five severities, for [eval.Robustness]. seed is that of
// [corrupt.Source]: runs that are to be compared take the same. The training split, which is not corrupted, is an error.
//
// Hendrycks and Dietterich 2019 (arXiv:1903.12261).
func (r *Run) CorruptedFeatures(split data.Split, seed uint64, corruptions ...corrupt.Corruption) (eval.Corrupted, error) {
	if split == data.Train {
		return nil, fmt.Errorf("corrupted features in %s: split is %s, want Validation or Test: training images are not "+
			"corrupted", r.Dir, split)
	}
	if len(corruptions) == 0 {
		corruptions = corrupt.All()
	}
	frozen, err := r.frozen(encoderFile)
	if err != nil {
		return nil, err
	}
	defer frozen.close()
	all := eval.Corrupted{}
	for _, c := range corruptions {
		var severities [corrupt.Severities]eval.Features
		for s := range severities {
			source := corrupt.Source{From: r.Recipe.Data, Corruption: c, Severity: s + 1, Seed: seed}
			if severities[s], err = frozen.features(source, split); err != nil {
				return nil, err
			}
		}
		all[c] = severities
	}
	return all, nil
}

// frozen is an encoder that represents sets of images; it is compiled once for all those of one size, and only when features
// are not in the cache.
type frozen struct {
	run           *Run
	path          string // Of its weights.
	weights       map[string]encoder.Tensor
	hash          string
	exec          *model.Exec // Nil: not compiled yet.
	height, width int         // What it is compiled for.
}

func (r *Run) frozen(weightsFile string) (*frozen, error) {
	path := filepath.Join(r.Dir, weightsFile)
	weights, hash, err := readWeights(path)
	if err != nil {
		return nil, fmt.Errorf("features in %s: %w", r.Dir, err)
	}
	return &frozen{run: r, path: path, weights: weights, hash: hash}, nil
}

// features represents a split of a source, or reads what an earlier call computed.
func (f *frozen) features(source data.Source, split data.Split) (eval.Features, error) {
	features, err := f.cached(source, split)
	if err != nil {
		return eval.Features{}, fmt.Errorf("features of %s's %s split in %s: %w", source.Name(), split, f.run.Dir, err)
	}
	return features, nil
}

func (f *frozen) cached(source data.Source, split data.Split) (eval.Features, error) {
	set, err := source.Open(split)
	if err != nil {
		return eval.Features{}, err
	}
	defer set.Close()
	features := blankFeatures(set)
	features.Dim, features.Encoder = f.run.Recipe.Encoder.Dim(), f.hash
	features.Rehash = func() (string, error) { _, hash, err := readWeights(f.path); return hash, err }
	// The fingerprint of a part of a set begins as that of the whole does.
	images := sha256.Sum256([]byte(set.Fingerprint()))
	cache := filepath.Join(f.run.Dir, featuresDir, fmt.Sprintf("%s-%.12s-%.12x.safetensors", split, f.hash, images))
	if stored, _, err := encoder.ReadSafetensors(cache); err == nil && len(stored["features"].Data) == features.N*features.Dim {
		features.X = stored["features"].Data
		return features, nil
	}
	caught := exceptions.TryCatch[error](func() {
		if features.X, err = f.represent(set); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return eval.Features{}, caught
	}
	if err := os.MkdirAll(filepath.Dir(cache), directoryPerms); err != nil {
		return eval.Features{}, err
	}
	stored := encoder.Tensor{Name: "features", Shape: []int{features.N, features.Dim}, Data: features.X}
	return features, encoder.WriteSafetensors(cache, []encoder.Tensor{stored}, nil)
}

// represent computes the representations of a set: [set.Len(), dim].
func (f *frozen) represent(set data.Set) ([]float32, error) {
	height, width := set.Size()
	if f.exec == nil || f.height != height || f.width != width {
		f.close()
		if err := f.run.Recipe.Encoder.Check(height, width); err != nil {
			return nil, err
		}
		store := model.NewStore()
		exec, err := forward(store, f.run.Recipe, height, width, func(_ *model.Scope, features *Node) *Node { return features })
		if err != nil {
			return nil, err
		}
		f.exec, f.height, f.width = exec, height, width
		if err := encoder.SetWeights(store.Scope("/"+encoderScope), f.weights); err != nil {
			return nil, err
		}
	}
	x, _, err := overSet(f.exec, set)
	return x, err
}

// close gives the device memory back.
func (f *frozen) close() {
	if f.exec != nil {
		f.exec.Finalize()
		f.exec = nil
	}
}
