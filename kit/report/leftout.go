package report

import (
	"encoding/json"

	"sslkit/data"
)

// leftOut is what the images' source leaves out of the training images, and of the judged ones. What
// cannot be opened is the model card's error.
func (p *reporter) leftOut() []data.LeftOut {
	var all []data.LeftOut
	for _, split := range []data.Split{data.Train, p.with.Split} {
		set, err := p.open(split)
		if err != nil {
			continue
		}
		left := data.LeftOutOf(set)
		set.Close()
		if len(all) > 0 { // Of the whole tree, and said before.
			left.NotFollowed, left.Ignored = data.Listed{}, data.Listed{}
		}
		if left.String() != "" && (len(all) == 0 || all[0].Of != left.Of) {
			all = append(all, left)
		}
	}
	return all
}

// leftOutSection is the part of what is not among the images. It warns where that may be images.
func leftOutSection(all []data.LeftOut) (s Section, err error) {
	s.Title = "Images left out"
	for _, left := range all {
		if left.Serious() {
			s.Warnings = append(s.Warnings, left.String())
		} else {
			s.Text = append(s.Text, left.String())
		}
	}
	s.Values, err = json.Marshal(all)
	return s, err
}
