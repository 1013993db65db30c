package eval

import (
	"fmt"
	"slices"
)

// checkGroups says why f cannot be cut by its attribute.
func checkGroups(f Features) error {
	if f.Groups == nil {
		return fmt.Errorf("eval: features %q: Groups is nil; it must be the attribute's value of every row; WithGroups sets one", f.Name)
	}
	if err := f.Check(); err != nil {
		return err
	}
	if slices.Min(f.Groups) == slices.Max(f.Groups) {
		return fmt.Errorf("eval: features %q: Groups is %q throughout; it must be an attribute with at least two values",
			f.Name, f.GroupNames[f.Groups[0]])
	}
	return nil
}

// cell are the images of one class and one value of the attribute.
type cell struct {
	class, group int
	images       []int
}

func (c cell) name(f Features) string { return f.Classes[c.class] + ", " + f.GroupNames[c.group] }

// cells are those that hold images, by class and then group. f is labelled and has groups.
func (f Features) cells() []cell {
	all := make([]cell, len(f.Classes)*len(f.GroupNames))
	for i, label := range f.Labels {
		k := label*len(f.GroupNames) + f.Groups[i]
		all[k].class, all[k].group = label, f.Groups[i]
		all[k].images = append(all[k].images, i)
	}
	return slices.DeleteFunc(all, func(c cell) bool { return len(c.images) == 0 })
}
