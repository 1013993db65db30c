package data

import (
	"path"
	"strings"
)

// markLabels finds the label files of a WebDataset, a .tar in which the files of
// an image share its name up to the first dot: 000001.jpg, 000001.cls. A .json
// or .txt is one only where there are no folders to be classes, since it may
// be an annotation that came with the image.
func markLabels(entries []entry) {
	stem := func(name string) string {
		folder, base := path.Split(name)
		before, _, _ := strings.Cut(base, ".")
		return folder + before
	}
	images, folders := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		if e.image {
			images[stem(e.path)] = true
			folders[path.Dir(e.path)] = true
		}
	}
	for i, e := range entries {
		switch ext := strings.ToLower(path.Ext(e.path)); {
		case e.image || !images[stem(e.path)]:
		case ext == ".cls", (ext == ".json" || ext == ".txt") && len(folders) == 1:
			entries[i].ignored = labelFile
		}
	}
}
