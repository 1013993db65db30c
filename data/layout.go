package data

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layout is what a tree of files means: which images make up which split, and
// of which class they are.
type layout struct {
	classes     []string
	images      [3][]located // by split, sorted by path
	labelled    [3]bool
	has         [3]bool // the tree has a folder for the split
	stray       [3][]Skipped
	ignored     Listed
	notFollowed Listed
	total       int
}

// located is an image in a tree.
type located struct {
	path  string // in the archive
	inner string // within its split
	class int    // -1: unlabelled
}

// newLayout reads the convention off the paths. Where folders are not classes,
// all images are unlabelled.
func newLayout(entries []entry, classes bool) (*layout, error) {
	l := &layout{}
	folders := map[string]bool{}
	seen := map[string]bool{}
	var images []string
	for _, e := range entries {
		switch {
		case hiddenPath(e.path) || e.path == ".":
		case e.left != "":
			l.notFollowed.add(e.path, e.left)
		case e.folder:
			folders[e.path] = true
		case seen[e.path]:
			l.ignored.add(e.path, twiceInIt)
		case e.image:
			seen[e.path] = true
			images = append(images, e.path)
		default:
			seen[e.path] = true
			l.ignored.add(e.path, cmp.Or(e.ignored, noImage))
		}
	}
	if len(images) == 0 {
		not := ""
		if n := l.notFollowed.Count(); n > 0 {
			not = fmt.Sprintf("; not followed: %d (%s)", n, l.notFollowed)
		}
		return nil, fmt.Errorf("no image in it (no JPEG, PNG, GIF, WebP, BMP or TIFF among %d files%s)", l.ignored.Count(), not)
	}
	l.total = len(images)
	slices.Sort(images)
	root := commonRoot(images)
	splits, err := splitsOf(images, root, classes)
	if err != nil {
		return nil, err
	}

	perSplit := [3][]located{}
	bases := [3]string{}
	if splits == nil {
		l.has[Train] = true
		bases[Train] = root
	}
	for _, path := range images {
		inner, s := path[len(root):], Train
		if splits != nil {
			top, rest, ok := strings.Cut(inner, "/")
			which, known := splits[top]
			if !ok || !known {
				l.ignored.add(path, outsideSplits)
				continue
			}
			inner, s = rest, which
			l.has[s], bases[s] = true, root+top+"/"
		}
		perSplit[s] = append(perSplit[s], located{path: path, inner: inner, class: -1})
	}
	for s := range perSplit {
		if splits != nil {
			bases[s] += passOver(perSplit[s], Split(s))
		}
	}
	// An empty split folder is a mistake worth naming.
	for folder := range folders {
		name, inside := strings.CutPrefix(folder, root)
		_, used := splits[name]
		if s, ok := splitOf(name, l.has[Test]); ok && inside && splits != nil && !used && !l.has[s] {
			return nil, fmt.Errorf("the folder %s holds no image%s", folder, l.notFollowedIn(folder))
		}
	}
	if !classes {
		l.images = perSplit
		return l, nil
	}
	return l, l.label(perSplit, bases, folders)
}

// passOver takes a folder that is named as the split, and holds all of it, out of
// the inner paths: training_set/training_set/cats. It returns that folder, with
// its slash, or "".
func passOver(images []located, split Split) string {
	if len(images) == 0 {
		return ""
	}
	folder, _, ok := strings.Cut(images[0].inner, "/")
	if s, known := splitOf(folder, split == Validation); !ok || !known || s != split {
		return ""
	}
	folder += "/"
	for _, image := range images {
		if !strings.HasPrefix(image.inner, folder) {
			return ""
		}
	}
	for i := range images {
		images[i].inner = images[i].inner[len(folder):]
	}
	return folder
}

// label finds the classes and sorts the images by them.
func (l *layout) label(perSplit [3][]located, bases [3]string, folders map[string]bool) error {
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
		for _, folder := range slices.Sorted(maps.Keys(folders)) {
			class, inside := strings.CutPrefix(folder, bases[s])
			if inside && l.labelled[s] && !strings.Contains(class, "/") && !classes[s][class] {
				return fmt.Errorf("the class folder %s holds no image%s", folder, l.notFollowedIn(folder))
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

// notFollowedIn tells of a folder without images what was not followed in it.
func (l *layout) notFollowedIn(folder string) string {
	for _, left := range l.notFollowed.First {
		if strings.HasPrefix(left.Path, folder+"/") {
			return fmt.Sprintf("; not followed: %s (%s)", left.Path, left.Reason)
		}
	}
	return ""
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
