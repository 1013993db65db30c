package ssl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
)

// Batch describes the batches that a training hands a method.
type Batch struct {
	Images        int // In a batch, at least 1.
	Height, Width int // Of an image of the data, in pixels.
	// Views are made of each image, in the order of Method.Views: by the recipe's pipelines, or
	// else by the method's own.
	Views []augment.Pipeline
	// Data is the number of images in the whole data; 0 where it is not known.
	Data int
}

// ViewsOf are the augmentations that a training with a method makes its views with: those of a
// recipe in place of the method's own, if there are any. One pipeline is for all views; else there
// must be one for each, of a Sum those of the first term, then those of the second, and so on. The
// images are of height × width pixels.
func ViewsOf(m Method, augment []augment.Pipeline, height, width int) ([]augment.Pipeline, error) {
	own := m.Views(height, width)
	switch len(augment) {
	case 0:
		return own, nil
	case len(own):
		return augment, nil
	case 1:
		return slices.Repeat(augment, len(own)), nil
	}
	return nil, fmt.Errorf("%d pipelines are given; method %s has %d views, so there must be %[3]d, or 1 for all of them. Its own are\n%s",
		len(augment), m.Name(), len(own), listed(own, height, width))
}

// listed are pipelines, one a line, as number, size and transforms.
func listed(views []augment.Pipeline, height, width int) string {
	var lines []string
	for v, view := range views {
		h, w := view.OutputSize(height, width)
		var names []string
		for _, transform := range view {
			names = append(names, fmt.Sprintf("%T", transform))
		}
		lines = append(lines, fmt.Sprintf("  %d: %d×%d pixels by %s", v, h, w, strings.Join(names, ", ")))
	}
	return strings.Join(lines, "\n")
}

// BatchOf is a batch of images of height × width pixels in the views that a method makes of them by
// itself.
func BatchOf(m Method, images, height, width int) Batch {
	return Batch{Images: images, Height: height, Width: width, Views: m.Views(height, width)}
}

// ViewSize is the height and width in pixels of view v.
func (b Batch) ViewSize(v int) (height, width int) { return b.Views[v].OutputSize(b.Height, b.Width) }

// Check returns an error where a method can't be trained on such batches: by what it says itself,
// and where it needs labels or not every encoder will do, by what it says of the encoder and of the
// classes of the training images (nil without labels). Every term of a Sum is asked, on its own
// views.
func Check(m Method, batch Batch, e encoder.Encoder, classes []string) error {
	if err := m.Check(batch); err != nil {
		return err
	}
	return cmp.Or(checkNeeds(m, batch, e, classes), checkPool(m, e))
}

// checkPool returns an error where no term of m trains the class token that represents an image.
func checkPool(m Method, e encoder.Encoder) error {
	if pools, ok := e.(encoder.ClassTokened); !ok || !pools.PoolsClassToken() {
		return nil
	}
	for term := range Each[Method](m) {
		if _, ok := term.(LearnsOnPatches); !ok {
			return nil
		}
	}
	return fmt.Errorf("ssl: the loss of %s is on patches, and that of no other term on the class token of encoder %s, "+
		"which is its representation: nothing would train it; Pool must be encoder.MeanPatches", m.Name(), e.Name())
}

// checkNeeds checks labels and encoder.
func checkNeeds(m Method, batch Batch, e encoder.Encoder, classes []string) error {
	m = asValue(m)
	if sum, ok := m.(Sum); ok {
		return sum.eachTerm(batch, func(m Method, batch Batch) error { return checkNeeds(m, batch, e, classes) })
	}
	if needs, ok := m.(NeedsLabels); ok {
		if err := needs.CheckLabels(classes); err != nil {
			return err
		}
	}
	if needs, ok := m.(NeedsEncoder); ok {
		return needs.CheckEncoder(e, batch)
	}
	return nil
}

// twoImages returns an error unless there are two images at least, and says what for.
func twoImages(method string, batch Batch, reason string) error {
	if batch.Images >= 2 {
		return nil
	}
	return fmt.Errorf("%s: the batch holds %d image; it must hold at least 2, %s", method, batch.Images, reason)
}

// OneSize returns an error unless the views from number `from` up to, but not including, number
// `to` have one size. Views that are encoded in one pass must have it. Where there are fewer views,
// it checks those that there are.
func (b Batch) OneSize(method string, from, to int) error {
	for v := from + 1; v < min(to, len(b.Views)); v++ {
		firstHeight, firstWidth := b.ViewSize(from)
		if height, width := b.ViewSize(v); height != firstHeight || width != firstWidth {
			return fmt.Errorf("%s: views %d and %d are of %d×%d and %d×%d pixels; they must have one size",
				method, from, v, firstHeight, firstWidth, height, width)
		}
	}
	return nil
}
