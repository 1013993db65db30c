package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sslkit/kit/setting"
)

// ImageList is a folder or an archive of images with a table that names them, and says of which class
// each is: a .csv or .tsv file with a header, or a .jsonl file with an object in each line.
//
//	data.ImageList{From: data.ImageFolder{Path: "skin", Size: 64}, List: "labels.csv"}
//	data.ImageList{
//		From: data.ImageFolder{Path: "xrays", Size: 128}, List: "train.csv", Images: "train_images", Suffix: ".png",
//		Columns: data.ListColumns{Path: "image_id", Label: "finding", Object: "patient", Split: "fold"},
//	}
//
// Where a split is not told by a column nor by a list of its own, images are held out of the training
// images by hash, as [ImageFolder] does it; those of one object stay together. Images are in the order
// of their paths, whatever the order of the rows.
type ImageList struct {
	// From is the images. Of its settings Object must be left out: a column tells the objects.
	// OnBad also says what to do about rows that mean nothing: Skip counts them in
	// [LeftOut.Objects] with their lines, Fail makes the first an error. They are: a row without a
	// path, label, group or split in the columns that are read, with more or fewer fields than the
	// header, with a path that came before or that leads out of the folder, or with a class that
	// Classes does not hold. A file that is not there is skipped, or the error, in the same way.
	From ImageFolder

	// List is the table of all images, or of the training images, by its path inside the folder or
	// archive; a folder around the whole tree may be left out. Of .csv the fields are separated by
	// commas, of .tsv by tabs, where each row is one line; a .tsv may also be called .tab, a .jsonl
	// .ndjson.
	List string
	// ValidationList and TestList are the tables of those splits. Default: none.
	ValidationList, TestList string

	// Images is the folder inside the tree that the paths in the tables are relative to. Default:
	// that of the table itself.
	Images string
	// Suffix is put behind each path in the tables, such as ".png" where these hold ids.
	Suffix string

	// Columns are the names of the columns, or of the fields of the objects of a .jsonl.
	Columns ListColumns

	// Classes are the names of the classes in the order of their numbers, each once. Default: all
	// labels of the tables, sorted: by their value where all are whole numbers, else as text.
	Classes []string
	// Unlabelled keeps images whose label is empty, as unlabelled ones. By default such a row means
	// nothing.
	Unlabelled bool
}

// ListColumns are the names of the columns of an [ImageList]. A column that has a name here, and is
// not in the table, is an error that tells which there are.
type ListColumns struct {
	Path  string // of the images, relative to ImageList.Images; default "path"
	Label string // the class; default "label". NoColumn: the images are unlabelled
	// Group is the subgroup that figures are reported by: the sets are [Grouped]. Default "": none.
	Group string
	// Object names what an image shows, such as a patient, so that several show one: they are
	// [Instances], and held out together. An image whose object is empty shows one of its own.
	// Default "": every image shows another.
	Object string
	// Split says of which split an image is, by the names of split folders that [ImageFolder] knows,
	// such as train, val and test. Default "": all images of List are training images.
	Split string
}

// NoColumn as the name of a column means that there is none.
const NoColumn = "-"

