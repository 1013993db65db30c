package data

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// LeftOut says what of a folder or an archive is not among the images of a split,
// and why. Sets that are not read from a folder leave nothing out.
type LeftOut struct {
	Of          string // the folder and the split, such as "pets/train"
	Skipped     Listed // images of the split that cannot be decoded, or lie in no class folder
	Missing     Listed // of a [FrameFolder]: gaps in the numbers of frames, videos too short for a clip
	Objects     Listed // of a file of annotations: those that mean nothing, such as a box without area
	NotFollowed Listed // links of the whole tree, and what is neither a file nor a folder
	Ignored     Listed // files of the whole tree that are no images, or lie outside of split folders
}

// Listed counts what is left out, by reason.
type Listed struct {
	Reasons map[string]int // how many there are for each reason
	First   []Skipped      // of each reason the first 20, in the order in which they were found
}

// Skipped is a file or folder that was left out.
type Skipped struct {
	Path   string // inside the folder or archive
	Reason string // why, such as "the image is cut short: unexpected EOF"
}

// Why files are ignored.
const (
	noImage       = "no image"
	outsideSplits = "outside of the split folders"
	twiceInIt     = "in the archive twice, of which the first counts"
	labelFile     = "the label file of a WebDataset"
)

// listedPaths is how many paths are kept for each reason.
const listedPaths = 20

func (l *Listed) add(path, reason string) {
	if l.Reasons == nil {
		l.Reasons = map[string]int{}
	}
	l.Reasons[reason]++
	if l.Reasons[reason] <= listedPaths {
		l.First = append(l.First, Skipped{path, reason})
	}
}

// Count is how many there are, for all reasons.
func (l Listed) Count() int {
	n := 0
	for _, count := range l.Reasons {
		n += count
	}
	return n
}

// LeftOutOf is what the folder that a set reads leaves out. The set may also be
// a part of a folder's set or made from it: those of this package are, and those
// with a method Unwrap() Set that returns what they are made from. Of others it
// is empty.
func LeftOutOf(set Set) LeftOut {
	for {
		switch s := set.(type) {
		case interface{ LeftOut() LeftOut }:
			return s.LeftOut()
		case interface{ Unwrap() Set }:
			set = s.Unwrap()
		default:
			return LeftOut{}
		}
	}
}

// Serious tells whether images or labels may be among what is left out: more
// than files beside the images, such as a README.
func (l LeftOut) Serious() bool {
	return l.Skipped.Count()+l.Missing.Count()+l.Objects.Count()+l.NotFollowed.Count() > 0 || l.Ignored.Count() > l.Ignored.Reasons[noImage]
}

// String is one line with the counts, the reasons and the first few paths; empty
// where nothing is left out.
func (l LeftOut) String() string {
	var parts []string
	for _, part := range []struct {
		listed    Listed
		one, more string
	}{
		{l.Skipped, "image skipped", "images skipped"},
		{l.Missing, "gap or short video", "gaps or short videos"},
		{l.Objects, "annotation left out", "annotations left out"},
		{l.NotFollowed, "entry not followed", "entries not followed"},
		{l.Ignored, "file ignored", "files ignored"},
	} {
		switch n := part.listed.Count(); n {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("1 %s (%s)", part.one, part.listed))
		default:
			parts = append(parts, fmt.Sprintf("%d %s (%s)", n, part.more, part.listed))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	line := fmt.Sprintf("left out of %s: %s", l.Of, strings.Join(parts, "; "))
	if l.Ignored.Reasons[labelFile] > 0 {
		line += ". It looks like a WebDataset, whose labels an ImageFolder does not read: open it as a data.WebDataset"
	}
	return line
}

// String is the most frequent reasons, and the first few paths.
func (l Listed) String() string {
	const most = 3
	reasons := slices.SortedFunc(maps.Keys(l.Reasons), func(a, b string) int {
		return cmp.Or(l.Reasons[b]-l.Reasons[a], strings.Compare(a, b))
	})
	var parts []string
	others := 0
	for i, reason := range reasons {
		switch {
		case len(reasons) == 1:
			parts = append(parts, reason)
		case i < most:
			parts = append(parts, fmt.Sprintf("%d: %s", l.Reasons[reason], reason))
		default:
			others += l.Reasons[reason]
		}
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%d for other reasons", others))
	}
	var paths []string
	for _, f := range l.First[:min(most, len(l.First))] {
		paths = append(paths, strings.Trim(strconv.Quote(f.Path), `"`)) // On one line, whatever is in it.
	}
	such := ""
	if len(paths) < l.Count() {
		such = "such as "
	}
	return strings.Join(parts, ", ") + "; " + such + strings.Join(paths, ", ")
}
