package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
