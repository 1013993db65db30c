package kit

import (
	"fmt"
	"image"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/plots"
)

// Retrieval shows some test images, each with the k training images that are nearest to it for the
// trained encoder (cosine). The queries are spread evenly over the test split. Where the features of
// all training images are equal but for rounding, as those of a collapsed encoder are, there are no
// nearest ones: the error is plots.ErrEqual.
func (r *Run) Retrieval(queries, k int) (*plots.Figure, error) {
	fail := func(err error) (*plots.Figure, error) { return nil, fmt.Errorf("retrieval in %s: %w", r.Dir, err) }
	bank, err := r.Features(data.Train)
	if err != nil {
		return fail(err)
	}
	asked, err := r.Features(data.Test)
	if err != nil {
		return fail(err)
	}
	if err := plots.CheckSpread(bank.X, bank.N, bank.Dim); err != nil {
		return fail(fmt.Errorf("the features of %s: %w", bank.Name, err))
	}
	near, err := eval.Neighbors(bank, asked, min(k, bank.N))
	if err != nil {
		return fail(err)
	}
	train, err := r.Recipe.Data.Open(data.Train)
	if err != nil {
		return fail(err)
	}
	defer train.Close()
	test, err := r.Recipe.Data.Open(data.Test)
	if err != nil {
		return fail(err)
	}
	defer test.Close()

	var rows []plots.Query
	for _, i := range data.Spread(queries, test.Len()) {
		query, err := Picture(test, i)
		if err != nil {
			return fail(err)
		}
		row := plots.Query{Image: query, Class: className(test, i)}
		index, similarity := near.Row(i)
		for n, j := range index {
			neighbour, err := Picture(train, j)
			if err != nil {
				return fail(err)
			}
			row.Neighbours = append(row.Neighbours, plots.Neighbour{
				Image: neighbour, Class: className(train, j), Similarity: similarity[n],
				Same: test.Label(i) >= 0 && train.Label(j) == test.Label(i),
			})
		}
		rows = append(rows, row)
	}
	return plots.Retrieval("Test images and their nearest training images", rows...)
}

// Picture is image i of a set, to be shown. Its error is that of reading it.
func Picture(set data.Set, i int) (image.Image, error) {
	height, width := set.Size()
	pix := make([]uint8, height*width*3)
	if err := set.Read(i, pix); err != nil {
		return nil, err
	}
	return plots.Picture(pix, height, width)
}

// className is the class of an image, or "" where it has none.
func className(set data.Set, i int) string {
	if label := set.Label(i); label >= 0 {
		return set.Classes()[label]
	}
	return ""
}
