package eval

import (
	"errors"
	"fmt"
	"slices"

	"sslkit/data"
)

// Features are the embeddings of a set of images by one frozen encoder, with
// what is needed to say later where a figure came from.
type Features struct {
	X       []float32 // X is [N, Dim], row-major: one image a row. Not normalised.
	N, Dim  int       // N images, Dim values each.
	Labels  []int     // Labels are the N class indices, -1 for unlabelled; nil: none is labelled.
	Classes []string  // Classes are the class names, in the order of their indices.
	Name    string    // Name of the set, e.g. "cifar10/train".

	// Encoder is the SHA-256 (hex) of the encoder's weights when X was made.
	// Empty: unknown.
	Encoder string

	// Weights says which of a training's weights these are, such as "student", "teacher" or "average",
	// the running mean. Empty: there is nothing to tell, as before training.
	Weights string

	// Rehash computes the encoder's hash anew, for a probe to show at its end
	// that the encoder was left alone. Nil: results carry no EncoderAfter.
	Rehash func() (string, error)

	// Indices are the positions of the N rows in the set called Name.
	// Nil: the rows are the whole set in its order.
	Indices []int

	// Groups are the N subgroups of an attribute, as the background's or a scanner's, for
	// [Fairness] and the probes that mend: indices in GroupNames. Nil: not known. Any column will
	// do; [Features.WithGroups] sets one.
	Groups     []int
	GroupNames []string // GroupNames are the names of the attribute's values, by index.

	SubsetHash string // SubsetHash is [data.Hash] of Indices; see [Features.Subset].
	SubsetSeed uint64 // SubsetSeed is the seed that drew the subset; 0 for a whole set.

	sameImages bool // as those the probe is fitted on, which is meant
}

// Check says what is wrong with f, naming the field: sizes that do not fit each
// other, labels without a class, values that are not finite.
func (f Features) Check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("eval: features %q: %s", f.Name, fmt.Sprintf(format, args...))
	}
	if f.N < 1 || f.Dim < 1 {
		return fail("N and Dim are %d and %d; both must be at least 1", f.N, f.Dim)
	}
	if len(f.X) != f.N*f.Dim {
		return fail("X holds %d values; it must hold N*Dim = %d*%d", len(f.X), f.N, f.Dim)
	}
	if f.Labels != nil && len(f.Labels) != f.N {
		return fail("Labels holds %d values; it must hold N = %d", len(f.Labels), f.N)
	}
	if f.Indices != nil && len(f.Indices) != f.N {
		return fail("Indices holds %d values; it must hold N = %d", len(f.Indices), f.N)
	}
	if f.Groups != nil && len(f.Groups) != f.N {
		return fail("Groups holds %d values; it must hold N = %d", len(f.Groups), f.N)
	}
	for i, group := range f.Groups {
		if group < 0 || group >= len(f.GroupNames) {
			return fail("Groups[%d] is %d; it must be from 0 to %d (GroupNames has %d names)", i, group, len(f.GroupNames)-1, len(f.GroupNames))
		}
	}
	if f.Rehash != nil && f.Encoder == "" {
		return fail("Rehash is set while Encoder is empty: there is nothing to compare with")
	}
	for i, label := range f.Labels {
		if label < -1 || label >= len(f.Classes) {
			return fail("Labels[%d] is %d; it must be from -1 to %d (Classes has %d names)", i, label, len(f.Classes)-1, len(f.Classes))
		}
	}
	for i, v := range f.X {
		// v-v is 0 for every finite v, and NaN for NaN and the infinities.
		if v-v != 0 {
			return fail("X row %d column %d is %g; it must be finite: has training diverged?", i/f.Dim, i%f.Dim, v)
		}
	}
	return nil
}

// Row is the embedding of row i, [Dim], shared with X.
func (f Features) Row(i int) []float32 { return f.X[i*f.Dim : (i+1)*f.Dim] }

// Subset is the part of f that s chooses by its labels, a copy. The choice
// depends on f.Labels and s alone, so features of the same images by different
// encoders get the same images, and SubsetHash shows it. SubsetHash is taken
// over positions in the original set, also for a subset of a subset.
func (f Features) Subset(s data.Subset) (Features, error) {
	if err := f.Check(); err != nil {
		return Features{}, err
	}
	if f.Labels == nil {
		return Features{}, fmt.Errorf("eval: features %q: Labels is nil: a subset is drawn by label", f.Name)
	}
	rows, err := s.Indices(f.Labels, len(f.Classes))
	if err != nil {
		return Features{}, fmt.Errorf("eval: choosing a subset of features %q: %w", f.Name, err)
	}
	return f.rows(rows, s.Seed), nil
}

// Labelled is the part of f that has labels, a copy. So a figure may be of some images and among
// the classes of all: give the others the label -1. It is an error where none has a label.
func (f Features) Labelled() (Features, error) {
	if err := f.Check(); err != nil {
		return Features{}, err
	}
	var rows []int
	for i, label := range f.Labels {
		if label >= 0 {
			rows = append(rows, i)
		}
	}
	if rows == nil {
		return Features{}, fmt.Errorf("eval: features %q: Labels holds no label but -1", f.Name)
	}
	return f.rows(rows, 0), nil
}

// Spread is a copy of at most n rows of f, evenly over it, such as for a figure: see [data.Spread].
func (f Features) Spread(n int) Features { return f.rows(data.Spread(n, f.N), 0) }

