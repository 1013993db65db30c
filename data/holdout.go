package data

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"math"
	"slices"
	"strings"
)

// heldUnit is images that stay on one side together: one, or those of an object.
type heldUnit struct {
	name   string
	hash   [sha256.Size]byte // of the name: its rank within its class
	class  int               // of its first image
	images []int
	split  Split
}

// holdOut cuts the splits that the tree lacks out of its training images: of each
// class the units that rank first by their hash to test on, those that rank last
// to validate by. Images of one unit stay together.
func (l *layout) holdOut(test, validation float64, unit func(located) string) {
	if l.has[Validation] {
		validation = 0
	}
	if l.has[Test] {
		test = 0
	}
	if test == 0 && validation == 0 || len(l.images[Train]) == 0 {
		return
	}
	all := l.images[Train]
	known := map[string]*heldUnit{}
	byClass := map[int][]*heldUnit{}
	var units []*heldUnit
	for i, image := range all {
		name := unit(image)
		u := known[name]
		if u == nil {
			u = &heldUnit{name: name, hash: sha256.Sum256([]byte(name)), class: image.class, split: Train}
			known[name] = u
			byClass[u.class] = append(byClass[u.class], u)
			units = append(units, u)
		}
		u.images = append(u.images, i)
	}
	for _, members := range byClass {
		slices.SortFunc(members, func(a, b *heldUnit) int {
			return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), strings.Compare(a.name, b.name))
		})
		tested, validated := heldCounts(len(members), test, validation)
		// From either end, so that more of one leaves the other as it is.
		for _, u := range members[:tested] {
			u.split = Test
		}
		for _, u := range members[len(members)-validated:] {
			u.split = Validation
		}
	}
	l.keepOne(units)

	splitOfImage := make([]Split, len(all))
	for _, u := range units {
		for _, i := range u.images {
			splitOfImage[i] = u.split
		}
	}
	l.images[Train] = nil
	for i, image := range all {
		l.images[splitOfImage[i]] = append(l.images[splitOfImage[i]], image)
	}
	if test > 0 {
		l.has[Test], l.labelled[Test] = true, l.labelled[Train]
	}
	if validation > 0 {
		l.has[Validation], l.labelled[Validation] = true, l.labelled[Train]
	}
}

// heldCounts are how many of n units are held out: the rounded fractions, and at
// least one of each that is not 0, as long as one is left. What cannot be is
// taken from validation first.
func heldCounts(n int, test, validation float64) (tested, validated int) {
	count := func(fraction float64, most int) int {
		if fraction == 0 {
			return 0
		}
		return min(max(int(math.Round(fraction*float64(n))), 1), most)
	}
	tested = count(test, max(n-1, 0))
	return tested, count(validation, max(n-1-tested, 0))
}

// keepOne gives a class its last unit back where none of its images would be left
// to train on: only units with images of several classes leave a class so.
func (l *layout) keepOne(units []*heldUnit) {
	left, last := map[int]bool{}, map[int]*heldUnit{}
	for _, u := range units {
		for _, i := range u.images {
			class := l.images[Train][i].class
			left[class] = left[class] || u.split == Train
			if before := last[class]; before == nil || bytes.Compare(before.hash[:], u.hash[:]) < 0 {
				last[class] = u
			}
		}
	}
	for class, u := range last {
		if !left[class] {
			u.split = Train
		}
	}
}
