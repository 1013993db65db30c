package data

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxClasses bounds the classes of a set: ImageNet-21k has 21,843. A label can claim any number.
const maxClasses = 1 << 16

// sortedLabels are labels in the order of their classes: by value where all are whole numbers, else as
// text.
func sortedLabels(labels map[string]bool) []string {
	names := slices.Sorted(maps.Keys(labels))
	values := map[string]int{}
	for _, name := range names {
		value, ok := wholeNumber(name)
		if !ok {
			return names
		}
		values[name] = value
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(values[a], values[b]) })
	return names
}

// wholeNumber reads a label that is a number.
func wholeNumber(label string) (int, bool) {
	value, err := strconv.Atoi(label)
	return value, err == nil
}

// labelNames tells what labels mean that are numbers or names of classes, as shards have them.
type labelNames struct {
	classes []string       // nil: the numbers or names that there are
	of      map[string]int // the class of each name
	numbers bool           // a label that is no name is the number of a class
}

// newLabelNames understands all labels of a set, of which the same label may come many times. classes
// are given, or nil. Where all labels are whole numbers, these are the classes, up to the highest;
// else each label is the name of a class.
func newLabelNames(classes []string, labels map[string]bool) (*labelNames, error) {
	n := &labelNames{classes: classes, of: map[string]int{}, numbers: true}
	if classes == nil {
		highest := -1
		for label := range labels {
			value, ok := wholeNumber(label)
			n.numbers = n.numbers && ok
			highest = max(highest, value)
		}
		switch {
		case len(labels) == 0:
			return n, nil
		case !n.numbers:
			n.classes = slices.Sorted(maps.Keys(labels))
		case highest >= maxClasses:
			return nil, fmt.Errorf("a label is %d; it must be below %d", highest, maxClasses)
		default:
			for class := range highest + 1 {
				n.classes = append(n.classes, strconv.Itoa(class))
			}
		}
	}
	if len(n.classes) > maxClasses {
		return nil, fmt.Errorf("it has %d classes; it must have at most %d", len(n.classes), maxClasses)
	}
	for class, name := range n.classes {
		n.of[name] = class
	}
	return n, nil
}

// class is that of a label: by its name, unless it is numbered, else by its number.
func (n *labelNames) class(label string, numbered bool) (int, error) {
	if class, ok := n.of[label]; ok && !numbered {
		return class, nil
	}
	if value, ok := wholeNumber(label); ok && n.numbers && value >= 0 && value < len(n.classes) {
		return value, nil
	}
	if len(label) > 80 {
		label = label[:80] + "..."
	}
	return -1, fmt.Errorf("its label is %q; it must be one of the %d classes: %s", label, len(n.classes), firstFew(n.classes))
}

// firstFew names some of the classes.
func firstFew(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:few], ", ") + " and others"
}