// rows is a copy of the given rows of f.
func (f Features) rows(rows []int, seed uint64) Features {
	out := f
	out.N = len(rows)
	out.X = make([]float32, 0, len(rows)*f.Dim)
	if f.Labels != nil {
		out.Labels = make([]int, 0, len(rows))
	}
	out.Indices = make([]int, 0, len(rows))
	for _, row := range rows {
		out.X = append(out.X, f.Row(row)...)
		if f.Labels != nil {
			out.Labels = append(out.Labels, f.Labels[row])
		}
		out.Indices = append(out.Indices, f.position(row))
	}
	if f.Groups != nil {
		out.Groups = make([]int, len(rows))
		for i, row := range rows {
			out.Groups[i] = f.Groups[row]
		}
	}
	out.SubsetHash, out.SubsetSeed = data.Hash(out.Indices), seed
	return out
}

// WithGroups is f with another attribute: groups are the index in names of each of the N rows. X is
// shared. Errors: another number of groups than rows, a group without a name.
func (f Features) WithGroups(names []string, groups []int) (Features, error) {
	f.GroupNames, f.Groups = names, groups
	if groups == nil {
		return Features{}, fmt.Errorf("eval: features %q: Groups is nil; it must hold one for each of %d rows", f.Name, f.N)
	}
	return f, f.Check()
}

// position is where row i stands in the set called f.Name.
func (f Features) position(i int) int {
	if f.Indices == nil {
		return i
	}
	return f.Indices[i]
}

// subsetHash is f.SubsetHash, computed where the maker of f left it empty.
func (f Features) subsetHash() string {
	if f.SubsetHash != "" {
		return f.SubsetHash
	}
	indices := make([]int, f.N)
	for i := range indices {
		indices[i] = f.position(i)
	}
	return data.Hash(indices)
}

// perClass counts the labelled images of each class.
func (f Features) perClass() []int {
	counts := make([]int, len(f.Classes))
	for _, label := range f.Labels {
		if label >= 0 {
			counts[label]++
		}
	}
	return counts
}

// checkLabelled says why a probe cannot be fitted on f or judged by it.
func checkLabelled(f Features) error {
	if err := f.Check(); err != nil {
		return err
	}
	if f.Labels == nil {
		return fmt.Errorf("eval: features %q: Labels is nil: a probe needs labels", f.Name)
	}
	if i := slices.Index(f.Labels, -1); i >= 0 {
		return fmt.Errorf("eval: features %q: Labels[%d] is -1 (unlabelled): a probe needs a label on every image; Subset keeps the labelled ones", f.Name, i)
	}
	return nil
}

// checkProbe says why test cannot be judged by a probe fitted on train.
func checkProbe(train, test Features) error {
	if err := checkClasses(train); err != nil {
		return err
	}
	if err := checkLabelled(test); err != nil {
		return err
	}
	if train.Dim != test.Dim {
		return fmt.Errorf("eval: Dim is %d in train features %q and %d in test features %q", train.Dim, train.Name, test.Dim, test.Name)
	}
	if !slices.Equal(train.Classes, test.Classes) {
		return fmt.Errorf("eval: Classes differ between train features %q and test features %q", train.Name, test.Name)
	}
	if train.Encoder != test.Encoder {
		return fmt.Errorf("eval: Encoder is %.12s in train features %q and %.12s in test features %q: they come from different weights",
			train.Encoder, train.Name, test.Encoder, test.Name)
	}
	for _, f := range []Features{train, test} {
		if err := checkSubset(f); err != nil {
			return err
		}
	}
	return checkLeak(train, test)
}

// ErrOneClass is the error of labelled images of one class: whatever is said of others would be right
// for nothing.
var ErrOneClass = errors.New("all labelled images are of one class: there is nothing to tell apart")

// checkClasses is checkLabelled, and an error where all images are of one class.
func checkClasses(f Features) error {
	if err := checkLabelled(f); err != nil {
		return err
	}
	return twoClasses(f)
}

// twoClasses returns an error where all labels are of one class.
func twoClasses(f Features) error {
	if slices.ContainsFunc(f.Labels, func(label int) bool { return label != f.Labels[0] }) {
		return nil
	}
	return fmt.Errorf("eval: features %q: %w", f.Name, ErrOneClass)
}

// checkLeak refuses images that stand on both sides of a probe: by their places
// in a set of the same name, and by their features, see copies.
func checkLeak(train, test Features) error {
	if train.Name == "" || train.Name != test.Name {
		_, err := copies(train, test)
		return err
	}
	seen := make(map[int]bool, train.N)
	for i := range train.N {
		seen[train.position(i)] = true
	}
	for i := range test.N {
		if p := test.position(i); seen[p] {
			return fmt.Errorf("eval: Indices of train and test overlap: image %d of %q is in both", p, test.Name)
		}
	}
	_, err := copies(train, test)
	return err
}

// ArgMax is the column of each row's largest value, the first of equal ones: the predicted classes,
// where the columns are the classes' logits.
func (f Features) ArgMax() []int {
	largest := make([]int, f.N)
	for i := range largest {
		row := f.Row(i)
		for j, v := range row {
			if v > row[largest[i]] {
				largest[i] = j
			}
		}
	}
	return largest
}
