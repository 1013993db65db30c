package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/curate"
	"sslkit/plots"
)

// familiaritySection tells whether the encoder knows its training images better than others.
func familiaritySection(f kit.Familiarity) (Section, error) {
	values, err := json.Marshal(f)
	s := Section{
		Title: "Familiarity",
		Text: []string{"Does the encoder know the images that it was trained on better than others? The measure is how far " +
			"apart two views of an image are in the embedding: their squared distance on the unit sphere, from 0 (the same point) " +
			"to 4 (opposite points)."},
		Tables: []Table{{
			Columns: []string{"", "distance of two views", "images"},
			Rows: [][]Cell{
				{Words("training images"), Interval(f.Train, Plain), Counted(f.Train.N)},
				{Words("held-out images"), Interval(f.HeldOut, Plain), Counted(f.HeldOut.N)},
				{Words("held-out minus training"), Interval(f.Gap, Plain), Words("")},
			},
			Note: fmt.Sprintf("Training saw each image %.3g times. Intervals are over images; that of the difference is Welch's normal "+
				"approximation.",
				f.Seen),
		}},
		Values: values,
	}
	if f.Warning != "" {
		s.Warnings = []string{f.Warning}
	}
	return s, err
}

// shownPairs is how many duplicates, and how many leaks, the report shows.
const shownPairs = 6

// curation is the part of duplicates and leaks.
func (p *reporter) curation() (Section, error) {
	search := p.with.Curation.WithDefaults()
	train, err := p.open(data.Train)
	if err != nil {
		return Section{}, err
	}
	defer train.Close()
	found := Curation{Train: train.Name(), Images: train.Len(),
		How: fmt.Sprintf("bit for bit, and by their looks: perceptual hashes that differ in at most %d bits, and thumbnails "+
			"that correlate by at least %g", search.Distance, search.Similarity)}
	if found.Same, err = (curate.Exact{}).Groups(train); err != nil {
		return Section{}, err
	}
	if found.Alike, err = search.Groups(train); err != nil {
		return Section{}, err
	}
	if found.Conflicts, err = found.Alike.Conflicts(data.Labels(train)); err != nil {
		return Section{}, err
	}
	var pairs []pair
	for _, group := range found.Alike[:min(len(found.Alike), shownPairs)] {
		pairs = append(pairs, pair{"training", [2]data.Set{train, train}, [2]int{group[0], group[1]}})
	}
	judged, err := p.open(p.with.Split)
	switch {
	case errors.As(err, new(absence)):
	case err != nil:
		return Section{}, err
	default:
		defer judged.Close()
		found.Judged, found.Of = judged.Name(), judged.Len()
		if found.Leaks, err = search.Leaks(train, judged); err != nil {
			return Section{}, err
		}
		for _, leak := range found.Leaks[:min(len(found.Leaks), shownPairs)] {
			pairs = append(pairs, pair{"leak", [2]data.Set{train, judged}, [2]int{leak.Train, leak.Test}})
		}
	}
	if len(pairs) == 0 {
		return found.Section()
	}
	figure, err := picturePairs(pairs)
	if err != nil {
		return Section{}, err
	}
	return found.Section(figure)
}

// pair are two images that look the same.
type pair struct {
	what string
	sets [2]data.Set
	at   [2]int
}

// picturePairs shows pairs of images, one above the other.
func picturePairs(pairs []pair) (Figure, error) {
	rows, columns := make([][]image.Image, 2), make([]string, len(pairs))
	for c, p := range pairs {
		columns[c] = p.what
		for k, set := range p.sets {
			img, err := kit.Picture(set, p.at[k])
			if err != nil {
				return Figure{}, err
			}
			rows[k] = append(rows[k], img)
		}
	}
	plot, err := plots.ImageGrid("Images that look the same", rows, nil, columns)
	if err != nil {
		return Figure{}, err
	}
	return Draw(plot, "The two images of a pair stand one above the other. A pair is two training images or, for a leak, a "+
		"training image above an evaluated one.")
}
