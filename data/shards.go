package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sslkit/kit/setting"
)

// shardSource is a folder of shards: files that hold samples, one behind the other. It opens them as
// [ImageFolder] opens a tree, in which the shards are folders.
type shardSource struct {
	of         string // the type, such as data.WebDataset
	from       ImageFolder
	shards     [3][]string // patterns, by split
	classes    []string
	unlabelled bool
	format     shardFormat
}

// shardFormat is how the files of shards are written.
type shardFormat interface {
	// key names the format and its settings, for the key of the cache.
	key() string
	// endings are those of the names of files, in lower case.
	endings() []string
	// classes are the names that a file gives to its classes; nil where it has none.
	classes(file string) ([]string, error)
	// samples lists what a file holds. The names are unique within the file.
	samples(file string) ([]shardSample, error)
	// visit calls do for the given samples of a file, in their order, with the content of the image.
	visit(file string, samples []shardSample, do func(s shardSample, content io.Reader, size uint64, full error) error) error
}

// shardSample is an image of a shard.
type shardSample struct {
	name     string // in the shard
	label    string // "" where it has none
	numbered bool   // the label is the number of a class, and never its name
	why      error  // why it cannot be used; nil where it may
	at       int64  // of the image in its file: bytes, or the number of the row
	size     int64  // of the image, in bytes, where that is known before
	entry    string // the name of the image's own file in the shard
	ignored  []Skipped
}

// check returns an error that names the field of a bad setting.
func (s shardSource) check() error {
	if err := cmp.Or(s.from.checkTold(s.of+": From"), checkClasses(s.of, s.classes)); err != nil {
		return err
	}
	for split, field := range []string{"TrainShards", "ValidationShards", "TestShards"} {
		for i, pattern := range s.shards[split] {
			names, err := expandBraces(pattern)
			if err == nil && !fs.ValidPath(path.Clean(names[0])) {
				err = errors.New("it must be a path inside the folder")
			}
			if err == nil {
				_, err = path.Match(names[0], "")
			}
			if err != nil {
				return fmt.Errorf("%s: %s[%d] is %q: %w", s.of, field, i, pattern, err)
			}
		}
	}
	return setting.Must(s.shards[Train] != nil || (s.shards[Validation] == nil && s.shards[Test] == nil), s.of+": TrainShards", "missing",
		"given where ValidationShards or TestShards is")
}

// open opens a split.
func (s shardSource) open(split Split) (Set, error) {
	if err := cmp.Or(s.check(), split.check()); err != nil {
		return nil, err
	}
	s.from = s.from.WithDefaults()
	set, err := s.find(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, s.from.Path, err)
	}
	return set, nil
}

func (s shardSource) find(split Split) (*FolderSet, error) {
	tree, err := s.tree()
	if err != nil {
		return nil, err
	}
	from := split
	if len(tree.shards[split]) == 0 {
		switch {
		case split == Validation && s.from.ValidationFraction == 0:
			return nil, fmt.Errorf("there is no shard of it; set ValidationFraction to hold some training images out: %w", ErrNoSplit)
		case len(tree.shards[Train]) == 0:
			return nil, fmt.Errorf("there is no shard of it: %w", ErrNoSplit)
		}
		from = Train
	}
	by := convention{
		name:   fmt.Sprintf("shards/1 %s %q %q %t", s.format.key(), s.shards, s.classes, s.unlabelled),
		object: func(string) (string, bool) { return "", false },
		laid:   func() (*layout, error) { return s.layout(tree, from) },
	}
	return s.from.openTree(tree, split, by)
}

// tree finds the shards, which the name of each says the split of unless the settings do.
func (s shardSource) tree() (*shardTree, error) {
	info, err := os.Stat(s.from.Path)
	if err != nil {
		return nil, err
	}
	tree := &shardTree{folder: s.from.Path, format: s.format, samples: map[string][]shardSample{}}
	if !info.IsDir() {
		if s.shards[Train] != nil {
			return nil, errors.New("it is a file; shards are named of a folder")
		}
		tree.folder = filepath.Dir(s.from.Path)
		tree.shards[Train] = []string{filepath.Base(s.from.Path)}
		return tree, nil
	}
	if s.shards[Train] == nil {
		return tree, tree.bySplitNames()
	}
	for split, patterns := range s.shards {
		for _, pattern := range patterns {
			found, err := tree.matching(pattern)
			if err != nil {
				return nil, err
			}
			tree.shards[split] = append(tree.shards[split], found...)
		}
		slices.Sort(tree.shards[split])
		tree.shards[split] = slices.Compact(tree.shards[split])
	}
	of := map[string]Split{}
	for split, shards := range tree.shards {
		for _, shard := range shards {
			if other, taken := of[shard]; taken {
				return nil, fmt.Errorf("the shard %s is of %s and of %s", shard, other, Split(split))
			}
			of[shard] = Split(split)
		}
	}
	return tree, nil
}

