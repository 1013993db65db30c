package data

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"sslkit/kit/setting"
)

// listing is the images of a split that are named one by one, by a file of annotations or by their
// masks, rather than by the folders that they lie in.
type listing struct {
	fit     *Fit              // how whole images become square; nil: their centre squares do
	classes []string          // nil: the images are unlabelled
	objects map[string]string // the object that an image shows, by its path, where it shares one with others
	images  []listedImage     // each path once
	folder  string            // of the tree, that the images lie in: "" is all of it
	unnamed string            // why other images in that folder are left out
	bad     []Skipped         // images that are left out, and why
	asked   []string          // paths of images that are left out as asked, of which nothing is told
}

// listedImage is an image of a listing.
type listedImage struct {
	path  string      // in the tree
	size  image.Point // that it must have, upright; the zero value: any
	class int         // -1: unlabelled; means nothing where the listing has no classes
	from  string      // where it is listed, such as "labels.csv, line 7"; "" where nobody needs to know
}

// named is the image with the place where it is listed.
func (i listedImage) named() string {
	if i.from == "" {
		return i.path
	}
	return i.from + ": " + i.path
}

// noFile is why a listed image is left out that the tree does not have.
const noFile = "there is no such file"

// convention is that of a listing.
func (l *listing) convention() convention {
	slices.SortFunc(l.images, func(a, b listedImage) int { return cmp.Compare(a.path, b.path) })
	slices.SortFunc(l.bad, func(a, b Skipped) int { return cmp.Compare(a.Path, b.Path) })
	h := sha256.New()
	for _, image := range l.images {
		fmt.Fprintf(h, "%q %v\n", image.path, image.size)
		if l.classes != nil {
			fmt.Fprintf(h, "%d\n", image.class)
		}
	}
	for _, skipped := range l.bad {
		fmt.Fprintf(h, "%q\n", skipped)
	}
	how := "centre"
	if l.fit != nil {
		how = fmt.Sprint(int(*l.fit))
	}
	if l.classes != nil {
		how += fmt.Sprintf(" classes %q", l.classes)
	}
	return convention{
		name:   fmt.Sprintf("listed %s %q %x", how, l.folder, h.Sum(nil)),
		object: func(path string) (string, bool) { name, ok := l.objects[path]; return name, ok },
		listed: l,
	}
}

// layout is what a tree has of the listed images, all of the split. What is missing is an error for
// Fail.
func (l *listing) layout(entries []entry, split Split, onBad BadImages) (*layout, error) {
	found := &layout{classes: l.classes}
	found.has[split], found.labelled[split] = true, l.classes != nil
	there := map[string]bool{}
	for _, e := range entries {
		switch {
		case hiddenPath(e.path) || e.folder:
		case e.left != "":
			found.notFollowed.add(e.path, e.left)
		default:
			there[e.path] = there[e.path] || e.image
		}
	}
	for _, image := range l.images {
		if _, ok := there[image.path]; !ok {
			if onBad == Fail {
				return nil, fmt.Errorf("%s: %s", image.named(), noFile)
			}
			found.stray[split] = append(found.stray[split], Skipped{image.named(), noFile})
			continue
		}
		delete(there, image.path)
		class := -1
		if l.classes != nil {
			class = image.class
		}
		found.images[split] = append(found.images[split], located{path: image.path, inner: image.path, class: class})
	}
	for _, p := range l.asked {
		delete(there, p)
	}
	for _, skipped := range l.bad {
		found.stray[split] = append(found.stray[split], skipped)
		delete(there, skipped.Path)
	}
	for _, e := range entries {
		if there[e.path] && (l.folder == "" || strings.HasPrefix(e.path, l.folder+"/")) {
			found.ignored.add(e.path, l.unnamed)
			delete(there, e.path)
		}
	}
	found.total = len(found.images[split])
	if found.total == 0 {
		if len(l.bad) > 0 {
			return nil, fmt.Errorf("all of its %d images are left out, such as %s: %s", len(l.bad), l.bad[0].Path, l.bad[0].Reason)
		}
		if len(l.images) > 0 {
			return nil, fmt.Errorf("none of its %d images is there: no file %s", len(l.images), l.images[0].named())
		}
		return nil, fmt.Errorf("there is no image of it")
	}
	return found, nil
}

// sizes are those that the images must have.
func (l *listing) sizes() map[string]image.Point {
	sizes := map[string]image.Point{}
	for _, listed := range l.images {
		if listed.size != (image.Point{}) {
			sizes[listed.path] = listed.size
		}
	}
	return sizes
}

// checkListed returns an error for bad settings of a source whose images are listed, of the given
// name.
func (f ImageFolder) checkListed(of string) error {
	return cmp.Or(
		setting.Must(f.ValidationFraction == 0, of+".ValidationFraction", f.ValidationFraction, "left out: the splits are given"),
		f.checkTold(of))
}

// checkTold returns an error for bad settings of a source of which something else than the paths tells
// what the images are of.
func (f ImageFolder) checkTold(of string) error {
	return cmp.Or(
		setting.Must(f.Object == "", of+".Object", strconv.Quote(f.Object), "left out: no objects are told by the paths"),
		f.check(of))
}

// openListed opens the listed images of a split.
func (f ImageFolder) openListed(split Split, l *listing) (*FolderSet, error) {
	return f.WithDefaults().open(split, l.convention())
}

var errNoFile = errors.New("there is no file")

// readFile reads a file of a tree, at most maxListFile of it: the one of that path, or the only one
// whose path ends so. root is what comes before, with its slash.
func readFile(tree archive, name string) (content []byte, root string, err error) {
	contents := map[string][]byte{}
	wanted := func(p string) bool { return p == name || strings.HasSuffix(p, "/"+name) }
	if err := readFiles(tree, wanted, func(p string, content []byte) error { contents[p] = content; return nil }); err != nil {
		return nil, "", err
	}
	if content, ok := contents[name]; ok {
		return content, "", nil
	}
	var paths []string
	for p := range contents {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	switch len(paths) {
	case 0:
		return nil, "", fmt.Errorf("%w %s", errNoFile, name)
	case 1:
		return contents[paths[0]], strings.TrimSuffix(paths[0], name), nil
	}
	return nil, "", fmt.Errorf("the file %s may be %s: open one of these folders alone", name, strings.Join(paths, " or "))
}

// maxListFile bounds a file of annotations: that of COCO's training images has 470 MB.
const maxListFile = 4 << 30

// readFiles calls do for every wanted file of a tree, in the order of the tree.
func readFiles(tree archive, wanted func(path string) bool, do func(path string, content []byte) error) error {
	read := func(r io.Reader, size uint64) ([]byte, error) {
		if size > maxListFile {
			return nil, errTooLong
		}
		return io.ReadAll(r)
	}
	seen := map[string]bool{} // An archive may hold a path twice; the first counts.
	return tree.visit(func(p string) bool { return !seen[p] && wanted(p) }, read, func(p string, content func() ([]byte, error)) error {
		seen[p] = true
		bytes, err := content()
		if err == nil {
			err = do(p, bytes)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		return nil
	})
}

// inFolder is a path in a folder of a tree, "" for the tree itself.
func inFolder(root, folder, name string) string {
	p := path.Join(root, folder, name)
	if p == "." {
		return ""
	}
	return p
}
