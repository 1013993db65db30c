package report

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
	"sslkit/plots"
)

// How many training images are shown in how many views, how many test images with how many
// neighbours, and how many errors of the probe.
const (
	shownImages     = 4
	shownViews      = 6
	shownQueries    = 5
	shownNeighbours = 6
	shownErrors     = 8
)

// views shows what the method is shown.
func (p *reporter) views() (Figure, error) {
	plot, err := p.run.Recipe.Views(shownImages, shownViews)
	if err != nil {
		return Figure{}, err
	}
	return Draw(plot, "Training images and, beside each, views of it as the method gets them: what differs between the views of an "+
		"image is what the encoder learns to leave out.")
}

// nearest shows test images with the training images nearest to them.
func (p *reporter) nearest() (Figure, error) {
	plot, err := p.run.Retrieval(shownQueries, shownNeighbours)
	if errors.Is(err, plots.ErrEqual) {
		return Figure{}, absent("the features of all training images are equal but for rounding, so that none is nearer than another: " +
			"there is nothing to draw")
	}
	if err != nil {
		return Figure{}, err
	}
	return Draw(plot, "The first picture of a row is the query. A solid frame with a tick marks an image of its class, a "+
		"dashed frame with a cross marks one of another class. Without labels, frames are plain.")
}

// nearestImages is the part of nearest images.
func (p *reporter) nearestImages() (Section, error) {
	if !p.run.Finished() {
		return Section{}, absent("the training has not finished, so there is no trained encoder to judge")
	}
	test, err := p.open(data.Test)
	if err != nil {
		return Section{}, err
	}
	test.Close()
	figure, err := p.nearest()
	if err != nil {
		return Section{}, err
	}
	return Section{
		Title: "Nearest images",
		Text: []string{"Test images and the training images that are nearest to them by the cosine of their features. What these have in " +
			"common is what the encoder goes by."},
		Figures: []Figure{figure},
	}, nil
}

// errors shows the images that the linear probe gets wrong and is the most sure of: nothing where
// it makes no error.
func (p *reporter) errors(result eval.Result, judged eval.Features) ([]Figure, error) {
	var wrong []int
	for i, class := range result.Predictions {
		if class != judged.Labels[i] {
			wrong = append(wrong, i)
		}
	}
	if len(wrong) == 0 || result.Confidence == nil {
		return nil, nil
	}
	slices.SortStableFunc(wrong, func(a, b int) int { return cmp.Compare(result.Confidence[b], result.Confidence[a]) })
	wrong = wrong[:min(len(wrong), shownErrors)]
	set, err := p.open(p.with.Split)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	var images []image.Image
	var names []string
	for _, i := range wrong {
		at := i
		if judged.Indices != nil {
			at = judged.Indices[i]
		}
		picture, err := kit.Picture(set, at)
		if err != nil {
			return nil, err
		}
		images = append(images, picture)
		names = append(names, fmt.Sprintf("%s (%.0f%%), is %s", judged.Classes[result.Predictions[i]], 100*result.Confidence[i],
			judged.Classes[judged.Labels[i]]))
	}
	plot, err := plots.ImageGrid("Errors that the linear probe is the most sure of", [][]image.Image{images}, nil, names)
	if err != nil {
		return nil, err
	}
	figure, err := Draw(plot, "Above each image are the class that it is taken for, how sure the probe is, and the image's own class. Look here "+
		"for wrong labels, too.")
	return []Figure{figure}, err
}
