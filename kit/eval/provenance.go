package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// provenance is a result that says where a figure came from; the figure itself, its interval and
// the protocol are left to the caller. An encoder that has changed since its features were made is
// an error.
func provenance(train, test Features) (Result, error) {
	after, err := rehash(train, test)
	if err != nil {
		return Result{}, err
	}
	return Result{
		N:              test.N,
		Train:          train.Name,
		Test:           test.Name,
		Labels:         train.N,
		LabelsPerClass: train.perClass(),
		SubsetHash:     train.subsetHash(),
		SubsetSeed:     train.SubsetSeed,
		EncoderBefore:  train.Encoder,
		EncoderAfter:   after,
		Weights:        cmp.Or(test.Weights, train.Weights),
	}, nil
}

// ofWeights is a protocol with the weights that were judged, where these are not the student's.
func ofWeights(protocol, weights string) string {
	switch weights {
	case "", "student":
		return protocol
	case "average":
		return protocol + " on the running mean of the weights"
	}
	return protocol + " on the " + weights
}

// checkComparable says why images of a cannot be compared with those of b. Unlike [checkProbe] it
// lets an image stand in both.
func checkComparable(a, b Features) error {
	for _, f := range []Features{a, b} {
		if err := checkLabelled(f); err != nil {
			return err
		}
	}
	if a.Dim != b.Dim {
		return fmt.Errorf("eval: Dim is %d in features %q and %d in features %q", a.Dim, a.Name, b.Dim, b.Name)
	}
	if !slices.Equal(a.Classes, b.Classes) {
		return fmt.Errorf("eval: Classes differ between features %q and features %q", a.Name, b.Name)
	}
	if a.Encoder != b.Encoder {
		return fmt.Errorf("eval: Encoder is %.12s in features %q and %.12s in features %q: they come from different weights",
			a.Encoder, a.Name, b.Encoder, b.Name)
	}
	return nil
}

// classIndex is the index of the class of that name, or -1.
func (f Features) classIndex(name string) int { return slices.Index(f.Classes, name) }

// unitLength is a copy of f with every embedding scaled to length 1. One that is zero everywhere
// stays so.
func unitLength(f Features) Features {
	x := make([]float32, len(f.X))
	for i := range f.N {
		row := f.Row(i)
		scale := 1 / length(row)
		for j, v := range row {
			x[i*f.Dim+j] = float32(float64(v) * scale)
		}
	}
	f.X = x
	return f
}
