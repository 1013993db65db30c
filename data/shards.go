package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

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
	info, err := stat(s.from.Path)
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