// layout is what the shards of a split hold, of which other splits may be held out. The classes are
// those of the training shards.
func (s shardSource) layout(tree *shardTree, from Split) (*layout, error) {
	names := &labelNames{classes: s.classes}
	var err error
	if names.classes == nil {
		for _, shard := range slices.Concat(tree.shards[Train], tree.shards[from]) {
			if names.classes, err = s.format.classes(tree.path(shard)); err != nil {
				return nil, fmt.Errorf("%s: %w", shard, err)
			}
			if names.classes != nil {
				break
			}
		}
	}
	labels := map[string]bool{}
	if names.classes == nil {
		classesOf := Train
		if len(tree.shards[Train]) == 0 {
			classesOf = from
		}
		err = tree.each(classesOf, func(_ string, sample shardSample) error {
			if sample.why == nil && sample.label != "" {
				labels[sample.label] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if names, err = newLabelNames(names.classes, labels); err != nil {
		return nil, err
	}
	found := &layout{classes: names.classes, ignored: tree.ignored}
	found.has[from] = true
	var bad []Skipped
	err = tree.each(from, func(shard string, sample shardSample) error {
		for _, ignored := range sample.ignored {
			found.ignored.add(shard+"/"+ignored.Path, ignored.Reason)
		}
		image, why := located{path: shard + "/" + sample.name, class: -1}, sample.why
		image.inner = image.path
		if why == nil && sample.label != "" {
			image.class, why = names.class(sample.label, sample.numbered)
		}
		if why != nil && s.from.OnBad == Fail {
			return fmt.Errorf("%s: %w", image.path, why)
		}
		if why != nil {
			bad = append(bad, Skipped{image.path, why.Error()})
			return nil
		}
		found.labelled[from] = found.labelled[from] || image.class >= 0
		found.images[from] = append(found.images[from], image)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found.labelled[from] && !s.unlabelled {
		if bad, err = s.leaveOutUnlabelled(found, from, bad); err != nil {
			return nil, err
		}
	}
	for split := range found.stray { // What is held out of these shards lacks them as well.
		found.stray[split] = bad
	}
	if found.total = len(found.images[from]); found.total == 0 {
		if len(bad) > 0 {
			return nil, fmt.Errorf("all of its %d samples are left out, such as %s: %s", len(bad), bad[0].Path, bad[0].Reason)
		}
		return nil, fmt.Errorf("its shards hold no sample: %s", firstFew(tree.shards[from]))
	}
	slices.SortFunc(found.images[from], func(a, b located) int { return cmp.Compare(a.path, b.path) })
	if from == Train {
		for split := range tree.shards {
			found.has[split] = found.has[split] || len(tree.shards[split]) > 0 // Nothing is held out for it.
		}
	}
	return found, nil
}

// leaveOutUnlabelled takes the images without a label out of a split in which others have one.
func (s shardSource) leaveOutUnlabelled(found *layout, from Split, bad []Skipped) ([]Skipped, error) {
	var kept []located
	for _, image := range found.images[from] {
		if image.class >= 0 {
			kept = append(kept, image)
			continue
		}
		if s.from.OnBad == Fail {
			return nil, fmt.Errorf("%s: it has no label", image.path)
		}
		bad = append(bad, Skipped{image.path, "it has no label"})
	}
	found.images[from] = kept
	return bad, nil
}

// shardTree is the shards of a source as an archive.
type shardTree struct {
	folder  string
	format  shardFormat
	shards  [3][]string              // by split: paths in the folder, sorted
	samples map[string][]shardSample // of the shards that were looked through: the index
	ignored Listed
}

// path is where a shard is on disk.
func (t *shardTree) path(shard string) string {
	return filepath.Join(t.folder, filepath.FromSlash(shard))
}

// bySplitNames takes all shards of the folder, at any depth, into the splits that words of their names
// say; where none does, all are training shards.
func (t *shardTree) bySplitNames() error {
	var all []string
	err := fs.WalkDir(os.DirFS(t.folder), ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p != "." && hiddenName(entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.IsDir() && t.isShard(p) {
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no %s file in it", strings.Join(t.format.endings(), " or "))
	}
	slices.Sort(all)
	besideTest := slices.ContainsFunc(all, func(p string) bool { s, ok := splitOfShard(p, true); return ok && s == Test })
	named := slices.ContainsFunc(all, func(p string) bool { _, ok := splitOfShard(p, besideTest); return ok })
	for _, p := range all {
		split, ok := splitOfShard(p, besideTest)
		if named && !ok {
			t.ignored.add(p, "its name tells no split, and those of other shards do")
			continue
		}
		if !named {
			split = Train
		}
		t.shards[split] = append(t.shards[split], p)
	}
	return nil
}

func (t *shardTree) isShard(p string) bool {
	return slices.ContainsFunc(t.format.endings(), func(ending string) bool { return strings.HasSuffix(strings.ToLower(p), ending) })
}

// splitOfShard is the split that a word of a shard's name means: the last that means one, of the name
// of the file before those of its folders.
func splitOfShard(p string, besideTest bool) (Split, bool) {
	for _, part := range []string{path.Base(p), path.Dir(p)} {
		words := strings.FieldsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) })
		for _, word := range slices.Backward(words) {
			if split, ok := splitOf(word, besideTest); ok {
				return split, true
			}
		}
	}
	return Train, false
}

// matching are the shards that a pattern names: {000..012} and {a,b} are each of these, of which none may
// be missing; *, ? and [a-z] are as in a shell.
func (t *shardTree) matching(pattern string) ([]string, error) {
	names, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		matches, err := fs.Glob(os.DirFS(t.folder), path.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("there is no shard %s", name)
		}
		found = append(found, matches...)
	}
	return found, nil
}

// maxShards bounds how many shards braces may name.
const maxShards = 100_000

// expandBraces writes a pattern out for each of the words and numbers that it has in braces.
func expandBraces(pattern string) ([]string, error) {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{pattern}, nil
	}
	inside, after, ok := strings.Cut(rest, "}")
	if !ok {
		return nil, errors.New("a brace is not closed")
	}
	words := strings.Split(inside, ",")
	if first, last, ok := strings.Cut(inside, ".."); ok {
		low, errLow := strconv.ParseUint(first, 10, 31)
		high, errHigh := strconv.ParseUint(last, 10, 31)
		if errLow != nil || errHigh != nil || high < low || high-low >= maxShards {
			return nil, fmt.Errorf("{%s} must be two numbers, such as {000..146}, of at most %d shards", inside, maxShards)
		}
		width := 0
		for _, end := range []string{first, last} { // As in Bash, all are as wide as the wider end.
			if len(end) > 1 && end[0] == '0' {
				width = max(len(first), len(last))
			}
		}
		words = nil
		for n := low; n <= high; n++ {
			words = append(words, fmt.Sprintf("%0*d", width, n))
		}
	}
	behind, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	if len(words)*len(behind) > maxShards {
		return nil, fmt.Errorf("it names more than %d shards", maxShards)
	}
	var all []string
	for _, word := range words {
		for _, end := range behind {
			all = append(all, before+word+end)
		}
	}
	return all, nil
}

// each calls do for the samples of a split's shards, in order. A shard is looked through once.
func (t *shardTree) each(split Split, do func(shard string, s shardSample) error) error {
	bar := newProgress(os.Stderr, "looking through "+t.folder, int64(len(t.shards[split])), "shards", time.Second)
	defer bar.end()
	for _, shard := range t.shards[split] {
		bar.add(1)
		samples, ok := t.samples[shard]
		if !ok {
			var err error
			if samples, err = t.format.samples(t.path(shard)); err != nil {
				return fmt.Errorf("%s: %w", shard, err)
			}
			t.samples[shard] = samples
		}
		for _, sample := range samples {
			if err := do(shard, sample); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *shardTree) list() ([]entry, error) { return nil, nil } // The layout asks each.

func (t *shardTree) visit(wanted func(string) bool, read fileReader, do func(string, func() ([]byte, error)) error) error {
	for _, shards := range t.shards {
		for _, shard := range shards {
			var samples []shardSample
			for _, sample := range t.samples[shard] {
				if wanted(shard + "/" + sample.name) {
					samples = append(samples, sample)
				}
			}
			if len(samples) == 0 {
				continue
			}
			err := t.format.visit(t.path(shard), samples, func(s shardSample, content io.Reader, size uint64, full error) error {
				if full != nil {
					return do(shard+"/"+s.name, func() ([]byte, error) { return nil, full })
				}
				bytes, err := read(content, size)
				if err != nil && err != errTooLong {
					return fmt.Errorf("it is damaged, in %s: %w", s.name, err)
				}
				return do(shard+"/"+s.name, func() ([]byte, error) { return bytes, err })
			})
			if err == errStop {
				return err
			}
			if err != nil {
				return fmt.Errorf("%s: %w", shard, err)
			}
		}
	}
	return nil
}

// stamp hashes the names, sizes and times of the shards.
func (t *shardTree) stamp() (string, error) {
	h := sha256.New()
	for split, shards := range t.shards {
		for _, shard := range shards {
			info, err := os.Stat(t.path(shard))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%d %q %d %d\n", split, shard, info.Size(), info.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (t *shardTree) close() error { return nil }
