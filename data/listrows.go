package data

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

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
