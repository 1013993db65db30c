package kit

import (
	"fmt"
	"image"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/setting"
	"sslkit/plots"
)

// Explore is an interactive map of what the trained encoder makes of a split: t-SNE, UMAP and PCA of
// the features, and t-SNE of those before training to compare with; for every image its picture, label,
// group and path where there are any, and its nearest neighbours (cosine) among those shown. For
// validation and test images there are also k-NN's predictions from the training images, and whether
// they are right.
//
//	must.M(plots.Show(must.M1(run.Explore(data.Test, 2000))))
//
// At most `images` of the split are shown, 10 or more, spread evenly over it; t-SNE and UMAP are quick
// up to some thousands. Picks are indices of the split's images; see [plots.Explorer] for how
// they come back. Errors: those of Features, and plots.ErrEqual where all features are equal, as a
// collapsed encoder's are.
func (r *Run) Explore(split data.Split, images int) (*plots.Page, error) {
	fail := func(err error) (*plots.Page, error) { return nil, fmt.Errorf("exploring %s: %w", r.Dir, err) }
	if err := setting.AtLeast(10, "kit.Run.Explore: images", images); err != nil {
		return nil, err
	}
	after, err := r.Features(split)
	if err != nil {
		return fail(err)
	}
	before, err := r.InitialFeatures(split)
	if err != nil {
		return fail(err)
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()

	indices := data.Spread(images, set.Len())
	shown, initial := after.Spread(images), before.Spread(images)
	e := plots.Explorer{
		Title:   fmt.Sprintf("%s, %s on %s", r.Recipe.Method.Name(), r.Recipe.Encoder.Name(), set.Name()),
		Indices: indices,
		Images:  func(i int) (image.Image, error) { return Picture(set, indices[i]) },
	}
	if e.Layouts, err = layouts(shown, initial); err != nil {
		return fail(err)
	}
	if e.Columns, err = r.columns(split, shown); err != nil {
		return fail(err)
	}
	if files, ok := set.(data.Files); ok {
		for _, i := range indices {
			e.Names = append(e.Names, files.Path(i))
		}
	}
	page, err := e.Page()
	if err != nil {
		return fail(err)
	}
	return page, nil
}

// layouts are those of Explore, of features after training and before.
func layouts(after, before eval.Features) ([]plots.Layout, error) {
	near, err := nearestOthers(after)
	if err != nil {
		return nil, err
	}
	nearBefore, err := nearestOthers(before)
	if err != nil {
		return nil, err
	}
	tsne := plots.TSNE{Perplexity: min(30, float64(after.N-1)/4), Seed: 1}
	embedded, err := tsne.Embed(after.X, after.N, after.Dim)
	if err != nil {
		return nil, err
	}
	embeddedBefore, err := tsne.Embed(before.X, before.N, before.Dim)
	if err != nil {
		return nil, fmt.Errorf("before training: %w", err)
	}
	manifold, err := plots.UMAP{Neighbors: min(15, after.N), Seed: 1}.Embed(after.X, after.N, after.Dim)
	if err != nil {
		return nil, err
	}
	axes := min(2, after.Dim)
	projected, explained, err := plots.PCA(after.X, after.N, after.Dim, axes)
	if err != nil {
		return nil, err
	}
	var share float64
	points := make([][2]float64, after.N)
	for axis := range axes {
		share += explained[axis]
		for i := range points {
			points[i][axis] = projected[i*axes+axis]
		}
	}
	return []plots.Layout{
		{Name: "t-SNE", Points: embedded, Neighbours: near},
		{Name: "t-SNE before training", Points: embeddedBefore, Neighbours: nearBefore},
		{Name: "UMAP", Points: manifold, Neighbours: near},
		{Name: fmt.Sprintf("PCA (%.0f %% of the variance)", 100*share), Points: points, Neighbours: near},
	}, nil
}

// nearestOthers are the 8 nearest of each image, or all where they are fewer, itself left out.
func nearestOthers(f eval.Features) ([][]int, error) {
	k := min(8, f.N-1)
	found, err := eval.Neighbors(f, f, k+1)
	if err != nil {
		return nil, err
	}
	near := make([][]int, f.N)
	for i := range near {
		index, _ := found.Row(i)
		for _, j := range index {
			if j != i && len(near[i]) < k { // Itself is not among them where more than k are equal to it.
				near[i] = append(near[i], j)
			}
		}
	}
	return near, nil
}

// columns are what is known of the images shown.
func (r *Run) columns(split data.Split, shown eval.Features) ([]plots.Column, error) {
	var columns []plots.Column
	if shown.Labels != nil {
		columns = append(columns, plots.Column{Name: "label", Of: shown.Labels, Names: shown.Classes})
	}
	if shown.Groups != nil {
		columns = append(columns, plots.Column{Name: "group", Of: shown.Groups, Names: shown.GroupNames})
	}
	if split == data.Train || shown.Labels == nil { // A training image would find itself.
		return columns, nil
	}
	bank, err := r.Features(data.Train)
	if err != nil {
		return nil, err
	}
	if bank.Labels == nil {
		return columns, nil
	}
	if bank, err = bank.Labelled(); err != nil {
		return nil, err
	}
	predicted, err := eval.KNN{}.Predict(bank, shown)
	if err != nil {
		return nil, err
	}
	verdicts := make([]int, shown.N)
	for i, class := range predicted {
		switch shown.Labels[i] {
		case -1:
			verdicts[i] = -1
		case class:
			verdicts[i] = 0
		default:
			verdicts[i] = 1
		}
	}
	return append(columns,
		plots.Column{Name: "k-NN's prediction", Of: predicted, Names: bank.Classes},
		plots.Column{Name: "k-NN is", Of: verdicts, Names: []string{"right", "wrong"}}), nil
}
