package curate

import (
	"fmt"
	"slices"
	"sync"
)

// Groups are the groups of duplicates of a set, each of at least two images.
// Where a is a duplicate of b and b of c, all three are of one group, even if a
// and c are further apart than the threshold: look at large groups.
//
// The images of a group are sorted, and the groups by their first image. The
// first is the one that is kept: where sets grow at their end, that choice does
// not change.
type Groups [][]int

// Drop lists the images that are not kept: all of every group but its first,
// sorted.
func (g Groups) Drop() []int {
	var drop []int
	for _, group := range g {
		drop = append(drop, group[1:]...)
	}
	slices.Sort(drop)
	return drop
}

// Keep lists the images of a set of n that are kept, sorted: those in no group,
// and the first of every group.
func (g Groups) Keep(n int) []int {
	dropped := make(map[int]bool)
	for _, i := range g.Drop() {
		dropped[i] = true
	}
	keep := make([]int, 0, n)
	for i := range n {
		if !dropped[i] {
			keep = append(keep, i)
		}
	}
	return keep
}

// Conflicts are the groups whose images do not all have the same label:
// at least one of these is wrong, or the classes overlap. labels holds one an
// image of the set; -1 (unlabelled) conflicts with nothing. Fewer labels than
// images are an error.
func (g Groups) Conflicts(labels []int) (Groups, error) {
	var conflicts Groups
	for _, group := range g {
		if last := group[len(group)-1]; last >= len(labels) {
			return nil, fmt.Errorf("curate.Groups.Conflicts: labels holds %d values, and image %d is in a group", len(labels), last)
		}
		seen := -1
		for _, i := range group {
			if label := labels[i]; label >= 0 {
				if seen >= 0 && label != seen {
					conflicts = append(conflicts, group)
					break
				}
				seen = label
			}
		}
	}
	return conflicts, nil
}

// forest is a union-find over 0..n-1, safe for concurrent use. Pairs are not
// kept: a set of n blank images has n² of them.
type forest struct {
	mu     sync.Mutex
	parent []int
}

func newForest(n int) *forest {
	f := &forest{parent: make([]int, n)}
	for i := range f.parent {
		f.parent[i] = i
	}
	return f
}

func (f *forest) root(i int) int {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

// joined tells whether two are of one group already.
func (f *forest) joined(i, j int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.root(i) == f.root(j)
}

// join makes the groups of two one. The lower root stays, so that a group's
// root is its first image, in whatever order pairs come.
func (f *forest) join(i, j int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, j = f.root(i), f.root(j)
	f.parent[max(i, j)] = min(i, j)
}

// groups are those of two and more.
func (f *forest) groups() Groups {
	members := make([][]int, len(f.parent))
	for i := range f.parent {
		root := f.root(i)
		members[root] = append(members[root], i)
	}
	var out Groups
	for _, group := range members {
		if len(group) > 1 {
			out = append(out, group)
		}
	}
	return out
}
