package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layout is what a tree of files means: which images make up which split, and
// of which class they are.
type layout struct {
	classes  []string
	images   [3][]located // by split, sorted by path
	labelled [3]bool
	has      [3]bool // the tree has a folder for the split
	split    bool    // the tree has split folders at all
	stray    [3][]Skipped
	ignored  int
	total    int
}

// located is an image in a tree.
type located struct {
	path  string // in the archive
	inner string // within its split
	class int    // -1: unlabelled
}

var splitFolders = map[string]Split{"train": Train, "val": Validation, "valid": Validation, "validation": Validation, "test": Test}

// newLayout reads the convention off the paths. Where folders are not classes,
// all images are unlabelled.
func newLayout(entries []entry, classes bool) (*layout, error) {
	l := &layout{}
	folders := map[string]bool{}
	seen := map[string]bool{}
	var images []string
	for _, e := range entries {
		switch {
		case hiddenPath(e.path) || e.path == "." || seen[e.path]:
		case e.folder:
			folders[e.path] = true
		case e.image:
			seen[e.path] = true
			images = append(images, e.path)
		default:
			l.ignored++
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("no image in it (no JPEG, PNG or GIF among %d files)", l.ignored)
	}
	l.total = len(images)
	slices.Sort(images)
	root := commonRoot(images)

	// "train" may also be a class (a railway train): it takes two split
	// folders, or nothing but one, to be sure.
	tops := map[string]bool{}
	named := map[Split]bool{}
	for _, path := range images {
		if top, _, ok := strings.Cut(path[len(root):], "/"); ok {
			tops[top] = true
			if s, ok := splitFolders[strings.ToLower(top)]; ok {
				named[s] = true
			}
		}
	}
	l.split = len(named) >= 2 || len(named) == 1 && len(tops) == 1

	perSplit := [3][]located{}
	bases := [3][]string{}
	if !l.split {
		l.has[Train] = true
		bases[Train] = []string{root}
	}
	for _, path := range images {
		inner, s := path[len(root):], Train
		if l.split {
			top, rest, ok := strings.Cut(inner, "/")
			which, known := splitFolders[strings.ToLower(top)]
			if !ok || !known {
				l.ignored++
				continue
			}
			inner, s = rest, which
			l.has[s] = true
			if base := root + top + "/"; !slices.Contains(bases[s], base) {
				bases[s] = append(bases[s], base)
			}
		}
		perSplit[s] = append(perSplit[s], located{path: path, inner: inner, class: -1})
	}
	// An empty split folder is a mistake worth naming.
	for folder := range folders {
		if s, ok := splitFolders[strings.ToLower(strings.TrimPrefix(folder, root))]; ok && l.split && strings.HasPrefix(folder, root) && !l.has[s] {
			return nil, fmt.Errorf("the folder %s holds no image", folder)
		}
	}
	if !classes {
		l.images = perSplit
		return l, nil
	}
	return l, l.label(perSplit, bases, folders)
}

// label finds the classes and sorts the images by them.
func (l *layout) label(perSplit [3][]located, bases [3][]string, folders map[string]bool) error {
	classes := [3]map[string]bool{}
	all := map[string]bool{}
	for s := range perSplit {
		classes[s] = map[string]bool{}
		for _, image := range perSplit[s] {
			if class, _, ok := strings.Cut(image.inner, "/"); ok {
				classes[s][class] = true
				all[class] = true
			}
		}
		l.labelled[s] = len(classes[s]) > 0
	}
	if len(all) > 0 {
		l.classes = slices.Sorted(maps.Keys(all))
	}
	if l.labelled[Train] {
		for _, s := range []Split{Validation, Test} {
			for _, class := range slices.Sorted(maps.Keys(classes[s])) {
				if !classes[Train][class] {
					return fmt.Errorf("class %s of %s has no images in train", class, s)
				}
			}
		}
	}
	for s := range perSplit {
		for _, base := range bases[s] {
			for _, folder := range slices.Sorted(maps.Keys(folders)) {
				class, inside := strings.CutPrefix(folder, base)
				if inside && l.labelled[s] && !strings.Contains(class, "/") && !classes[s][class] {
					return fmt.Errorf("the class folder %s holds no image", folder)
				}
			}
		}
		for _, image := range perSplit[s] {
			class, _, inFolder := strings.Cut(image.inner, "/")
			if l.labelled[s] && !inFolder {
				l.stray[s] = append(l.stray[s], Skipped{image.path, "it lies beside class folders, in none of them"})
				continue
			}
			if inFolder {
				image.class, _ = slices.BinarySearch(l.classes, class)
			}
			l.images[s] = append(l.images[s], image)
		}
	}
	return nil
}

// holdOut cuts the splits that the tree lacks out of its training images. Images
// of one unit stay together.
func (l *layout) holdOut(test, validation float64, unit func(located) string) error {
	if l.has[Validation] {
		validation = 0
	}
	if l.has[Test] {
		test = 0
	}
	if test == 0 && validation == 0 || len(l.images[Train]) == 0 {
		return nil
	}
	var kept []located
	for _, image := range l.images[Train] {
		sum := sha256.Sum256([]byte(unit(image)))
		at := float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) // uniform in [0, 1)
		switch {
		case at < test:
			l.images[Test] = append(l.images[Test], image)
		case at < test+validation:
			l.images[Validation] = append(l.images[Validation], image)
		default:
			kept = append(kept, image)
		}
	}
	if len(kept) == 0 {
		return fmt.Errorf("all %d images were held out: too few to split, or TestFraction and ValidationFraction are too large", len(l.images[Train]))
	}
	l.images[Train] = kept
	if test > 0 {
		l.has[Test], l.labelled[Test] = true, l.labelled[Train]
	}
	if validation > 0 {
		l.has[Validation], l.labelled[Validation] = true, l.labelled[Train]
	}
	return nil
}

// splitNames lists what the tree has.
func (l *layout) splitNames() []string {
	var names []string
	for s, has := range l.has {
		if has {
			names = append(names, Split(s).String())
		}
	}
	return names
}

// commonRoot is the folder, with its slash, around a whole tree of splits or
// classes: the folders that all images share, as long as at least one more
// level of folders follows and it is not itself a split.
func commonRoot(images []string) string {
	root := ""
	for {
		top, _, ok := strings.Cut(images[0][len(root):], "/")
		if _, split := splitFolders[strings.ToLower(top)]; !ok || split {
			return root
		}
		next := root + top + "/"
		for _, path := range images {
			if !strings.HasPrefix(path, next) || !strings.Contains(path[len(next):], "/") {
				return root
			}
		}
		root = next
	}
}