// Name is the folder's.
func (l ImageList) Name() string { return l.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (l ImageList) WithDefaults() ImageList {
	l.From = l.From.WithDefaults()
	l.Columns.Path, l.Columns.Label = cmp.Or(l.Columns.Path, "path"), cmp.Or(l.Columns.Label, "label")
	return l
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (l ImageList) Check() error {
	l = l.WithDefaults()
	if err := cmp.Or(l.From.checkTold("data.ImageList: From"), checkClasses("data.ImageList", l.Classes)); err != nil {
		return err
	}
	if l.List == "" {
		return setting.Missing("data.ImageList: List", "a .csv, .tsv or .jsonl file in the folder, such as \"labels.csv\"")
	}
	for _, file := range []struct{ field, name string }{{"List", l.List}, {"ValidationList", l.ValidationList}, {"TestList", l.TestList}} {
		if _, ok := tableKinds[strings.ToLower(path.Ext(file.name))]; !ok && file.name != "" {
			return setting.Must(false, "data.ImageList: "+file.field, file.name, "a .csv, .tsv, .jsonl or .ndjson file")
		}
	}
	if l.Columns.Split != "" && l.ValidationList+l.TestList != "" {
		return fmt.Errorf("data.ImageList: Columns.Split is %s; it must be left out where ValidationList or TestList is given", l.Columns.Split)
	}
	return setting.Must(l.Columns.Label != NoColumn || (l.Classes == nil && !l.Unlabelled), "data.ImageList: Columns.Label", l.Columns.Label,
		"the name of a column where Classes or Unlabelled is given")
}

// checkClasses returns an error for names of classes that are empty or come twice.
func checkClasses(of string, classes []string) error {
	seen := map[string]bool{}
	for i, name := range classes {
		if name == "" || seen[name] {
			return fmt.Errorf("%s: Classes[%d] is %q; it must be a name that comes once", of, i, name)
		}
		seen[name] = true
	}
	return setting.Must(len(classes) <= maxClasses, of+": Classes", len(classes), fmt.Sprintf("at most %d names", maxClasses))
}

// Open reads the tables and decodes the images of a split, or finds these in the cache. A table that is
// not there, or of which nothing can be read, is an error that names it.
func (l ImageList) Open(split Split) (Set, error) {
	if err := cmp.Or(l.Check(), split.check()); err != nil {
		return nil, err
	}
	l = l.WithDefaults()
	set, err := l.open(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, l.From.Path, err)
	}
	return set, nil
}

func (l ImageList) open(split Split) (Set, error) {
	tree, err := openArchive(l.From.Path)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	found := &listRows{ImageList: l, known: map[string]listRow{}, trained: map[string]bool{}}
	for s, name := range []string{l.List, l.ValidationList, l.TestList} {
		if name == "" {
			continue
		}
		content, root, err := readFile(tree, name)
		if err != nil {
			return nil, err
		}
		if err := found.read(content, name, root, Split(s)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	list, err := found.listing(split)
	if err != nil {
		return nil, err
	}
	folder, err := l.From.openListed(split, list)
	if err != nil {
		return nil, err
	}
	set := &listedSet{FolderSet: folder, left: found.left, fingerprint: folder.Fingerprint()}
	if l.Columns.Group == "" && l.Columns.Object == "" {
		return set, nil
	}
	h := sha256.New()
	fmt.Fprintf(h, "listed/1 %s", folder.Fingerprint())
	grouped := &groupedListedSet{listedSet: set, groups: found.groups()}
	for i := range folder.Len() {
		row := found.known[folder.Path(i)]
		group, _ := slices.BinarySearch(grouped.groups, row.group)
		grouped.group = append(grouped.group, group)
		fmt.Fprintf(h, "\n%q %q", row.group, row.object)
	}
	set.fingerprint = hex.EncodeToString(h.Sum(nil))
	if l.Columns.Group == "" {
		return set, nil
	}
	return grouped, nil
}

// listedSet is an opened split of an ImageList.
type listedSet struct {
	*FolderSet
	left        Listed // rows
	fingerprint string
}

func (s *listedSet) Fingerprint() string { return s.fingerprint }

// LeftOut is what the folder leaves out, and the rows that are left out.
func (s *listedSet) LeftOut() LeftOut {
	left := s.FolderSet.LeftOut()
	left.Objects = s.left
	return left
}

var _ Grouped = (*groupedListedSet)(nil)

// groupedListedSet is one whose table tells groups.
type groupedListedSet struct {
	*listedSet
	groups []string
	group  []int
}

func (s *groupedListedSet) Groups() []string { return s.groups }
func (s *groupedListedSet) Group(i int) int  { return s.group[i] }

// listRows are the rows of the tables, by what they name.
type listRows struct {
	ImageList
	known   map[string]listRow // by the path in the tree
	rows    []listRow          // those that mean something
	trained map[string]bool    // the paths of the training list, once it is read
	paths   []string           // of the rows that are left out
	files   []string           // the tables
	left    Listed
}

// bad leaves a row out, or is the error that says why.
func (l *listRows) bad(where string, why error) error {
	if l.From.OnBad == Fail {
		return fmt.Errorf("%s: %w", strings.TrimPrefix(where, l.files[len(l.files)-1]+", "), why)
	}
	l.left.add(where, why.Error())
	return nil
}

// read reads a table, at a path below root, whose images are of the given split unless a column tells.
func (l *listRows) read(content []byte, name, root string, split Split) error {
	l.files = append(l.files, name)
	rows, err := parseTable(content, tableKinds[strings.ToLower(path.Ext(name))], l.Columns)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("it has no rows")
	}
	besideTest := slices.ContainsFunc(rows, func(r listRow) bool {
		s, ok := splitOf(r.split, true)
		return ok && s == Test
	})
	folder := inFolder(root, path.Dir(name), "")
	if l.Images != "" {
		folder = inFolder(root, l.Images, "")
	}
	here := map[string]listRow{}
	good := 0
	for _, row := range rows {
		row.split, row.of = strings.TrimSpace(row.split), split
		where := fmt.Sprintf("%s, line %d", name, row.line)
		row.where = where
		if row.path != "" {
			where += ": " + row.path
		}
		why := l.understand(&row, folder, besideTest)
		if before, twice := here[row.at]; why == nil && twice {
			where = fmt.Sprintf("%s, line %d (first in line %d): %s", name, row.line, before.line, row.path)
			why = errors.New("the image came before")
			if before.label != row.label {
				why = errors.New("the image came before, with another label")
			}
		}
		if why == nil && split != Train && l.trained[row.at] {
			why = fmt.Errorf("it is an image of %s too", l.List)
		}
		if why != nil {
			if err := l.bad(where, why); err != nil {
				return err
			}
			l.paths = append(l.paths, row.at)
			continue
		}
		good++
		here[row.at], l.known[row.at] = row, row
		if split == Train {
			l.trained[row.at] = true
		}
		l.rows = append(l.rows, row)
	}
	if good == 0 {
		first := l.left.First[len(l.left.First)-1]
		return fmt.Errorf("none of its %d rows can be used, such as %s: %s", len(rows), first.Path, first.Reason)
	}
	return nil
}

// understand checks a row, and fills in where its image is and of which split it is.
func (l *listRows) understand(row *listRow, folder string, besideTest bool) error {
	if row.why != nil {
		return row.why
	}
	if row.path == "" {
		return fmt.Errorf("it has no %s", l.Columns.Path)
	}
	at, ok := within(folder, row.path+l.Suffix)
	if !ok {
		return fmt.Errorf("the path leads out of the folder")
	}
	row.at = at
	if l.Columns.Split != "" {
		if row.of, ok = splitOf(row.split, besideTest); !ok {
			return fmt.Errorf("its %s is %q; it must be such as train, val or test", l.Columns.Split, row.split)
		}
	}
	switch {
	case row.label == "" && l.Columns.Label != NoColumn && !l.Unlabelled:
		return fmt.Errorf("it has no %s", l.Columns.Label)
	case row.group == "" && l.Columns.Group != "":
		return fmt.Errorf("it has no %s", l.Columns.Group)
	case row.label != "" && l.Classes != nil && !slices.Contains(l.Classes, row.label):
		return fmt.Errorf("its %s is none of Classes", l.Columns.Label)
	}
	return nil
}

// within is a path in a folder of a tree; false where it leads out of the tree.
func within(folder, name string) (string, bool) {
	name = strings.ReplaceAll(name, `\`, "/") // As tables have it that were written on Windows.
	at := path.Join(folder, name)
	drive := len(name) > 1 && name[1] == ':'
	return at, !path.IsAbs(name) && !drive && at != "." && at != ".." && !strings.HasPrefix(at, "../")
}

// groups are all that the tables name, sorted.
func (l *listRows) groups() []string {
	all := map[string]bool{}
	for _, row := range l.rows {
		all[row.group] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// listing is the images of a split.
func (l *listRows) listing(split Split) (*listing, error) {
	classes, classOf, err := l.classes()
	if err != nil {
		return nil, err
	}
	list := &listing{unnamed: "not in " + strings.Join(l.files, ", "), classes: classes, asked: l.paths, objects: map[string]string{}}
	all := &layout{}
	for _, row := range l.rows {
		if row.object != "" {
			list.objects[row.at] = row.object
		}
		class, ok := classOf[row.label]
		if !ok {
			class = -1
		}
		all.has[row.of] = true
		all.images[row.of] = append(all.images[row.of], located{path: row.at, inner: row.at, class: class})
	}
	for s := range all.images { // As a tree has them, so that the order of rows means nothing.
		slices.SortFunc(all.images[s], func(a, b located) int { return cmp.Compare(a.path, b.path) })
	}
	all.holdOut(l.From.TestFraction, l.From.ValidationFraction, func(image located) string {
		return cmp.Or(list.objects[image.path], image.path)
	})
	if !all.has[split] && split == Validation {
		return nil, fmt.Errorf("no list tells validation images; set ValidationFraction to hold some training images out: %w", ErrNoSplit)
	}
	if !all.has[split] {
		return nil, fmt.Errorf("no list tells images of %s: %w", split, ErrNoSplit)
	}
	for s, images := range all.images {
		for _, image := range images {
			if Split(s) != split {
				list.asked = append(list.asked, image.path)
				continue
			}
			list.images = append(list.images, listedImage{path: image.path, class: image.class, from: l.known[image.path].where})
		}
	}
	// Such an image may be of two lists.
	of := map[string]bool{}
	for _, image := range list.images {
		of[image.path] = true
	}
	list.asked = slices.DeleteFunc(list.asked, func(p string) bool { return of[p] })
	return list, nil
}

// classes are the names of the classes, and the class of each label.
func (l *listRows) classes() (names []string, classOf map[string]int, err error) {
	if l.Columns.Label == NoColumn {
		return nil, nil, nil
	}
	if names = l.Classes; names == nil {
		labels := map[string]bool{}
		for _, row := range l.rows {
			if row.label != "" {
				labels[row.label] = true
			}
		}
		if names = sortedLabels(labels); len(names) == 0 {
			return nil, nil, fmt.Errorf("no row has a %s", l.Columns.Label)
		}
	}
	classOf = map[string]int{}
	for class, name := range names {
		classOf[name] = class
	}
	return names, classOf, nil
}
