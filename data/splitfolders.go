package data

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// splitFolders are the usual names of split folders: in lower case, without what
// stands between words, and without "set" at the end.
var splitFolders = map[string]Split{
	"train": Train, "training": Train, "trn": Train,
	"val": Validation, "valid": Validation, "validation": Validation, "validate": Validation, "dev": Validation,
	"test": Test, "testing": Test, "tst": Test,
	"eval": Test, "evaluation": Test, // Or Validation: see splitOf.
}

// splitOf is the split that a folder's name means. What is called eval is to
// choose by where there is a test folder as well, and else to test on.
func splitOf(folder string, besideTest bool) (Split, bool) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(folder))
	plain = strings.TrimSuffix(plain, "set")
	split, ok := splitFolders[plain]
	if strings.HasPrefix(plain, "eval") && besideTest {
		split = Validation
	}
	return split, ok
}

// mostSplits is how many folders at the top of a tree may be splits with names
// that nobody knows, rather than classes.
const mostSplits = 5

// splitsOf are the folders below root that are splits; nil where there are none.
// It is an error where two are the same split, and where folders are to be
// classes but look like splits.
func splitsOf(images []string, root string, classes bool) (map[string]Split, error) {
	below := map[string]map[string]bool{} // The folders in each folder below root; "" for images.
	for _, path := range images {
		if top, rest, ok := strings.Cut(path[len(root):], "/"); ok {
			if below[top] == nil {
				below[top] = map[string]bool{}
			}
			folder, _, inside := strings.Cut(rest, "/")
			if !inside {
				folder = ""
			}
			below[top][folder] = true
		}
	}
	tops := slices.Sorted(maps.Keys(below))
	besideTest := slices.ContainsFunc(tops, func(top string) bool {
		split, ok := splitOf(top, true)
		return ok && split == Test
	})
	splits, folderOf := map[string]Split{}, map[Split]string{}
	twice := ""
	for _, top := range tops {
		if s, ok := splitOf(top, besideTest); ok {
			if other, taken := folderOf[s]; taken {
				twice = fmt.Sprintf("the folders %s and %s are both of the %s split; one of them must go elsewhere", other, top, s)
			}
			splits[top], folderOf[s] = s, top
		}
	}
	// "train" may also be a class (a railway train): it takes two split
	// folders, or nothing but one, to be sure.
	switch {
	case len(folderOf) < 2 && len(tops) != len(splits) || len(splits) == 0:
		if classes && len(tops) >= 2 && len(tops) <= mostSplits {
			return nil, lookLikeSplits(tops, below)
		}
		return nil, nil
	case twice != "":
		return nil, fmt.Errorf("%s", twice)
	}
	return splits, nil
}

// lookLikeSplits is an error where folders that are to be classes look like
// splits: they share the names of their folders, or have parts of names as
// splits have.
func lookLikeSplits(tops []string, below map[string]map[string]bool) error {
	like := func(folders []string, why string) error {
		return fmt.Errorf("the folders %s look like splits, since %s; name splits train, val and test, or open one of them alone; "+
			"where they are classes, put them into one folder named train", strings.Join(folders, ", "), why)
	}
	var named []string
	found := map[Split]bool{}
	for i, top := range tops {
		for _, word := range strings.FieldsFunc(top, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if split, ok := splitOf(word, true); ok {
				named = append(named, top)
				found[split] = true
				break
			}
		}
		if _, known := splitOf(top, true); known && len(below[top]) >= 2 && !below[top][""] {
			return like([]string{top}, "it has such a name and holds folders")
		}
		for _, other := range tops[:i] {
			var shared []string
			for _, folder := range slices.Sorted(maps.Keys(below[top])) {
				if below[other][folder] {
					shared = append(shared, folder)
				}
			}
			if len(shared) >= 2 && shared[0] != "" {
				return like([]string{other, top}, "both hold folders named "+strings.Join(shared[:2], " and "))
			}
		}
	}
	if len(found) >= 2 {
		return like(named, "they have such names")
	}
	return nil
}

// commonRoot is the folder, with its slash, around a whole tree of splits or
// classes: the folders that all images share, as long as at least one more
// level of folders follows and it is not itself a split.
func commonRoot(images []string) string {
	root := ""
	for {
		top, _, ok := strings.Cut(images[0][len(root):], "/")
		if _, split := splitOf(top, false); !ok || split {
			return root
		}
		next := root + top + "/"
		for _, path := range images {
			if !strings.HasPrefix(path, next) || !strings.Contains(path[len(next):], "/") {
				return root
			}
		}
		root = next
	}
}
