package report

import (
	"fmt"

	"sslkit/kit/curate"
)

// Curation is what was found wrong with the images. The sets are named, for the words.
type Curation struct {
	Train  string        `json:"train"`        // Train names the images that were trained on.
	Judged string        `json:"judged"`       // Judged names those that are evaluated; empty where there are none.
	Same   curate.Groups `json:"same"`         // Same are groups in Train that are equal bit for bit.
	Alike  curate.Groups `json:"alike"`        // Alike are groups in Train that look the same.
	Images int           `json:"images"`       // Images in Train.
	Leaks  curate.Leaks  `json:"leaks"`        // Leaks are images of Judged that look the same as one of Train.
	Of     int           `json:"judged_count"` // Of is the number of images in Judged.
	How    string        `json:"how"`          // How they were found, in words.
	// Conflicts are those of Alike whose images have different labels.
	Conflicts curate.Groups `json:"conflicts"`
}

// Section is the part of duplicates and leaks. pictures, if any, show some of them.
func (c Curation) Section(pictures ...Figure) (Section, error) {
	values, err := raw(c)
	drop := func(g curate.Groups) int { return len(g.Drop()) }
	s := Section{
		Title: "Duplicates and leaks",
		Text: []string{"Training images that are there more than once, and evaluated images that are among the training images. " +
			"Compared " + c.How + ". Nothing was removed: look at what was found before you remove it."},
		Tables: []Table{{
			Columns: []string{"", "groups", "images to drop", "of"},
			Rows: [][]Cell{
				{Words("equal, in " + c.Train), Counted(len(c.Same)), Counted(drop(c.Same)), Counted(c.Images)},
				{Words("look the same, in " + c.Train), Counted(len(c.Alike)), Counted(drop(c.Alike)),
					Counted(c.Images)},
				{Words("of these groups, with different labels"), Counted(len(c.Conflicts)), Words(""), Words("")},
			},
		}},
		Figures: pictures, Values: values,
	}
	if c.Judged == "" {
		return s, err
	}
	leaked := len(c.Leaks.Test())
	s.Tables[0].Rows = append(s.Tables[0].Rows, []Cell{Words("in " + c.Judged + ", look the same as one of " + c.Train), Words(""),
		Counted(leaked), Counted(c.Of)})
	if leaked > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s the same as images of %s, which were trained on. Figures on them are too "+
			"good: look at them, and leave them out", plural(leaked, "image of "+c.Judged+" looks", "images of "+c.Judged+" look"), c.Train))
	}
	return s, err
}
